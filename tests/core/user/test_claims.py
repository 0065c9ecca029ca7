# SPDX-License-Identifier: GPL-3.0-or-later
"""Claims of programs: which of them holds, until when, and what limits follow."""

from __future__ import annotations

import json
from typing import Any

import pytest

from evsed.core.user.claims import Claim, Claims

CHARGE = Claim(charging=True)
STOP = Claim(charging=False)
CHARGE_JSON = Claims({"mqtt": Claim(charging=True, kept=True)}).to_json()["mqtt"]


def claims(**of: Claim) -> Claims:
    return Claims(of)


@pytest.mark.parametrize(
    ("made", "charging"),
    [
        (claims(), ""),
        (claims(mqtt=CHARGE), "mqtt"),
        (claims(mqtt=Claim(max_current_a=8.0), http=CHARGE), "http"),
        (claims(mqtt=CHARGE, http=STOP), ""),
        (claims(mqtt=STOP), ""),
    ],
)
def test_do_not_charge_wins_over_charge(made: Claims, charging: str) -> None:
    assert made.charging == charging


def test_every_claim_has_a_ceiling_under_its_own_name() -> None:
    made = claims(openevse=STOP, mqtt=Claim(True, 8.0), http=CHARGE)  # noqa: FBT003 - `charging`
    found = [(limit.owner, limit.max_a, limit.until_at) for limit in made.limits(103.0)]
    assert found == [("openevse", 0.0, 103.0), ("mqtt", 8.0, 103.0)]


def test_a_claim_replaces_the_one_before_and_leaves_those_of_others() -> None:
    made = claims(mqtt=CHARGE, http=STOP).placed("mqtt", Claim(max_current_a=6.0))
    assert made == claims(mqtt=Claim(max_current_a=6.0), http=STOP)
    assert made.withdrawn("http") == claims(mqtt=Claim(max_current_a=6.0))
    with pytest.raises(ValueError, match="'page' is no program"):
        made.placed("page", CHARGE)


def test_a_claim_ends_at_its_deadline_and_with_the_car() -> None:
    made = claims(mqtt=Claim(charging=True, until_at=50.0), http=Claim(False, until_unplugged=True))  # noqa: FBT003 - `charging`
    assert made.at(49.9) is made
    assert list(made.at(50.0).of) == ["http"]
    assert list(made.after_unplug().of) == ["mqtt"]


def test_a_mode_chosen_by_the_owner_ends_what_yields_and_leaves_ceilings() -> None:
    yielding = Claim(charging=True, max_current_a=8.0, yields=True)
    made = claims(openevse=yielding, http=STOP).after_mode()
    assert made.of["openevse"] == Claim(max_current_a=8.0, yields=True)
    assert made.of["http"] == STOP
    assert claims(openevse=Claim(charging=False, yields=True)).after_mode() == claims()


def test_a_mode_chosen_by_the_owner_leaves_claims_that_do_not_yield_as_they_are() -> None:
    made = claims(openevse=Claim(max_current_a=8.0, yields=True), http=STOP)
    assert made.after_mode() is made


def test_what_outlives_a_restart_is_what_is_kept_and_has_no_deadline() -> None:
    kept = Claim(charging=False, max_current_a=16.0, yields=True, kept=True)
    made = claims(openevse=kept, mqtt=CHARGE, http=Claim(True, until_at=9.0, kept=True))  # noqa: FBT003 - `charging`
    assert Claims.from_json(json.loads(json.dumps(made.to_json()))) == claims(openevse=kept)


@pytest.mark.parametrize(
    "kept",
    [
        "off",
        {"openevse": {}},
        {"openevse": ["charge"]},
        {"page": CHARGE_JSON},
        {"mqtt": {**CHARGE_JSON, "max_current_a": -1.0}},
        {"mqtt": {**CHARGE_JSON, "charging": 1}},
    ],
)
def test_what_is_no_claim_is_refused(kept: Any) -> None:  # noqa: ANN401 - whatever a file may have
    with pytest.raises(ValueError, match=r".+"):
        Claims.from_json(kept)


@pytest.mark.parametrize("most_a", [-1.0, float("nan"), float("inf")])
def test_a_current_that_cannot_be_is_refused(most_a: float) -> None:
    with pytest.raises(ValueError, match="max_current_a is"):
        Claim(max_current_a=most_a)


@pytest.mark.parametrize(
    ("claim", "text"),
    [
        (Claim(), "no opinion"),
        (Claim(True, 8.0), "charge, at most 8 A"),  # noqa: FBT003 - `charging`
        (Claim(False, until_unplugged=True), "do not charge, until the car is unplugged"),  # noqa: FBT003 - `charging`
    ],
)
def test_a_claim_is_described_in_one_line(claim: Claim, text: str) -> None:
    assert claim.describe() == text
