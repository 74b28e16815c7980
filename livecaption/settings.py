"""Settings, read once and frozen: command line, then environment, then TOML file, then defaults.

``LIVECAPTION_<NAME>`` in the environment sets any of them, and so does a file ``<name>`` in the
folder ``LIVECAPTION_SECRETS_DIR``: that is how systemd, Docker and Kubernetes hand secrets on.
Slices of this object are handed down; nothing below the server ever sees it.
"""

from __future__ import annotations

import ipaddress
import os
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import platformdirs
from pydantic import BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from livecaption.access.addresses import Network, parse_networks
from livecaption.access.rates import Limit, Limits, Rate, parse_rate
from livecaption.core.wordlist import NO_WORDS, WordTable, parse_words
from livecaption.errors import OperatorError
from livecaption.protocol.limits import DEFAULT_ROOM, MAX_ROOM_CHARS, RESUME_GRACE_S

__all__ = ["Settings", "is_loopback", "load_settings"]


def split_commas(value: object) -> object:
    """Take "a,b" for ("a", "b"): the form a list has in the environment."""
    return tuple(filter(None, value.split(","))) if isinstance(value, str) else value


def split_spaces(value: object) -> object:
    """Take "a b" for ("a", "b"): an address may hold commas, but never a space."""
    return tuple(value.split()) if isinstance(value, str) else value


def read_rate(value: object) -> object:
    """Take "30/minute" for a rate, and "off" for none."""
    return parse_rate(value) if isinstance(value, str) else value


Listed = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_commas)]


Rated = Annotated[Rate | None, NoDecode, BeforeValidator(read_rate)]


class Settings(BaseSettings):
    """Everything ``livecaption serve`` can be told."""

    model_config = SettingsConfigDict(env_prefix="LIVECAPTION_", frozen=True, extra="ignore")

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    model: str = "auto"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    device_index: Annotated[tuple[int, ...], NoDecode, BeforeValidator(split_commas)] = (0,)
    compute_type: str = "auto"
    cpu_threads: int = Field(default=0, ge=0)
    download_root: Path | None = None
    bucket_floor: Literal[500, 1000] | None = None
    """Least encoder length, in frames of 10 ms: 500 is cheaper; decodes that loop are repeated.
    None takes what suits the model: 500 where its maker says so, else 1000."""
    engine_hang_s: float | None = Field(default=None, ge=1.0)
    """Seconds without an answer after which the model's process is started again; None for ten
    times what a batch of its size took at the start, and 6 at least."""
    engine_in_process: bool = False
    """Keep the model in the server's own process, which then dies with it; saves memory."""
    policy: Literal["realtime", "window"] = "realtime"
    hop: float = Field(default=0.0, ge=0.0, le=10.0)
    """Seconds of new audio between decodes; 0 takes the policy's own."""
    max_hop: float = Field(default=2.0, ge=0.3, le=10.0)
    """Seconds the hop may grow to when the engine is busy."""
    max_streams: int = Field(default=64, ge=1)
    admission: bool = True
    """Refuse speakers whom the engine could not keep up with, by the measured cost of decoding."""
    max_watchers: int = Field(default=5000, ge=1)
    max_speed: float = Field(default=1.5, ge=1.0)
    """How much faster than speech audio may arrive over a longer time."""
    allow_anonymous: bool = False
    """Serve other addresses than loopback although no keys are configured."""
    api_key: SecretStr | None = None
    """A single key that may do everything; others are made with ``livecaption keys``."""
    pepper: SecretStr | None = None
    """The secret behind keys and tokens; None keeps it in a file in the data directory."""
    token_s: float = Field(default=60.0, ge=1.0, le=600.0)
    """How long a browser token may be used after it was made."""
    trusted_proxies: Listed = ()
    """Addresses and networks of proxies whose ``X-Forwarded-For`` is believed."""
    limits_storage: SecretStr = SecretStr("memory://")
    """Where limits are counted: ``memory://``, or a Redis server that several servers share."""
    limit_requests: Rated = Rate(30, 60)
    """Files to transcribe and jobs, for each key and each address."""
    limit_reads: Rated = Rate(1200, 60)
    """Other requests, for each address."""
    limit_connects: Rated = Rate(600, 60)
    """WebSockets and event streams opened, for each address."""
    limit_tokens: Rated = Rate(600, 60)
    """Browser tokens made, for each address."""
    limit_failures: Rated = Rate(30, 60)
    """Wrong keys, tokens and links, for each address."""
    limit_upload_mb: int | None = Field(default=10_000, ge=1)
    """Megabytes uploaded in a day, for each key."""
    limit_streams: int | None = Field(default=None, ge=1)
    """Speakers at once, for each key; None leaves it to ``max_streams``."""
    limit_jobs: int | None = Field(default=4, ge=1)
    """Jobs queued or running, for each key."""
    limit_sockets: int = Field(default=1024, ge=1)
    """WebSockets and event streams open at once, for each address."""
    limit_connections: int = Field(default=64, ge=1)
    """Other connections and requests at once, for each address."""
    max_connections: int | None = Field(default=None, ge=1)
    """Connections at once, of all addresses; None for as many as there are file descriptors."""
    allowed_origins: Listed = ()
    """Sites whose pages may connect; in the environment separated by commas."""
    allowed_hosts: Listed = ()
    """Host names to answer to; in the environment separated by commas."""
    words: Path | None = None
    """Text file of words to replace or to mask in all captions."""
    sinks: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(split_spaces)] = ()
    """Services that get a room's captions, as SERVICE:ROOM=URL; in the environment separated by
    spaces."""
    data_dir: Path | None = None
    """Where transcripts are kept; None for the place this system has for the data of programs."""
    store: bool = True
    """Keep transcripts on the disk; without it they are in memory, and gone with the server."""
    retain: float = Field(default=30.0, gt=0.0)
    """Days that the transcript of an ended session is kept."""
    max_store_mb: int = Field(default=1000, ge=1)
    """Size the transcripts may reach; beyond it the oldest are deleted."""
    job_workers: int = Field(default=1, ge=0)
    """Jobs this server works on at once; 0 leaves them to ``livecaption worker``."""
    job_workers_per_key: int = Field(default=1, ge=1)
    """Of these, for each key."""
    max_jobs: int = Field(default=100, ge=1)
    """Jobs that wait; the next one gets 429."""
    max_uploads_mb: int = Field(default=5000, ge=1)
    """Size of all files of jobs that have not ended; beyond it new ones get 507."""
    uploads_dir: Path | None = None
    """Where they lie; None for the folder ``uploads`` in the data directory. Servers and workers
    that share a queue share it, too."""
    retain_jobs: float = Field(default=7.0, gt=0.0)
    """Days that an ended job is kept, with its result."""
    redis_url: SecretStr | None = None
    """A Redis server that keeps the queue of jobs, for several servers and workers."""
    jobs_s3: str | None = None
    """Where results of jobs are written, too: ``s3://BUCKET/PREFIX``."""
    webhook_secret: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(split_spaces)] = ()
    """What webhooks are signed with; while it is being replaced the old one behind the new one.
    In the environment separated by a space."""
    webhook_local: bool = False
    """Post webhooks to this machine, too, and without https there: for tests."""
    max_upload_mb: int = Field(default=100, ge=1)
    """Size of a file to transcribe, in megabytes."""
    max_file_s: float = Field(default=4 * 3600.0, gt=0.0)
    """Length of a file to transcribe, in seconds, whatever its header says."""
    max_files: int = Field(default=8, ge=1)
    """Files for whose text somebody waits; the next one gets 503."""
    file_share: float = Field(default=0.04, gt=0.0, le=1.0)
    """Share of the engine's time that files may take while somebody speaks."""
    wait_file_s: float = Field(default=300.0, gt=0.0)
    """Longer files sent to ``/transcribe`` become jobs."""
    spool_dir: Path | None = None
    """Where uploads and decoded audio lie while they are worked on, without a name; None for
    /var/tmp, else the system's place for temporary files."""
    resume_grace_s: float = Field(default=RESUME_GRACE_S, gt=0.0)
    """How long a session waits for its client to come back."""
    idle_s: float = Field(default=60.0, gt=0.0)
    start_timeout_s: float = Field(default=5.0, gt=0.0)
    head_timeout_s: float = Field(default=5.0, gt=0.0)
    """Longest time from a connection to its request."""
    max_session_s: float = Field(default=86_400.0, gt=0.0)
    mute_after_s: float = Field(default=1.5, gt=0.0)
    """Wall-clock silence after which the open utterance is closed."""
    stall_s: float = Field(default=10.0, gt=0.0)
    """Longest time one message to a slow reader may take."""
    drain_s: float = Field(default=30.0, gt=0.0)
    """Longest time the last captions may take when the server stops."""
    ping_s: float = Field(default=10.0, gt=0.0)
    text_file: Path | None = None
    """A file that always holds the newest lines of a room, for OBS text sources."""
    text_file_room: str = Field(
        default=DEFAULT_ROOM, pattern=rf"^[A-Za-z0-9_-]{{1,{MAX_ROOM_CHARS}}}$"
    )
    text_file_lines: int = Field(default=2, ge=1, le=10)
    text_file_columns: int = Field(default=42, ge=10, le=200)
    text_file_hold: float = Field(default=5.0, ge=0.0, le=600.0)
    """Seconds for which the last text stays; 0 keeps it."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["text", "json"] = "text"
    """Lines for people, or JSON objects for programs."""
    metrics_port: int | None = Field(default=None, ge=0, le=65535)
    """A port of its own for /metrics, without keys; None for none."""
    metrics_host: str = "127.0.0.1"

    @property
    def data(self) -> Path:
        """The directory for what is kept: keys always, transcripts unless they are in memory."""
        return self.data_dir or Path(platformdirs.user_data_dir("livecaption", appauthor=False))

    @property
    def transcripts(self) -> Path | None:
        """The directory for transcripts; None to keep them in memory."""
        return self.data if self.store else None

    @property
    def uploads(self) -> Path | None:
        """The folder for files of jobs; None for one that is gone with the server."""
        if self.uploads_dir is not None:
            return self.uploads_dir
        return self.data / "uploads" if self.store else None

    @cached_property
    def proxies(self) -> tuple[Network, ...]:
        """The networks of the proxies that are believed."""
        return parse_networks(self.trusted_proxies)

    @cached_property
    def limits(self) -> Limits:
        """What limits there are."""
        uploads = self.limit_upload_mb
        return Limits(
            storage=self.limits_storage.get_secret_value(),
            rates={
                Limit.REQUESTS: self.limit_requests,
                Limit.READS: self.limit_reads,
                Limit.CONNECTS: self.limit_connects,
                Limit.TOKENS: self.limit_tokens,
                Limit.FAILURES: self.limit_failures,
                Limit.UPLOADS: None if uploads is None else Rate(uploads * 1000, 86_400),
            },
            streams=self.limit_streams,
            jobs=self.limit_jobs,
            sockets=self.limit_sockets,
            connections=self.limit_connections,
        )

    @cached_property
    def written(self) -> WordTable:
        """The words to replace and to mask.

        Raises:
            OperatorError: the file cannot be read, or an entry is malformed.
        """
        if self.words is None:
            return NO_WORDS
        try:
            text = self.words.read_text("utf-8")
        except UnicodeDecodeError:
            raise OperatorError(f"The word list {self.words} is not UTF-8 text.") from None
        except OSError as exc:
            raise OperatorError(
                f"The word list {self.words} cannot be read: {exc.strerror}."
            ) from None
        return parse_words(text, str(self.words))

    @model_validator(mode="after")
    def _check_proxies(self) -> Settings:
        parse_networks(self.trusted_proxies)
        return self

    def check_exposure(self, *, has_keys: bool) -> None:
        """Refuse to serve everybody by accident.

        Args:
            has_keys: whether the data directory holds keys.

        Raises:
            OperatorError: others can reach the address, and there is nothing to keep them out.
        """
        if is_loopback(self.host) or self.allow_anonymous or self.single_key or has_keys:
            return
        raise OperatorError(
            f"Setting host: {self.host} can be reached by others, and there are no keys; make one "
            "with `livecaption keys add`, or bind 127.0.0.1, or add --allow-anonymous if everyone "
            "may publish and read."
        )

    @property
    def single_key(self) -> bytes | None:
        """The key from the settings, if there is one."""
        text = self.api_key.get_secret_value() if self.api_key else ""
        return text.encode() or None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - a fixed signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Command line before environment before files of secrets before TOML file."""
        toml = TomlConfigSettingsSource(settings_cls)
        secrets = SecretsSettingsSource(settings_cls, secrets_folder(), env_prefix="")
        return init_settings, env_settings, secrets, toml


def secrets_folder() -> Path | None:
    """The folder whose files are settings, one each; None for none.

    Raises:
        OperatorError: there is no such folder.
    """
    named = os.environ.get("LIVECAPTION_SECRETS_DIR")
    if not named:
        return None
    folder = Path(named)
    if not folder.is_dir():
        raise OperatorError(f"LIVECAPTION_SECRETS_DIR names {folder}, which is no folder.")
    return folder


def load_settings(config: Path | None = None, **given: Any) -> Settings:
    """Read the settings.

    Args:
        config: a TOML file with setting names as keys.
        given: settings from the command line; None means not given.

    Raises:
        OperatorError: a setting is unknown, malformed or unsafe; the sentence names it.
    """
    if config is not None and not config.is_file():
        raise OperatorError(f"There is no configuration file {config}.")

    class _Configured(Settings):
        model_config = SettingsConfigDict(toml_file=config, extra="forbid")

    try:
        settings = _Configured(
            **{name: value for name, value in given.items() if value is not None}
        )
    except ValidationError as exc:
        raise OperatorError(_complaint(exc)) from None
    except ValueError as exc:  # a TOML file that is none
        raise OperatorError(f"The configuration file {config} cannot be read: {exc}.") from None
    _ = settings.written  # a word list that is wrong is found now, not with the first speaker
    return settings


def _complaint(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        near = get_close_matches(where, Settings.model_fields, 1)
        hint = f"; did you mean {near[0]}?" if near else "; docs/operations/options.md lists all."
        return f"There is no setting {where}{hint}"
    message = first["msg"].removeprefix("Value error, ")
    return f"Setting {where}: {message}." if where else f"{message}."


def is_loopback(host: str) -> bool:
    """Whether an address to bind can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
