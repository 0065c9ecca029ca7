# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON documents: a number, a stamp and a unit found in them by JMESPath. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import jmespath
from jmespath.exceptions import JMESPathError

from evsed.core.text import text
from evsed.errors import SourceError
from evsed.sources.terms import Term, number_of, scaled

_MILLISECONDS: Final = 1e11
"""Unix seconds reach this in the year 5138, milliseconds had it in 1973."""


@dataclass(frozen=True, slots=True)
class ReadNumber:
    """One number of a document, in evsed's unit, and its stamp: as written, and in Unix seconds."""

    value: float
    stamp: str = ""
    stamp_s: float | None = None


class Expression(Protocol):
    """A compiled JMESPath expression."""

    def search(self, value: object) -> object:
        """Return what it finds in *value*."""


def parse(body: bytes, name: str) -> object:
    """The document that *body* is. Raises `SourceError` saying that *name* is no JSON."""
    try:
        # A name in another encoding, such as a room's, must not cost the number beside it.
        document: object = json.loads(body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        start = body[:40].decode("utf-8", "replace")
        raise SourceError(
            text("{name} is not JSON; it begins {start}", name=name, start=repr(start))
        ) from None
    return document


class Expressions:
    """The JMESPath expressions of one term, compiled once.

    Raises `SourceError` at once for an expression that is none.
    """

    def __init__(
        self, term: Term, path: str, *, valid: str = "", stamp: str = "", unit_path: str = ""
    ) -> None:
        self._term = term
        self._path = path
        self._number = compiled(path) if path else None
        self._valid = compiled(valid) if valid else None
        self._stamp = compiled(stamp) if stamp else None
        self._unit = compiled(unit_path) if unit_path else None

    def find(self, document: object) -> ReadNumber | None:
        """The number in *document*; None where the term is optional and it is absent or null.

        Raises `SourceError` where it is absent all the same, no number, or not valid.
        """
        if self._valid is not None and search(self._valid, document) is not True:
            raise SourceError(
                text(
                    'the device itself says that "{path}" does not hold at the moment',
                    path=self._path,
                )
            )
        found = document if self._number is None else search(self._number, document)
        where = f'"{self._path}"' if self._path else text("the value")
        value = number_of(found, where)
        if value is None:
            if self._term.optional:
                return None
            if isinstance(found, str):
                raise SourceError(
                    text('{where} is "{found}" at the moment', where=where, found=found)
                )
            raise SourceError(text("{where} is not in the answer, or is null there", where=where))
        unit = "" if self._unit is None else search(self._unit, document)
        value = scaled(self._term, value, unit if isinstance(unit, str) else "")
        if self._stamp is None:
            return ReadNumber(value)
        return ReadNumber(value, *_stamp_of(search(self._stamp, document)))


def compiled(expression: str) -> Expression:
    """Return *expression*, compiled. Raises `SourceError` where it is none."""
    try:
        found: Expression = jmespath.compile(expression)
    except JMESPathError as error:
        first = str(error).splitlines()[0]
        raise SourceError(
            text(
                '"{expression}" is not a JMESPath expression: {first}',
                expression=expression,
                first=first,
            )
        ) from None
    return found


def search(expression: Expression, document: object) -> object:
    """Return what *expression* finds. Raises `SourceError` for a document of another form."""
    try:
        return expression.search(document)
    except (JMESPathError, RecursionError, TypeError, ValueError) as error:
        first = (str(error).splitlines() or [""])[0][:200]
        raise SourceError(
            text("the answer has another form than expected: {first}", first=first)
        ) from None


def _stamp_of(found: object) -> tuple[str, float | None]:
    """The stamp *found* as text, and in Unix seconds where it says that much."""
    if isinstance(found, bool) or not isinstance(found, (int, float, str)):
        return "", None
    if not isinstance(found, str):
        return str(found), found / 1000 if found > _MILLISECONDS else float(found)
    try:
        moment = datetime.fromisoformat(found)
        # Without a zone the moment is ambiguous: a mark, but no age.
        return found, moment.timestamp() if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return found, None
