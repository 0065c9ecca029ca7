# SPDX-License-Identifier: GPL-3.0-or-later
"""The languages that evsed speaks to its owner: English, and one for each file in evsed/locale/.

A file `de.po` is a translation, in the form of GNU gettext; CONTRIBUTING.md says how one is made.
It is read when the first reader asks for it. What it lacks, or does not fit, is shown in English:
nothing about a translation raises.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final, TypeVar, cast

import structlog

from evsed.core.text import Text, filled

ENGLISH: Final = "en"
DECIMAL_COMMA: Final = frozenset({"de", "es", "fr"})
"""Languages that write 3,6 kW (CLDR 46, `decimal` in their `symbols`)."""
ACCEPTED_MOST: Final = 20
"""Languages of an Accept-Language that are looked at; browsers send five or so."""

log = structlog.get_logger("evsed.languages")

T = TypeVar("T")
Key = tuple[str, str]
"""The context of a message ("" without one), and the message in English."""


class Language:
    """One language, by its *code* ("de"); *messages* are the translations by their key."""

    def __init__(self, code: str, messages: Mapping[Key, str]) -> None:
        self.code = code
        self._messages = messages
        self._decimal = "," if code in DECIMAL_COMMA else "."

    def sentence(self, sentence: str) -> str:
        """Return *sentence* in this language; as it is where there is no translation."""
        if not isinstance(sentence, Text):
            return sentence
        template = self._messages.get(("", sentence.template), sentence.template)
        if not sentence.params:
            return template
        params = {
            name: self.sentence(value) if isinstance(value, str) else self._number(value)
            for name, value in sentence.params.items()
        }
        found = filled(template, params)
        # A translation that does not fit its values comes back as it stands.
        return str.__str__(sentence) if found == template else found

    def word(self, key: str, english: str) -> str:
        """Return the word of the page called *key*, which is *english*, in this language."""
        return self._messages.get((key, english), english)

    def number(self, value: float, spec: str) -> str:
        """Return *value* by the format *spec*, with the decimal mark of this language."""
        return format(self._number(value), spec)

    def translated(self, value: T) -> T:
        """Return *value* with every sentence in it in this language.

        *value* is a sentence, or dataclasses, tuples and mappings of them.
        """
        return cast("T", self._translated(value)) if self._messages else value

    def _translated(self, value: object) -> object:
        if isinstance(value, str):
            return self.sentence(value)
        if isinstance(value, tuple | list):
            items = [self._translated(item) for item in value]
            same = all(after is before for after, before in zip(items, value, strict=True))
            return value if same else type(value)(items)
        if isinstance(value, Mapping):
            return {key: self._translated(item) for key, item in value.items()}
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            changes = {}
            for field in dataclasses.fields(value):
                before = getattr(value, field.name)
                if field.init and (after := self._translated(before)) is not before:
                    changes[field.name] = after
            return dataclasses.replace(value, **changes) if changes else value
        return value

    def _number(self, value: float) -> _Number:
        return _Number(value, self._decimal)


ENGLISH_ITSELF: Final = Language(ENGLISH, {})


class _Number:
    """A number that a template formats, with the decimal mark of its language."""

    def __init__(self, value: float, decimal: str) -> None:
        self._value = value
        self._decimal = decimal

    def __format__(self, spec: str) -> str:
        written = format(self._value, spec)
        return written.replace(".", self._decimal)


class Languages:
    """The languages there are: English, and one for each file in *folder*, by default evsed's own.

    A file is read at the first `get()` of its language, which may be in any thread.
    """

    def __init__(self, folder: Traversable | None = None) -> None:
        self._folder = folder or resources.files("evsed") / "locale"
        self._languages = {ENGLISH: ENGLISH_ITSELF}
        try:
            names = sorted(file.name for file in self._folder.iterdir())
        except OSError:  # no translation is installed
            names = []
        files = (name.removesuffix(".po") for name in names if name.endswith(".po"))
        self.offered: Final = (ENGLISH, *files)
        """Their codes, English first."""

    def ready(self, code: str) -> bool:
        """Return True where `get()` does not read a file."""
        return code in self._languages or code not in self.offered

    def get(self, code: str) -> Language:
        """Return the language *code*; English where there is none of that code."""
        if code not in self.offered:
            return ENGLISH_ITSELF
        found = self._languages.get(code)
        if found is None:
            found = self._languages[code] = self._read(code)
        return found

    def choose(self, accepted: str) -> str:
        """Return the first language of an Accept-Language header (RFC 9110) that there is.

        English where there is none.
        """
        wanted: list[tuple[float, str]] = []
        for item in accepted.split(",")[:ACCEPTED_MOST]:
            name, _, weight = item.strip().partition(";")
            quality = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", weight)
            value = float(quality[1]) if quality else 1.0
            if value > 0.0:
                wanted.append((-value, name.split("-")[0].strip().lower()))
        wanted.sort(key=lambda each: each[0])
        return next((name for _, name in wanted if name in self.offered), ENGLISH)

    def _read(self, code: str) -> Language:
        try:
            text = (self._folder / f"{code}.po").read_text(encoding="utf-8")
            return Language(code, read_messages(text))
        except (OSError, ValueError) as error:
            log.error(
                "a translation cannot be read; English is shown instead, reinstall evsed",
                language=code,
                reason=str(error),
            )
            return Language(code, {})


def read_messages(po: str) -> dict[Key, str]:
    """Return the translations in *po*, the text of a file. Raises ValueError or OSError."""
    import polib  # noqa: PLC0415 - only for readers of another language

    return {
        (entry.msgctxt or "", entry.msgid): entry.msgstr
        for entry in polib.pofile(po)
        if entry.msgstr and not (entry.obsolete or entry.fuzzy)
    }
