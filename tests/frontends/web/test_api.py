# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON of the status, and its description."""

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from evsed.frontends.serialization import to_json
from evsed.frontends.web.api.docs_markdown import document
from evsed.frontends.web.api.openapi import schemas
from evsed.frontends.web.api.operations import OPERATIONS
from evsed.frontends.web.api.recent_history import POINTS, RecentHistory
from tests.frontends.web.web_world import CHARGING, FAULTED

PROMISED = {
    "api",
    "classic_state",
    "at",
    "version",
    "state",
    "evse_status",
    "summary",
    "reason",
    "board_ok",
    "ticking",
    "high_v",
    "low_v",
    "duty",
    "contactor_closed",
    "offered_a",
    "drawn_a",
    "drawn_measured",
    "power_w",
    "mains_v",
    "phases",
    "excess_w",
    "available_w",
    "feed_kind",
    "feed_age_s",
    "feed_error",
    "limits",
    "limited_by",
    "session",
    "day_wh",
    "total_wh",
    "contactor_cycles",
    "faults",
    "events",
    "tick",
    "uptime_s",
}


def test_the_keys_that_were_promised_are_all_there() -> None:
    """Keys may be added, never renamed: a key that vanishes from here breaks somebody's program."""
    assert set(json.loads(to_json(CHARGING))) >= PROMISED


def test_the_status_has_exactly_the_keys_that_are_documented() -> None:
    documented = schemas(OPERATIONS)["Status"]["properties"]
    assert set(json.loads(to_json(CHARGING))) == {"api"} | set(documented)


def test_the_document_is_the_one_the_program_prints() -> None:
    kept = Path(__file__).parents[3] / "docs" / "api.md"
    assert kept.read_text(encoding="utf-8") == document()


def test_nested_things_keep_their_shape_and_their_units() -> None:
    told = json.loads(to_json(FAULTED))
    assert told["limits"][1] == {
        "owner": "feed", "max_a": 9.4, "reason": "2.2 kW to spare", "left_s": 12.5,
    }  # fmt: skip
    assert told["faults"][0]["name"] == "DiodeFault"
    assert told["session"]["energy_wh"] == 4620.5
    assert told["classic_state"] == 4


def test_times_carry_their_offset_and_keep_the_moment() -> None:
    told = json.loads(to_json(CHARGING))
    at = datetime.fromisoformat(told["at"])
    assert at == CHARGING.at
    assert at.tzinfo is not None


def test_what_is_not_known_is_null_and_numbers_have_no_tails() -> None:
    told = json.loads(to_json(replace(CHARGING, excess_w=None, power_w=0.1 + 0.2)))
    assert told["excess_w"] is None
    assert told["power_w"] == 0.3


def test_what_is_no_number_becomes_null_so_that_it_stays_json() -> None:
    broken = replace(CHARGING, high_v=float("nan"), duty=float("inf"))
    made = to_json(broken)
    assert b"NaN" not in made
    assert b"Infinity" not in made
    told = json.loads(made)
    assert told["high_v"] is None
    assert told["duty"] is None


def test_the_last_hour_is_three_lists_with_the_newest_last() -> None:
    recent = RecentHistory()
    assert json.loads(recent.response().body)["power_w"] == []
    recent.add(replace(CHARGING, available_w=None, offered_a=0.0, power_w=0.0))
    recent.add(replace(CHARGING, solar_w=2162.0))
    told = json.loads(recent.response().body)
    assert told["available_w"] == [None, 2210.0]
    assert told["offered_w"] == [0.0, 2162.0]
    assert told["power_w"] == [0.0, 2162.0]


def test_a_figure_that_is_too_old_to_use_is_none_in_the_last_hour() -> None:
    recent = RecentHistory()
    recent.add(replace(CHARGING, solar_w=None))
    assert json.loads(recent.response().body)["available_w"] == [None]


def test_the_last_hour_forgets_what_is_older() -> None:
    recent = RecentHistory()
    for power_w in range(POINTS + 5):
        recent.add(replace(CHARGING, power_w=float(power_w)))
    told = json.loads(recent.response().body)["power_w"]
    assert len(told) == POINTS
    assert (told[0], told[-1]) == (5.0, POINTS + 4.0)
