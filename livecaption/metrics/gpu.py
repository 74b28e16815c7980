"""GPUs as NVIDIA's management library (NVML) sees them: memory, load, temperature.

The library comes with the driver, its Python face with the extra ``nvml``. Without either there are
simply no GPU metrics. A driver in trouble can hang inside a call, so reading happens in a thread of
its own, and whoever asks gets the reading before when the new one does not come in time.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol, cast

from prometheus_client.core import Metric

from livecaption.metrics.families import gauge

__all__ = ["GpuMonitor", "GpuReading", "Nvml", "load_nvml"]

logger = logging.getLogger(__name__)

_TEMPERATURE_GPU = 0
"""``NVML_TEMPERATURE_GPU``: the sensor on the die."""
_WAIT_S = 1.0


class Nvml(Protocol):
    """The functions of ``pynvml`` used here; each raises ``pynvml.NVMLError`` (an Exception)."""

    def nvmlInit(self) -> None: ...  # noqa: D102
    def nvmlShutdown(self) -> None: ...  # noqa: D102
    def nvmlDeviceGetCount(self) -> int: ...  # noqa: D102
    def nvmlDeviceGetHandleByIndex(self, index: int) -> Any: ...  # noqa: D102
    def nvmlDeviceGetMemoryInfo(self, handle: Any) -> Any: ...  # noqa: D102
    def nvmlDeviceGetUtilizationRates(self, handle: Any) -> Any: ...  # noqa: D102
    def nvmlDeviceGetTemperature(self, handle: Any, sensor: int) -> int: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class GpuReading:
    """One GPU at one moment."""

    index: int
    """NVML's number, which ``CUDA_VISIBLE_DEVICES`` does not change."""
    used_bytes: int
    total_bytes: int
    busy: float
    """Share of the last moment in which it computed, 0 to 1."""
    celsius: float


def load_nvml() -> Nvml | None:
    """Return NVIDIA's library, started; None when it is not installed or finds no driver."""
    try:
        library = cast("Nvml", importlib.import_module("pynvml"))
    except ImportError:
        return None
    try:
        library.nvmlInit()
    except Exception as exc:  # noqa: BLE001 - the library has an exception for each error code
        logger.debug("no GPU metrics: %s", exc)
        return None
    return library


class GpuMonitor:
    """Reads all GPUs; close it with ``close``.

    Args:
        library: None for a machine without GPUs.
        wait_s: how long a reading may take.
    """

    def __init__(self, library: Nvml | None, *, wait_s: float = _WAIT_S) -> None:
        self._library = library
        self._wait_s = wait_s
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="livecaption-nvml")
        self._reading: asyncio.Future[list[GpuReading]] | None = None
        self.latest: tuple[GpuReading, ...] = ()

    async def refresh(self) -> None:
        """Read the GPUs into ``latest``; what fails or hangs leaves it as it is."""
        if self._library is None:
            return
        loop = asyncio.get_running_loop()
        if self._reading is None:
            self._reading = loop.run_in_executor(self._thread, self._read, self._library)
        await asyncio.wait({self._reading}, timeout=self._wait_s)
        if not self._reading.done():
            return
        done, self._reading = self._reading, None
        error = done.exception()
        if error is not None:
            # A GPU that fell off the bus must not show its last figures for ever.
            self.latest = ()
            logger.debug("the GPUs cannot be read: %s", error)
        else:
            self.latest = tuple(done.result())

    def families(self) -> Iterable[Metric]:
        """Return the latest readings; nothing without GPUs."""
        gpus = {str(reading.index): reading for reading in self.latest}
        if not gpus:
            return
        used = {gpu: float(reading.used_bytes) for gpu, reading in gpus.items()}
        total = {gpu: float(reading.total_bytes) for gpu, reading in gpus.items()}
        busy = {gpu: reading.busy for gpu, reading in gpus.items()}
        celsius = {gpu: reading.celsius for gpu, reading in gpus.items()}
        yield gauge("gpu_memory_used_bytes", "GPU memory in use, by any program.", used, "gpu")
        yield gauge("gpu_memory_total_bytes", "GPU memory there is.", total, "gpu")
        yield gauge("gpu_utilization_ratio", "Share of time the GPU computed.", busy, "gpu")
        yield gauge("gpu_temperature_celsius", "Temperature of the GPU.", celsius, "gpu")

    def close(self) -> None:
        """Let go of the library; a reading that hangs is not waited for."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        if self._library is not None and self._reading is None:
            self._library.nvmlShutdown()

    def _read(self, library: Nvml) -> list[GpuReading]:
        return [_reading(library, index) for index in range(library.nvmlDeviceGetCount())]


def _reading(library: Nvml, index: int) -> GpuReading:
    handle = library.nvmlDeviceGetHandleByIndex(index)
    memory = library.nvmlDeviceGetMemoryInfo(handle)
    return GpuReading(
        index=index,
        used_bytes=int(memory.used),
        total_bytes=int(memory.total),
        busy=library.nvmlDeviceGetUtilizationRates(handle).gpu / 100,
        celsius=float(library.nvmlDeviceGetTemperature(handle, _TEMPERATURE_GPU)),
    )
