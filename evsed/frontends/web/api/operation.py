# SPDX-License-Identifier: GPL-3.0-or-later
"""The `Operation`: one row of the table from which everything else about the API follows.

Routing, access, 405 with Allow, the reading of queries and bodies, `/api/v1/openapi.json` and
docs/api.md are all made from `Operation`s (`operations.py` lists them), so that they agree.
"""

from __future__ import annotations

import pwd
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Final

from aiohttp import hdrs, web

from evsed.frontends.languages import Language
from evsed.frontends.web.http.parameters import Parameter
from evsed.frontends.web.http.responses import JSON, PreparedResponse

if TYPE_CHECKING:
    from evsed.frontends.web.api.context import AppContext


PROGRAM: Final = "http"
"""The name under which programs with a token have their claim."""


class AuthRequirement(Enum):
    """The proof that a request has to carry before its body is read.

    None is required at the control socket, which the file's mode protects.
    """

    OPEN = auto()  # nothing: reading
    OWN_PAGE = auto()  # it comes from no other site's page
    PASSWORD = auto()  # that as well, and there must be a password
    OWNER = auto()  # all that, and the session's cookie or the password by HTTP basic
    CONTROL = auto()  # as OWNER, and a token that may control will do, too
    SHOWN = auto()  # as OWN_PAGE; a password or token, where one is sent, must be right
    KNOWN = auto()  # as SHOWN, and where there is a password, it or a session must be shown
    BASIC = auto()  # as CONTROL, refused in the words of OpenEVSE


@dataclass(frozen=True, slots=True)
class Reply:
    """The content of a 200: the fields of the dataclasses *models* in one JSON object beside `api`.

    With another *content_type* it is described by *meaning* alone.
    """

    meaning: str
    models: tuple[type, ...] = ()
    content_type: str = JSON


@dataclass(slots=True)
class ApiRequest:
    """A request that was let in, its query and its body read.

    *language* is that of the answer. *token* is the name of the token that it showed, "" without
    one; *path_value* is the value in the braces of the path, *query* has every parameter of the
    operation, *body* is the JSON object of an operation that has one. *local*: it came by the
    control socket, from somebody who may log in to the Pi.
    """

    http: web.BaseRequest
    language: Language
    path_value: object = None
    query: Mapping[str, Any] = field(default_factory=dict)
    body: dict[str, object] = field(default_factory=dict)
    token: str = ""
    local: bool = False

    @property
    def program(self) -> str:
        """The program that gives this order by itself; "" where the owner does."""
        return PROGRAM if self.token else ""

    @property
    def encodings(self) -> str:
        """The encodings that the client can unpack."""
        return self.http.headers.get(hdrs.ACCEPT_ENCODING, "")

    @property
    def sender(self) -> str:
        """The sender: an address, or the user at the other end of the control socket."""
        if self.http.remote:
            return f"{self.http.remote} (token {self.token})" if self.token else self.http.remote
        transport = self.http.transport
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

    *path* may end in `/{name}`, and *path_parameter* reads the text there. *body* is the dataclass
    whose keys the JSON object may have, *upload* the content type of a file that the handler reads
    itself. *refusals* are the errors of this operation's own, by
    status; those that follow from *auth*, *query*, *path_parameter* and *body* need no mention.
    *listed*: it belongs to the API, and so into its document.
    """

    method: str
    path: str
    summary: str
    handler: Handler
    reply: Reply
    auth: AuthRequirement = AuthRequirement.OPEN
    query: tuple[Parameter, ...] = ()
    path_parameter: Parameter | None = None
    body: type | None = None
    upload: str = ""
    refusals: Mapping[int, str] = field(default_factory=dict)
    listed: bool = True
