"""What can be measured: our server in a process of its own, or one that runs somewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory
from typing import Protocol
from urllib.parse import urlsplit

from livecaption.bench.dialect import Dialect, LiveCaptionDialect
from livecaption.bench.server_process import ServerUnderTest, our_server
from livecaption.client.address import publish_url
from livecaption.settings import load_settings

__all__ = ["OurServer", "RunningServer", "Target"]


class Target(Protocol):
    """A kind of server, and how to speak to it."""

    @property
    def name(self) -> str:
        """For reports."""

    def serve(self) -> AbstractAsyncContextManager[ServerUnderTest]:
        """Start it; ready inside the context, gone after it.

        Raises:
            OperatorError: it does not start.
        """

    def dialect(self, index: int) -> Dialect:
        """Return the conversation of stream ``index``."""


@dataclass(frozen=True, slots=True)
class OurServer:
    """This version, started for the purpose."""

    settings: Mapping[str, str] = field(default_factory=dict)
    """By upper-case name, as ``our_server`` takes them."""
    name: str = "livecaption"

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[ServerUnderTest]:
        """See ``Target``."""
        # On the disk that a server would use, because storing is measured, too; but not among what
        # a server on this machine keeps there, whose keys are not for this one.
        usual = load_settings().data
        usual.mkdir(mode=0o700, parents=True, exist_ok=True)
        with TemporaryDirectory(prefix="bench-", dir=usual) as data:
            # Refusing streams is not what is measured; the bench decides how many there are.
            limits = {"MAX_STREAMS": "100000", "ADMISSION": "false"}
            own = {**limits, "DATA_DIR": data, "API_KEY": ""}
            async with our_server({**own, **self.settings}) as server:
                yield server

    def dialect(self, index: int) -> Dialect:
        """See ``Target``."""
        return LiveCaptionDialect(f"bench-{index}")


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A livecaption server somewhere: what it costs is not known, and it is left running."""

    url: str
    name: str = "livecaption"
    key: str | None = field(default=None, repr=False)

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[ServerUnderTest]:
        """See ``Target``.

        Raises:
            OperatorError: the address is none.
        """
        parts = urlsplit(publish_url(self.url))
        path = parts.path.removesuffix("/ws/publish")
        yield ServerUnderTest(parts._replace(path=path).geturl(), {"url": self.url})

    def dialect(self, index: int) -> Dialect:
        """See ``Target``."""
        return LiveCaptionDialect(f"bench-{index}", key=self.key)
