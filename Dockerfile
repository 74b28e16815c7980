# syntax=docker/dockerfile:1
# livecaption for machines with an NVIDIA GPU (the default) or without:
#
#   docker build -t livecaption:cuda12 .
#   docker build -t livecaption:cpu --build-arg VARIANT=cpu .
#   docker build -t livecaption:small --build-arg VARIANT=cpu --build-arg MODEL=small .
#
# The driver comes from the host (NVIDIA Container Toolkit), the CUDA runtime with CTranslate2, cuBLAS from
# its wheel: a base image with CUDA would be gigabytes of what is not used. For the same bytes every time,
# give BASE with a digest: docker buildx imagetools inspect python:3.12-slim-bookworm

ARG BASE=python:3.12-slim-bookworm

FROM ${BASE} AS build
# cuda12 or cpu
ARG VARIANT=cuda12
# A model to put into the image; empty to load it into the volume /models at the first start.
ARG MODEL=""
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python -m venv /opt/livecaption
COPY pyproject.toml README.md LICENSE constraints.txt ./
COPY livecaption livecaption
COPY static static
RUN case "$VARIANT" in \
      cuda12) extras='[cuda12,nvml,redis]' ;; \
      cpu) extras='[redis]' ;; \
      *) echo "VARIANT is cuda12 or cpu, not $VARIANT" >&2; exit 2 ;; \
    esac \
    && /opt/livecaption/bin/pip install --constraint constraints.txt ".$extras" \
    && /opt/livecaption/bin/pip check
# What is in the image, for whoever has to know (CycloneDX).
RUN python -m venv /opt/sbom \
    && /opt/sbom/bin/pip install 'cyclonedx-bom==7.5.0' \
    && /opt/sbom/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible \
         --of JSON -o /opt/livecaption/sbom.cdx.json /opt/livecaption/bin/python
RUN mkdir -p /models /data \
    && if [ -n "$MODEL" ]; then HF_HOME=/models /opt/livecaption/bin/livecaption models pull "$MODEL"; fi

FROM ${BASE}
ARG VARIANT=cuda12
LABEL org.opencontainers.image.title="livecaption" \
      org.opencontainers.image.description="Self-hosted live captions" \
      org.opencontainers.image.licenses="MIT" \
      livecaption.variant="${VARIANT}"
RUN groupadd --gid 10001 livecaption \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin livecaption
COPY --from=build /opt/livecaption /opt/livecaption
COPY --from=build --chown=10001:10001 /models /models
COPY --from=build --chown=10001:10001 /data /data
ENV PATH=/opt/livecaption/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HF_HOME=/models \
    LIVECAPTION_HOST=0.0.0.0 \
    LIVECAPTION_DATA_DIR=/data \
    LIVECAPTION_METRICS_PORT=9464 \
    LIVECAPTION_METRICS_HOST=0.0.0.0 \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
USER 10001:10001
WORKDIR /data
VOLUME ["/models", "/data"]
EXPOSE 8000 9464
STOPSIGNAL SIGTERM
# While the model loads nothing answers: the first start may download it, for 15 minutes.
HEALTHCHECK --interval=15s --timeout=5s --start-period=15m --retries=4 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9464/healthz', timeout=4)"]
ENTRYPOINT ["livecaption"]
CMD ["serve"]
