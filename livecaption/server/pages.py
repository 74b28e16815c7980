"""Pages and static files; where they lie in a checkout and in an installed package."""

from __future__ import annotations

import mimetypes
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response

import livecaption

# Windows may know another type for it, and modules of another type do not load.
mimetypes.add_type("text/javascript", ".js")

__all__ = ["STATIC", "admin_page", "docs_page", "mic_page", "overlay_page", "watch_page"]


def _static_folder() -> Path:
    package = Path(livecaption.__file__).parent
    installed = package / "static"
    return installed if installed.is_dir() else package.parent / "static"


STATIC = _static_folder()
"""The folder with the pages."""


async def mic_page(request: Request) -> Response:  # noqa: ARG001 - Starlette's signature
    """``GET /``: speak and read."""
    return FileResponse(STATIC / "index.html")


async def overlay_page(request: Request) -> Response:  # noqa: ARG001 - Starlette's signature
    """``GET /overlay/{room}``: captions on a transparent ground, for OBS."""
    return FileResponse(STATIC / "overlay.html")


async def watch_page(request: Request) -> Response:  # noqa: ARG001 - Starlette's signature
    """``GET /watch/{room}``: captions for an audience."""
    return FileResponse(STATIC / "watch.html")


async def admin_page(request: Request) -> Response:  # noqa: ARG001 - Starlette's signature
    """``GET /admin``: what the server is doing, for whoever runs it."""
    return FileResponse(STATIC / "admin.html")


async def docs_page(request: Request) -> Response:  # noqa: ARG001 - Starlette's signature
    """``GET /docs``: the HTTP routes, to be read."""
    return FileResponse(STATIC / "docs.html")
