# SPDX-License-Identifier: GPL-3.0-or-later
from collections.abc import Iterator

class POEntry:
    msgid: str
    msgstr: str
    msgctxt: str | None
    obsolete: bool
    occurrences: list[tuple[str, str]]
    comment: str
    @property
    def fuzzy(self) -> bool: ...
    def __init__(
        self,
        *,
        msgid: str = ...,
        msgstr: str = ...,
        msgctxt: str | None = ...,
        comment: str = ...,
        occurrences: list[tuple[str, str]] = ...,
    ) -> None: ...

class POFile(list[POEntry]):
    metadata: dict[str, str]
    header: str
    def __init__(self, *, wrapwidth: int = ..., encoding: str = ...) -> None: ...
    def __iter__(self) -> Iterator[POEntry]: ...
    def save(self, fpath: str) -> None: ...

def pofile(pofile: str, *, wrapwidth: int = ..., encoding: str = ...) -> POFile: ...
