# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens: what programs show instead of the password (RFC 6750), each with a name and a scope.

A token has 256 random bits, so a plain SHA-256 of it is kept: no guess finds it, and checking it
costs microseconds. The file holds no token, only hashes; it lies beside the password's file, and
both `evsed token` and the page write it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from evsed import private_file
from evsed.core.text import text

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX: Final = "evsed_"
"""By this a token is distinguished from a password, and found where it was published by mistake."""
FILE: Final = "tokens"
"""Name of the file, in the folder of the password's."""
MOST: Final = 32
"""A house has a handful of programs."""
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")


class Scope(Enum):
    """The orders that a token is good for."""

    READ = "read"
    CONTROL = "control"


class TokenError(ValueError):
    """A token cannot be made or revoked; the text says why."""


class TokenConflictError(TokenError):
    """The tokens that there are leave no room for this one; the text says why."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is kept: `digest` is the hash, in hexadecimal digits."""

    name: str
    scope: Scope
    created: datetime
    digest: str


class TokenFile:
    """The tokens kept at *path*; None: there can be none."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._stamp: tuple[int, int, int] | None = None
        self._tokens: dict[str, Token] = {}

    @classmethod
    def beside(cls, password_file: str) -> TokenFile:
        """Return the tokens beside *password_file*; "" has none."""
        return cls(Path(password_file).with_name(FILE) if password_file else None)

    def all(self) -> tuple[Token, ...]:
        """Return the tokens, the oldest first. Raises OSError or `TokenError`: not readable."""
        return tuple(self._read().values())

    def find(self, text: str) -> Token | None:
        """Return the token whose text is *text*; None for one that is not, or cannot be, known."""
        if not text.startswith(PREFIX):
            return None
        try:
            return self._read().get(_digest(text))
        except (OSError, TokenError):
            return None

    def create(self, name: str, scope: Scope, now: datetime) -> str:
        """Keep a new token under *name*; return its text, which is shown this once.

        Raises `TokenError` for a name that is none, `TokenConflictError` for one that is taken and
        for one token too many; OSError.
        """
        if not NAME.fullmatch(name):
            raise TokenError(
                text(
                    "a token's name has 1 to 32 letters, digits, dots, hyphens or "
                    'underscores, such as "evcc"; nothing was changed'
                )
            )
        made = PREFIX + secrets.token_urlsafe(32)
        with self._changing() as tokens:
            if any(token.name == name for token in tokens.values()):
                raise TokenConflictError(
                    text(
                        "there is a token {name} already; revoke it first, or take another",
                        name=name,
                    )
                )
            if len(tokens) >= MOST:
                raise TokenConflictError(
                    text(
                        "there are {most} tokens, the most; revoke one that is not used", most=MOST
                    )
                )
            digest = _digest(made)
            tokens[digest] = Token(name, scope, now.astimezone(UTC), digest)
        return made

    def revoke(self, name: str) -> None:
        """Forget the token *name*. Raises `TokenError` where there is none; OSError."""
        with self._changing() as tokens:
            digest = next((t.digest for t in tokens.values() if t.name == name), None)
            if digest is None:
                raise TokenError(
                    text("there is no token {name}; nothing was changed", name=name[:32])
                )
            del tokens[digest]

    def _read(self) -> dict[str, Token]:
        stamp = self._file_stamp()
        if stamp != self._stamp:
            self._tokens = {} if stamp is None else _load(self._existing())
            self._stamp = stamp
        return self._tokens

    def _file_stamp(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat() if self._path else None
        except FileNotFoundError:
            return None
        return (found.st_ino, found.st_mtime_ns, found.st_size) if found else None

    def _existing(self) -> Path:
        if self._path is None:
            raise TokenError(text("there is no place for tokens: [web] password_file names none"))
        return self._path

    @contextlib.contextmanager
    def _changing(self) -> Iterator[dict[str, Token]]:
        """Give the tokens to be changed, and write them whole, atomically, at the end."""
        path = self._existing()
        # The page and a command may write at the same moment.
        lock = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            tokens = dict(self._read())
            yield tokens
            _keep(path, tokens)
        finally:
            os.close(lock)


def _load(path: Path) -> dict[str, Token]:
    try:
        kept = json.loads(path.read_text(encoding="ascii"))
        tokens = [
            Token(
                str(each["name"]),
                Scope(each["scope"]),
                datetime.fromisoformat(each["created"]),
                str(each["digest"]),
            )
            for each in kept
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise TokenError(
            f"the file of tokens {path} makes no sense ({error}); no token is accepted. Remove it, "
            "and create the tokens again"
        ) from error
    return {token.digest: token for token in tokens}


def _keep(path: Path, tokens: dict[str, Token]) -> None:
    """Write *tokens*, readable by evsed alone; the file gets the owner of its folder."""
    kept = [
        {**asdict(token), "scope": token.scope.value, "created": token.created.isoformat()}
        for token in tokens.values()
    ]
    private_file.write(path, json.dumps(kept, indent=1))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
