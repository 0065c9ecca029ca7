# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenEVSE's HTTP interface, as far as Home Assistant and evcc use it: rows for the table.

They change the same wishes, through the same gate, as the page; what each answer says is made in
frontends/openevse.py. Where the setting is off, none of these rows is there, and every one of these
paths gets the classic line.
"""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Final

from aiohttp import web

from evsed.core.user.controls import Controls, ControlsError
from evsed.frontends import openevse
from evsed.frontends.hub import Hub
from evsed.frontends.status import Status
from evsed.frontends.web import WebLimits
from evsed.frontends.web.api.context import AppContext
from evsed.frontends.web.api.operation import (
    ApiRequest,
    AuthRequirement,
    Operation,
    Parameter,
    Reply,
    whole,
)
from evsed.frontends.web.http import request_parsing as asking
from evsed.frontends.web.http.responses import JSON, TEXT, PreparedResponse, answer
from evsed.frontends.web.http.websockets import Sockets

MACHINE_ID: Final = Path("/etc/machine-id")
CLIENT_MOST: Final = 2**32 - 1

REPLY: Final = Reply("in OpenEVSE's words")


class OpenEvse:
    """OpenEVSE's interface to *hub*, for as long as one frontend serves it."""

    def __init__(self, hub: Hub, limits: WebLimits) -> None:
        self.sockets = Sockets(hub, limits, openevse.status)
        self._serial = serial()
        self._hostname = socket.gethostname()

    def operations(self) -> tuple[Operation, ...]:
        """Its rows for the table of operations."""
        rows = (
            ("GET", "/status", self._status),
            ("GET", "/config", self._config),
            ("GET", "/ws", self._socket),
            ("GET", "/override", self._override),
            ("POST", "/override", self._set_override),
            ("PATCH", "/override", self._toggle),
            ("DELETE", "/override", self._give_back),
            ("POST", "/divertmode", self._divert),
            ("GET", "/claims", self._claims),
            ("GET", "/claims/target", self._target),
            ("GET", "/claims/{client}", self._override),
            ("POST", "/claims/{client}", self._set_claim),
            ("DELETE", "/claims/{client}", self._give_back),
        )
        return tuple(
            Operation(
                method,
                path,
                "",
                handler,
                REPLY,
                AuthRequirement.SHOWN if method == "GET" else AuthRequirement.BASIC,
                place=CLIENT if "{" in path else None,
                body=openevse.Claim if method == "POST" and path != "/divertmode" else None,
                listed=False,
            )
            for method, path, handler in rows
        )

    # --- reading ------------------------------------------------------------------------------

    async def _status(self, parts: AppContext, _: ApiRequest) -> PreparedResponse:
        return parts.of_status(_status)

    async def _config(self, parts: AppContext, _: ApiRequest) -> PreparedResponse:
        return _json(openevse.config(parts.hub.status(), self._serial, self._hostname))

    async def _override(self, parts: AppContext, _: ApiRequest) -> PreparedResponse:
        return _json(openevse.override(parts.hub.status()))

    async def _claims(self, parts: AppContext, _: ApiRequest) -> PreparedResponse:
        told = openevse.override(parts.hub.status())
        return _json([told] if told else [])

    async def _target(self, parts: AppContext, _: ApiRequest) -> PreparedResponse:
        return _json(openevse.target(parts.hub.status()))

    async def _socket(
        self, _: AppContext, asked: ApiRequest
    ) -> PreparedResponse | web.StreamResponse:
        return await self.sockets.serve(asked.request)

    # --- orders -------------------------------------------------------------------------------

    async def _set_override(self, parts: AppContext, asked: ApiRequest) -> PreparedResponse:
        return await self._claim(parts, asked, until_unplugged=True)

    async def _set_claim(self, parts: AppContext, asked: ApiRequest) -> PreparedResponse:
        return await self._claim(parts, asked, until_unplugged=False)

    async def _claim(
        self, parts: AppContext, asked: ApiRequest, *, until_unplugged: bool
    ) -> PreparedResponse:
        try:
            claim = openevse.Claim.read(asked.body, until_unplugged=until_unplugged)
        except ValueError as error:
            return _refused(400, str(error))
        return await _altered(parts, asked, claim.laid_over)

    async def _toggle(self, parts: AppContext, asked: ApiRequest) -> PreparedResponse:
        return await _altered(parts, asked, openevse.toggled(parts.hub.status()))

    async def _give_back(self, parts: AppContext, asked: ApiRequest) -> PreparedResponse:
        return await _altered(parts, asked, Controls.given_back, "Deleted")

    async def _divert(self, parts: AppContext, asked: ApiRequest) -> PreparedResponse:
        told = await asking.content(asked.request, parts.limits.body_s)
        if isinstance(told, PreparedResponse):
            return told
        try:
            how = openevse.diverted(told.decode("ascii", "replace").strip())
        except ValueError as error:
            return _refused(400, str(error))
        altered = await _altered(parts, asked, how)
        return answer(b"Divert Mode changed", TEXT) if altered.status == OK else altered


def serial() -> str:
    """This machine's, whatever it is; see `openevse.serial_of`."""
    try:
        return openevse.serial_of(MACHINE_ID.read_text())
    except OSError:
        return openevse.serial_of(socket.gethostname())


CLIENT: Final[Parameter] = whole("client", "who claims", least=0, most=CLIENT_MOST, default=0)
OK: Final = 200


async def _altered(
    parts: AppContext, asked: ApiRequest, how: openevse.Change, done: str = "OK"
) -> PreparedResponse:
    """The wishes changed as *how* does it, or why not."""
    try:
        await parts.hub.alter(asked.who, how)
    except ControlsError as error:
        return _refused(409, f"{error}; nothing was changed")
    return _json({"msg": done})


def _status(now: Status) -> PreparedResponse:
    return _json(openevse.status(now))


def _json(told: object) -> PreparedResponse:
    return answer(json.dumps(told).encode(), JSON)


def _refused(status: int, why: str) -> PreparedResponse:
    return answer(json.dumps({"msg": why, "error": why}).encode(), JSON, status=status)
