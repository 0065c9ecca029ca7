# SPDX-License-Identifier: GPL-3.0-or-later
"""The local list: sent whole or in parts, and what it decides."""

from __future__ import annotations

import json

import pytest

from evsed.core.ocpp.local_list import (
    MOST_ENTRIES,
    AuthorizationRules,
    ListEntry,
    ListError,
    ListVersionError,
    LocalList,
    Verdict,
    judge,
)

GOOD, OVER, BLOCKED = ListEntry("Accepted"), ListEntry("Accepted", until=10.0), ListEntry("Blocked")


def test_a_full_list_replaces_and_a_differential_one_changes() -> None:
    made = LocalList().replaced(3, [("A", GOOD), ("b", BLOCKED)])
    assert (made.version, made.find("a"), made.find("B")) == (3, GOOD, BLOCKED)
    changed = made.updated(4, [("a", None), ("c", GOOD), ("nobody", None)])
    assert (changed.find("A"), changed.find("C"), changed.find("b")) == (None, GOOD, BLOCKED)
    assert changed.replaced(5, []).entries == {}
    assert LocalList.from_json(json.loads(json.dumps(changed.to_json()))) == changed


def test_a_list_that_cannot_be_kept_is_refused() -> None:
    with pytest.raises(ListError):
        LocalList().replaced(1, [("A", None)])
    with pytest.raises(ListError):
        LocalList().updated(1, [(str(n), GOOD) for n in range(MOST_ENTRIES + 1)])


@pytest.mark.parametrize(
    ("entry", "rules", "online", "verdict"),
    [
        (GOOD, AuthorizationRules(), True, Verdict.ACCEPT),
        (GOOD, AuthorizationRules(pre_authorize=False), True, Verdict.ASK),
        (GOOD, AuthorizationRules(list_enabled=False), True, Verdict.ASK),
        (OVER, AuthorizationRules(), True, Verdict.ASK),
        (BLOCKED, AuthorizationRules(), True, Verdict.ASK),
        (None, AuthorizationRules(), True, Verdict.ASK),
        (GOOD, AuthorizationRules(), False, Verdict.ACCEPT),
        (GOOD, AuthorizationRules(authorize_offline=False), False, Verdict.WAIT),
        (BLOCKED, AuthorizationRules(unknown_offline=True), False, Verdict.WAIT),
        (None, AuthorizationRules(unknown_offline=True), False, Verdict.ACCEPT),
        (None, AuthorizationRules(), False, Verdict.WAIT),
    ],
)
def test_the_list_is_used_as_the_keys_say(
    entry: ListEntry | None,
    rules: AuthorizationRules,
    online: bool,  # noqa: FBT001 - a row of the table
    verdict: Verdict,
) -> None:
    assert judge(entry, rules, 20.0, online=online) is verdict


def test_a_difference_has_to_be_newer_than_the_list_and_a_full_list_does_not() -> None:
    entry = GOOD
    kept = LocalList().changed(5, [("A1", entry)], full=True)
    with pytest.raises(ListVersionError):
        kept.changed(5, [("B2", entry)], full=False)
    newer = kept.changed(6, [("B2", entry)], full=False)
    assert (newer.version, set(newer.entries)) == (6, {"a1", "b2"})
    older = newer.changed(2, [("C3", entry)], full=True)
    assert (older.version, set(older.entries)) == (2, {"c3"})
