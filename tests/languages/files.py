# SPDX-License-Identifier: GPL-3.0-or-later
"""The translations as files: brought up to date, and checked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import polib

from evsed.frontends.languages import Key
from tests.languages.messages import ROOT, Message, placeholders

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FOLDER: Final = ROOT / "evsed/locale"
WIDTH: Final = 100
HEADER: Final = "SPDX-License-Identifier: GPL-3.0-or-later"


def update(path: Path, messages: Iterable[Message]) -> tuple[int, int]:
    """Write *messages* to the file *path*, with the translations that it has.

    Return how many there are, and how many of them are to be translated. What is no message any
    more is left out.
    """
    had: dict[Key, str] = {}
    if path.exists():
        had = {_key(entry): entry.msgstr for entry in read(path) if not entry.fuzzy}
    file = polib.POFile(wrapwidth=WIDTH)
    file.header = HEADER
    file.metadata = {
        "Project-Id-Version": "evsed",
        "Language": path.stem,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
    }
    for message in messages:
        context, english = message.key
        entry = polib.POEntry(
            msgid=english, msgstr=had.get(message.key, ""), occurrences=[(message.file, "")]
        )
        entry.msgctxt = context or None
        file.append(entry)
    path.parent.mkdir(parents=True, exist_ok=True)
    file.save(str(path))
    return len(file), sum(not entry.msgstr for entry in file)


def read(path: Path) -> polib.POFile:
    """Return the file at *path*."""
    return polib.pofile(path.read_text(encoding="utf-8"))


def troubles(path: Path, messages: Iterable[Message]) -> Iterator[str]:
    """Yield each reason why the file *path* is no complete translation of *messages*."""
    wanted = {message.key for message in messages}
    seen: set[Key] = set()
    for entry in read(path):
        key = _key(entry)
        if key in seen:
            yield f"{key}: twice"
        seen.add(key)
        if entry.obsolete or key not in wanted:
            yield f"{key}: no such message any more"
        elif entry.fuzzy:
            yield f"{key}: fuzzy"
        elif not entry.msgstr.strip():
            yield f"{key}: not translated"
        elif (found := _values(entry.msgstr)) != (values := _values(entry.msgid)):
            yield f"{key}: values {sorted(found)} for {sorted(values)}"
    yield from (f"{key}: missing" for key in sorted(wanted - seen))


def _key(entry: polib.POEntry) -> Key:
    return entry.msgctxt or "", entry.msgid


def _values(sentence: str) -> set[tuple[str, str, str]]:
    """Return the values in *sentence*; none where its braces are text."""
    try:
        return placeholders(sentence)
    except ValueError:
        return set()
