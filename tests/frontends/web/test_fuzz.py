# SPDX-License-Identifier: GPL-3.0-or-later
"""Every operation of the API, said right and said wrong, as its own OpenAPI document has it.

schemathesis makes the requests from the document and holds each answer against it: status, kind,
schema and headers; what the document allows must be taken, what it forbids refused. The frontend is
the real one on a loopback port, in a thread of its own, because schemathesis waits for its answers.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from evsed.frontends.web.api.openapi import document
from evsed.frontends.web.api.operations import OPERATIONS
from evsed.frontends.web.auth.password import hashed
from tests.frontends.past import past
from tests.frontends.web.web_world import IN_TIME_S, Served, served

if TYPE_CHECKING:
    import schemathesis
    from schemathesis import BaseSchema, Case
else:
    schemathesis = pytest.importorskip("schemathesis", reason="a 32-bit Pi has no jsonschema-rs")

PASSWORD = "sün & wind"
LOGIN = "/api/v1/login"
DOCUMENT = document(OPERATIONS)
RESTORE = "/api/v1/restore"  # no schema says of bytes that they are a sound database
ASKED = (
    "/api/v1/settings",
    "/api/v1/settings/undo",
    "/api/v1/settings/check-feed",
    "/api/v1/password",
)
"""Operations that ask for the password again, or take what only a running charger knows."""


def said(most: int) -> BaseSchema:
    """The document as schemathesis reads it, to make *most* requests of each kind from."""
    config = {
        "seed": 2026,
        "generation": {
            "max-examples": most,
            "database": "none",
            "with-security-parameters": False,  # the cookie is the tests' own
        },
        "max-stream-events": 1,
        "request-timeout": IN_TIME_S,
    }
    return schemathesis.openapi.from_dict(
        DOCUMENT, config=schemathesis.config.SchemathesisConfig.from_dict(config)
    )


inside, outside = said(40), said(10)


@dataclass
class Charger:
    """The frontend in its thread, with `PASSWORD` set and a past in *folder*."""

    folder: Path
    served: Served | None = None
    cookies: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def running(self) -> Iterator[Charger]:
        loop = asyncio.new_event_loop()
        ready, over = threading.Event(), asyncio.Event()

        async def serve() -> None:
            async with (
                past(self.folder) as history,
                served(password_file=self.folder / "password") as self.served,
            ):
                self.served.hub.history = history
                ready.set()
                await over.wait()

        thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
        thread.start()
        try:
            assert ready.wait(IN_TIME_S)
            yield self
        finally:
            loop.call_soon_threadsafe(over.set)
            thread.join(IN_TIME_S)
            loop.close()

    @property
    def url(self) -> str:
        assert self.served is not None
        return self.served.url

    def cookie(self, operation: str) -> str:
        """A session's for each operation, so that logging out leaves the others alone.

        It is asked for from another address than schemathesis', which guesses passwords.
        """
        if operation not in self.cookies:
            assert self.served is not None
            here = ("127.0.0.2", 0)
            with closing(
                HTTPConnection("127.0.0.1", self.served.port, IN_TIME_S, source_address=here)
            ) as wire:
                body = json.dumps({"password": PASSWORD})
                wire.request("POST", LOGIN, body, {"Content-Type": "application/json"})
                made = wire.getresponse().headers["Set-Cookie"]
            self.cookies[operation] = made.partition(";")[0]
        return self.cookies[operation]


@pytest.fixture(scope="module")
def charger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Charger]:
    folder = tmp_path_factory.mktemp("web")
    (folder / "password").write_text(hashed(PASSWORD, log2_n=4))
    with Charger(folder).running() as running:
        yield running


@inside.parametrize()
def test_who_is_logged_in_gets_what_the_document_says(case: Case[Any], charger: Charger) -> None:
    headers = {"Cookie": charger.cookie(case.operation.label)}
    # Which settings there are, and what each may be, is in GET /api/v1/settings.
    asked = case.path in (*ASKED, RESTORE)
    excluded = [schemathesis.checks.positive_data_acceptance] if asked else []
    answer = case.call_and_validate(base_url=charger.url, headers=headers, excluded_checks=excluded)
    assert case.path in (LOGIN, *ASKED) or answer.status_code not in (401, 403)


@outside.parametrize()
def test_a_stranger_gets_what_the_document_says_and_gives_no_orders(
    case: Case[Any], charger: Charger
) -> None:
    answer = case.call_and_validate(
        base_url=charger.url,
        # Of a stranger, every order is refused alike, also one that no client could give.
        # Its first rule is not one of JSON schema: letters of any kind, so many of them.
        excluded_checks=[
            schemathesis.checks.unsupported_method,
            *(
                [schemathesis.checks.positive_data_acceptance]
                if case.path in (*ASKED, RESTORE)
                else []
            ),
        ],
    )
    if "security" in case.operation.definition.raw:
        assert answer.status_code in (401, 405)  # OPTIONS and the like are no orders
