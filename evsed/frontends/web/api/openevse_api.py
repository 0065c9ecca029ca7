# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenEVSE's HTTP interface, as far as Home Assistant and evcc use it: rows for the table.

They change the same controls, with the same authentication, as the page; frontends/openevse.py
makes the content of each answer. Where the setting is off, none of these rows exists, and all of
these paths get the classic line.
"""

from __future__ import annotations

import json
import socket
from http import HTTPStatus
from pathlib import Path
from typing import Final

from aiohttp import web

from evsed.core.user.claims import Claim
from evsed.core.user.controls import ControlsError
from evsed.frontends import openevse
from evsed.frontends.hub import Hub
from evsed.frontends.status import Status
from evsed.frontends.web import WebLimits
from evsed.frontends.web.api.context import AppContext
from evsed.frontends.web.api.operation import (
    ApiRequest,
    AuthRequirement,
    Operation,
    Reply,
)
from evsed.frontends.web.auth.authenticator import Authenticator
from evsed.frontends.web.http.parameters import Parameter, whole
from evsed.frontends.web.http.request_parsing import read_body
from evsed.frontends.web.http.responses import JSON, TEXT, PreparedResponse, answer
from evsed.frontends.web.http.websockets import WebSockets

MACHINE_ID: Final = Path("/etc/machine-id")
CLIENT_MOST: Final = 2**32 - 1

REPLY: Final = Reply("in OpenEVSE's terms")


class OpenEvse:
    """OpenEVSE's interface to *hub*, for as long as one frontend serves it."""

    def __init__(self, hub: Hub, limits: WebLimits, authenticator: Authenticator) -> None:
        self.sockets = WebSockets(
            hub,
            limits,
            openevse.status,
            epoch=authenticator.stamp,
            clocks=openevse.CLOCKS,
            measured=openevse.MEASURED,
        )
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
            ("POST", "/restart", self._restart),
            ("GET", "/claims", self._claims),
            ("GET", "/claims/target", self._target),
            ("GET", "/claims/{client}", self._one_claim),
            ("POST", "/claims/{client}", self._set_claim),
            ("DELETE", "/claims/{client}", self._withdraw),
        )
        return tuple(
            Operation(
                method,
                path,
                "",
                handler,
                REPLY,
                _auth(method, path),
                path_parameter=CLIENT if "{" in path else None,
                body=Claim if method == "POST" and path.startswith(("/ov", "/cl")) else None,
                listed=False,
            )
            for method, path, handler in rows
        )

    # --- reading ------------------------------------------------------------------------------

    async def _status(self, context: AppContext, _: ApiRequest) -> PreparedResponse:
        return context.status_response(_status)

    async def _config(self, context: AppContext, _: ApiRequest) -> PreparedResponse:
        return _json(openevse.config(context.hub.status(), self._serial, self._hostname))

    async def _override(self, context: AppContext, _: ApiRequest) -> PreparedResponse:
        return _json(openevse.override(context.hub.status()))

    async def _claims(self, context: AppContext, _: ApiRequest) -> PreparedResponse:
        return _json(openevse.claims(context.hub.status()))

    async def _one_claim(self, context: AppContext, request: ApiRequest) -> PreparedResponse:
        for claim in openevse.claims(context.hub.status()):
            if claim["client"] == request.path_value:
                return _json(claim)
        return _json({"msg": "Not found"}, status=404)

    async def _target(self, context: AppContext, _: ApiRequest) -> PreparedResponse:
        return _json(openevse.target(context.hub.status()))

    async def _socket(
        self, _: AppContext, request: ApiRequest
    ) -> PreparedResponse | web.StreamResponse:
        return await self.sockets.serve(request.http)

    # --- orders -------------------------------------------------------------------------------

    async def _set_override(self, context: AppContext, request: ApiRequest) -> PreparedResponse:
        return await self._claim(context, request, openevse.MANUAL, until_unplugged=True)

    async def _set_claim(self, context: AppContext, request: ApiRequest) -> PreparedResponse:
        return await self._claim(context, request, str(request.path_value), until_unplugged=False)

    async def _claim(
        self, context: AppContext, request: ApiRequest, client: str, *, until_unplugged: bool
    ) -> PreparedResponse:
        try:
            claim = openevse.read_claim(request.body, client, until_unplugged=until_unplugged)
            limits = openevse.read_limits(request.body)
        except ValueError as error:
            return _refused(400, str(error))
        placed = await _place(context, request, claim)
        if limits and placed.status == HTTPStatus.OK:
            await context.hub.update_controls(request.sender, limits, program=openevse.PROGRAM)
        return placed

    async def _toggle(self, context: AppContext, request: ApiRequest) -> PreparedResponse:
        claim = openevse.toggle(context.hub.status())
        if claim is None:
            return await self._give_back(context, request)
        return await _place(context, request, claim)

    async def _give_back(self, context: AppContext, request: ApiRequest) -> PreparedResponse:
        return await _withdraw(context, request, openevse.MANUAL)

    async def _withdraw(self, context: AppContext, request: ApiRequest) -> PreparedResponse:
        return await _withdraw(context, request, str(request.path_value))

    async def _restart(self, _: AppContext, __: ApiRequest) -> PreparedResponse:
        return _refused(400, "evsed restarts nothing for a program; nothing was done")

    async def _divert(self, context: AppContext, request: ApiRequest) -> PreparedResponse:
        body = await read_body(request.http, context.limits.body_s)
        if isinstance(body, PreparedResponse):
            return body
        hub = context.hub
        try:
            mode = openevse.divert(body.decode("ascii", "replace").strip(), hub.status())
            await hub.update_controls(
                request.sender, {"mode": mode.value}, program=openevse.PROGRAM
            )
        except ControlsError as error:
            return _refused(400, f"{error}; nothing was changed")
        except ValueError as error:
            return _refused(400, str(error))
        return answer(b"Divert Mode changed", TEXT)


def serial() -> str:
    """Return the serial number of this machine; see `openevse.serial_of`."""
    try:
        return openevse.serial_of(MACHINE_ID.read_text())
    except OSError:
        return openevse.serial_of(socket.gethostname())


CLIENT: Final[Parameter] = whole(
    "client", "the claiming program", least=0, most=CLIENT_MOST, default=0
)


async def _place(context: AppContext, request: ApiRequest, claim: Claim) -> PreparedResponse:
    """Place *claim*, and return the answer or the refusal."""
    try:
        await context.hub.place_claim(request.sender, openevse.PROGRAM, claim)
    except ControlsError as error:
        # Home Assistant's client shows the reason of a 400 alone.
        return _refused(400, f"{error}; nothing was changed")
    return _json({"msg": "OK"})


async def _withdraw(context: AppContext, request: ApiRequest, client: str) -> PreparedResponse:
    """Withdraw the claim of *client*; that of another stays."""
    if openevse.claim_of(context.hub.status(), client) is not None:
        await context.hub.withdraw_claim(request.sender, openevse.PROGRAM)
    return _json({"msg": "Deleted"})


def _auth(method: str, path: str) -> AuthRequirement:
    """Return the access rule of a row."""
    if method != "GET":
        return AuthRequirement.BASIC
    # Home Assistant asks for the password only where this path is refused without it.
    return AuthRequirement.KNOWN if path == "/config" else AuthRequirement.SHOWN


def _status(now: Status) -> PreparedResponse:
    return _json(openevse.status(now))


def _json(value: object, *, status: int = 200) -> PreparedResponse:
    return answer(json.dumps(value).encode(), JSON, status=status)


def _refused(status: int, detail: str) -> PreparedResponse:
    return answer(json.dumps({"msg": detail, "error": detail}).encode(), JSON, status=status)
