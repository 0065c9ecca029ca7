# SPDX-License-Identifier: GPL-3.0-or-later
"""What one operation of the API is: the row of the table that everything else follows from.

Routing, who gets in, 405 with Allow, the reading of queries and bodies, `/api/v1/openapi.json` and
docs/api.md are all made from `Operation`s (table.py has them all), so none can say what another
does not.
"""

from __future__ import annotations

import pwd
import re
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from aiohttp import hdrs, web

from evsed.frontends.web.http.responses import JSON, PreparedResponse

if TYPE_CHECKING:
    from evsed.frontends.web.api.context import AppContext

Schema = dict[str, Any]
"""A JSON schema (draft 2020-12), as OpenAPI 3.1 has it."""


class AuthRequirement(Enum):
    """What a request has to show before anything of it but its head is looked at.

    None of them is asked for at the control socket, whose door is the file's mode.
    """

    OPEN = auto()  # nothing: reading
    OWN_PAGE = auto()  # that it comes from no other site's page
    PASSWORD = auto()  # that as well, and there must be a password
    SESSION = auto()  # all that and the session's cookie: whatever changes something
    SHOWN = auto()  # as OWN_PAGE; who shows a password by HTTP basic has to show the right one
    BASIC = auto()  # as SESSION, and the password by HTTP basic will do instead of the cookie


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a query, or what stands in the braces of a path.

    *read* makes a value of its text and raises ValueError, saying what it must be; *schema* says
    the same to programs. Without the parameter the value is *default*.
    """

    name: str
    meaning: str
    read: Callable[[str], object]
    schema: Schema
    default: object = None
    required: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """What a 200 carries: the fields of the dataclasses *told* in one JSON object beside `api`.

    With another *content_type* it is what *meaning* says.
    """

    meaning: str
    told: tuple[type, ...] = ()
    content_type: str = JSON


@dataclass(slots=True)
class ApiRequest:
    """A request that may be answered: let in, its query and its body read.

    *place* is the value in the braces of the path, *query* has every parameter of the operation,
    *body* is the JSON object of an operation that takes one.
    """

    request: web.BaseRequest
    place: object = None
    query: Mapping[str, Any] = field(default_factory=dict)
    body: dict[str, object] = field(default_factory=dict)

    @property
    def encodings(self) -> str:
        """What the client can unpack."""
        return self.request.headers.get(hdrs.ACCEPT_ENCODING, "")

    @property
    def who(self) -> str:
        """Who asks: an address, or the user at the other end of the control socket."""
        if self.request.remote:
            return self.request.remote
        transport = self.request.transport
        sock = transport.get_extra_info("socket") if transport else None
        if sock is None:
            return "somebody on the Pi"
        size = struct.calcsize("3i")  # struct ucred: pid, uid, gid (unix(7))
        ucred = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
        _, uid, _ = struct.unpack("3i", ucred)
        try:
            return pwd.getpwuid(uid).pw_name
        except KeyError:
            return f"user {uid}"


Handler = Callable[["AppContext", ApiRequest], Awaitable[PreparedResponse | web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method at one path. GET answers HEAD as well.

    *path* may end in `/{name}`, and *place* reads what stands there. *body* is the dataclass whose
    keys the JSON object may have. *refusals* are the errors of this operation's own, by status;
    those that follow from *door*, *query*, *place* and *body* need no mention. *listed*: whether it
    belongs to the API, and so into its document.
    """

    method: str
    path: str
    summary: str
    answer: Handler
    reply: Reply
    door: AuthRequirement = AuthRequirement.OPEN
    query: tuple[Parameter, ...] = ()
    place: Parameter | None = None
    body: type | None = None
    refusals: Mapping[int, str] = field(default_factory=dict)
    listed: bool = True


def whole(name: str, meaning: str, *, least: int, most: int, default: int) -> Parameter:
    """A whole number from *least* to *most*."""

    def read(text: str) -> int:
        # As JSON writes it: int() alone would also take "1_0", " 1" and other scripts' digits.
        if not re.fullmatch(r"-?[0-9]{1,18}", text) or not least <= int(text) <= most:
            raise ValueError(f"it must be a whole number from {least} to {most}")
        return int(text)

    schema = {"type": "integer", "minimum": least, "maximum": most}
    return Parameter(name, meaning, read, schema, default)


def choice(name: str, meaning: str, *choices: str) -> Parameter:
    """One of the words *choices*; the first is the default."""

    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"it must be one of {', '.join(choices)}")
        return text

    return Parameter(name, meaning, read, {"type": "string", "enum": list(choices)}, choices[0])


def day(name: str, meaning: str, *, required: bool = False) -> Parameter:
    """A day of the calendar as a `date`; None without, unless it is *required*."""

    def read(text: str) -> date:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError("it must be a day such as 2026-11-24")
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise ValueError("there is no such day; 2026-11-24 is one") from None

    return Parameter(name, meaning, read, {"type": "string", "format": "date"}, required=required)


def moment(name: str, meaning: str) -> Parameter:
    """A moment as a `datetime` in UTC; None without."""
    wanted = "it must be a time with its offset, such as 2026-11-24T12:00:00+01:00"

    def read(text: str) -> datetime:
        # The plus of an offset that was not escaped has come as a space.
        text = re.sub(r" (?=\d\d:\d\d$)", "+", text)
        try:
            found = datetime.fromisoformat(text)
            if found.tzinfo is None:
                raise ValueError(wanted)
            return found.astimezone(UTC)
        except (ValueError, OverflowError):
            raise ValueError(wanted) from None

    return Parameter(name, meaning, read, {"type": "string", "format": "date-time"})
