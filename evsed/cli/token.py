# SPDX-License-Identifier: GPL-3.0-or-later
"""`evsed token`: create, list and revoke what programs show instead of the password."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from evsed.errors import EvsedError
from evsed.frontends.web.auth.tokens import Scope, TokenError, TokenFile

if TYPE_CHECKING:
    from pathlib import Path


class NoToken(EvsedError):
    """A token cannot be created, listed or revoked; nothing was changed."""


def run(what: str, name: str, scope: str, password_file: Path) -> str:
    """Do *what* ("create", "list" or "revoke") with the token *name*; return the outcome in words.

    Raises `NoToken`.
    """
    tokens = TokenFile.beside(str(password_file))
    try:
        match what:
            case "create":
                return _created(tokens.create(name, Scope(scope), datetime.now(tz=UTC)), scope)
            case "revoke":
                tokens.revoke(name)
                return f"the token {name} is revoked: whoever shows it is refused from now on"
            case _:
                return _listed(tokens)
    except TokenError as error:
        raise NoToken(str(error)) from error
    except OSError as error:
        raise NoToken(
            f"the tokens beside {password_file} cannot be read or written ({error.strerror}); "
            "nothing was changed. Is it run with sudo, and does the folder exist?"
        ) from error


def _created(text: str, scope: str) -> str:
    good_for = "read" if scope == Scope.READ.value else "read and control"
    return f"{text}\n# shown this once; it may {good_for}: Authorization: Bearer {text}"


def _listed(tokens: TokenFile) -> str:
    lines = [
        f"{token.name:32} {token.scope.value:8} {token.created.astimezone():%Y-%m-%d %H:%M}"
        for token in tokens.all()
    ]
    return "\n".join(lines) or "there are no tokens; `evsed token create NAME` makes one"
