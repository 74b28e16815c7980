"""Settings, read once and frozen: command line, then environment, then TOML file, then defaults.

``LIVECAPTION_<NAME>`` in the environment sets any of them, and so does a file ``<name>`` in the
folder ``LIVECAPTION_SECRETS_DIR``: that is how systemd, Docker and Kubernetes hand secrets on.
Slices of this object are handed down; nothing below the server ever sees it.
"""

from __future__ import annotations

import ipaddress
import os
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


Listed = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_commas)]


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
    resume_grace_s: float = Field(default=RESUME_GRACE_S, gt=0.0)
    """How long a session waits for its client to come back."""
    idle_s: float = Field(default=60.0, gt=0.0)
    start_timeout_s: float = Field(default=5.0, gt=0.0)
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
    def transcripts(self) -> Path | None:
        """The directory for transcripts; None to keep them in memory."""
        if not self.store:
            return None
        return self.data_dir or Path(platformdirs.user_data_dir("livecaption", appauthor=False))

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
    def _check_exposure(self) -> Settings:
        if not (is_loopback(self.host) or self.allow_anonymous):
            raise ValueError(
                f"host {self.host} can be reached by others, and no keys are configured; "
                "bind 127.0.0.1, or add --allow-anonymous if everyone may publish and read"
            )
        return self

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
        first = exc.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        raise OperatorError(f"Setting {where}: {message}." if where else f"{message}.") from None
    except ValueError as exc:  # a TOML file that is none
        raise OperatorError(f"The configuration file {config} cannot be read: {exc}.") from None
    _ = settings.written  # a word list that is wrong is found now, not with the first speaker
    return settings


def is_loopback(host: str) -> bool:
    """Whether an address to bind can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
