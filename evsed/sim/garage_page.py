# SPDX-License-Identifier: GPL-3.0-or-later
"""The garage's page: `GET /` the buttons, `GET /state` JSON, `POST /do/<name>` presses one.

`GET /light` is the light on the box alone, for a page that draws its rhythm.

It knows no world, only a `Buttons`; only pages of its own may press them.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import re
from collections.abc import Mapping
from importlib import resources
from typing import Protocol
from urllib.parse import urlsplit

from aiohttp import hdrs, web


class Button(Protocol):
    """A button's label and heading."""

    @property
    def label(self) -> str:
        """The text on the button."""

    @property
    def group(self) -> str:
        """The heading above the button."""


class Buttons(Protocol):
    """The buttons and the state that the page shows."""

    @property
    def actions(self) -> Mapping[str, Button]:
        """The buttons by name, in their order."""

    def act(self, name: str) -> None:
        """Press one. Raises KeyError when there is no such button."""

    def state(self) -> dict[str, object]:
        """Return the state as JSON values; `on` lists the buttons that are pressed."""

    def light(self) -> tuple[bool, ...]:
        """Return the red, green and blue of the light on the box, as they are now."""


def garage_app(garage: Buttons, page_port: int = 0) -> web.Application:
    """Return the application that serves *garage*; only pages of its own may press its buttons.

    It links to evsed's page on *page_port*, 0 for no link.
    """
    page = (resources.files(__package__) / "garage.html").read_text(encoding="utf-8")
    policy = "; ".join(
        [
            "default-src 'none'",
            "connect-src 'self'",
            f"script-src {_hashed(page, 'script')}",
            f"style-src {_hashed(page, 'style')}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    )
    buttons = [
        {"name": name, "label": action.label, "group": action.group}
        for name, action in garage.actions.items()
    ]

    async def show(_: web.Request) -> web.Response:
        return web.Response(
            text=page, content_type="text/html", headers={"Content-Security-Policy": policy}
        )

    async def state(_: web.Request) -> web.Response:
        return web.json_response(
            {"buttons": buttons, "state": garage.state(), "page_port": page_port}
        )

    async def light(_: web.Request) -> web.Response:
        return web.json_response(garage.light())

    async def do(request: web.Request) -> web.Response:
        if not _same_origin(request):
            raise web.HTTPForbidden(text="only the garage's own page may press its buttons\n")
        try:
            garage.act(request.match_info["name"])
        except KeyError as error:
            raise web.HTTPNotFound(text="there is no such button\n") from error
        return web.json_response(garage.state())

    app = web.Application()
    app.router.add_get("/", show)
    app.router.add_get("/state", state)
    app.router.add_get("/light", light)
    app.router.add_post("/do/{name}", do)
    return app


def _hashed(page: str, tag: str) -> str:
    """The CSP source that allows the one inline *tag* of *page* and no other."""
    found = re.search(rf"<{tag}[^>]*>(.*?)</{tag}>", page, re.DOTALL)
    content = found[1] if found else ""
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def _same_origin(request: web.Request) -> bool:
    """Return True where *request* is from the garage's page, or from no page at all (curl).

    The name it came to must be an address or localhost: a page elsewhere may point a name of its
    own at this machine (DNS rebinding), but cannot make the browser say localhost.
    """
    host = urlsplit(f"//{request.host}").hostname or ""
    try:
        by_number = bool(ipaddress.ip_address(host))
    except ValueError:
        by_number = False
    origin = request.headers.get(hdrs.ORIGIN)
    return (by_number or host == "localhost") and origin in (None, f"http://{request.host}")
