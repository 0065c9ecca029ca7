# SPDX-License-Identifier: GPL-3.0-or-later
"""The local list: idTags that the central system has sent, and what they may do without it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_ENTRIES: Final = 500
MOST_SENT: Final = 200
"""Entries of the whole list, and of one message."""


@dataclass(frozen=True, slots=True)
class ListEntry:
    """The record of an idTag in the list; `until` is by its clock, None: for good."""

    status: str
    until: float | None = None

    def accepted(self, at: float) -> bool:
        """Return True where the idTag may charge at *at*, seconds since 1970."""
        return self.status == "Accepted" and (self.until is None or at < self.until)


class ListError(ValueError):
    """A list that cannot be kept; the text tells why."""


class ListVersionError(ListError):
    """A change of the list that is not newer than the list."""


@dataclass(frozen=True, slots=True)
class LocalList:
    """The list and its version; version 0 is an empty list. idTags are compared without case."""

    version: int = 0
    entries: Mapping[str, ListEntry] = field(default_factory=dict)

    def find(self, id_tag: str) -> ListEntry | None:
        """Return the entry of *id_tag*."""
        return self.entries.get(id_tag.casefold())

    def changed(
        self, version: int, sent: Sequence[tuple[str, ListEntry | None]], *, full: bool
    ) -> LocalList:
        """Return the list after the central system has *sent* a *full* one, or what differs.

        Raises `ListVersionError` for a difference that is not newer than this list, and `ListError`
        for a list that cannot be kept.
        """
        if full:
            return self.replaced(version, sent)
        if version <= self.version:
            raise ListVersionError(f"the list has version {self.version} already")
        return self.updated(version, sent)

    def replaced(self, version: int, sent: Sequence[tuple[str, ListEntry | None]]) -> LocalList:
        """Return the list that *sent* is. Raises `ListError`."""
        if any(entry is None for _, entry in sent):
            raise ListError("a full list needs an idTagInfo with every idTag")
        return LocalList().updated(version, sent)

    def updated(self, version: int, sent: Sequence[tuple[str, ListEntry | None]]) -> LocalList:
        """Return the list with *sent* changed; an idTag without an entry is removed.

        Raises `ListError`.
        """
        entries = dict(self.entries)
        for id_tag, entry in sent:
            if entry is None:
                entries.pop(id_tag.casefold(), None)
            else:
                entries[id_tag.casefold()] = entry
        if len(entries) > MOST_ENTRIES:
            raise ListError(f"the list has {len(entries)} idTags; {MOST_ENTRIES} are the most")
        return LocalList(version, entries)

    def to_json(self) -> dict[str, Any]:
        """Return it in JSON's own types."""
        entries = {tag: [entry.status, entry.until] for tag, entry in self.entries.items()}
        return {"version": self.version, "entries": entries}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> LocalList:
        """Return what `to_json()` gave. Raises KeyError, TypeError or ValueError otherwise."""
        entries = {
            tag: ListEntry(status, until) for tag, (status, until) in kept["entries"].items()
        }
        return cls(kept["version"], entries)


class Verdict(Enum):
    """The decision about an idTag."""

    ACCEPT = "accept"
    ASK = "ask the central system"
    WAIT = "wait for the central system"


@dataclass(frozen=True, slots=True)
class AuthorizationRules:
    """The configuration keys of OCPP 1.6, section 9, that bear on authorisation."""

    list_enabled: bool = True
    pre_authorize: bool = True
    authorize_offline: bool = True
    unknown_offline: bool = False


def judge(
    entry: ListEntry | None, rules: AuthorizationRules, at: float, *, online: bool
) -> Verdict:
    """Return what is to be done with an idTag that has *entry* in the local list, at *at*."""
    listed = entry is not None and rules.list_enabled
    good = listed and entry is not None and entry.accepted(at)
    if online:
        return Verdict.ACCEPT if good and rules.pre_authorize else Verdict.ASK
    if good and rules.authorize_offline:
        return Verdict.ACCEPT
    return Verdict.ACCEPT if rules.unknown_offline and not listed else Verdict.WAIT
