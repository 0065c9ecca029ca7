# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of a change that takes effect at once; nothing of it reaches what must wait."""

from __future__ import annotations

from typing import Any

import pytest

from evsed.settings import Settings
from evsed.settings.catalogue import catalogue, current
from evsed.settings.common import Applies
from evsed.settings.live import at_once, differences

AT_ONCE = [key for key, info in catalogue().items() if info.applies is Applies.AT_ONCE]
CHARGES: dict[str, Any] = {
    "supply": {"mains_v": 230.0, "phases": 3, "max_current_a": 16.0, "main_fuse_a": 35.0},
    "meters": {
        "house": {"kind": "http", "url": "http://a/", "current_a": {"path": "a"}},
        "car": {"kind": "http", "url": "http://a/", "power_w": {"path": "a"}},
    },
}


def what_waits(settings: Settings) -> tuple[object, ...]:
    """All that the control process, the guard of the fuse and the page are made of."""
    return (
        settings.board_config(),
        settings.front_end(),
        settings.evse_config(front_end_proved=True, hold_off_s=0.0),
        settings.over_current_config(),
        settings.car_care_config(),
        settings.main_fuse_config(),
        settings.house_meter_config(),
        settings.web_config(),
        settings.safety,
        settings.store,
        settings.logs.dir,
        settings.openevse.enabled,
        settings.supply,
        settings.surplus.car_min_current_a,
    )


def with_another(model: Any, path: list[str]) -> Any:  # noqa: ANN401 - a section, or all of them
    """*model* with another value at *path*, whether it may be had or not."""
    name, *below = path
    value = getattr(model, name)
    if below:
        return model.model_copy(update={name: with_another(value, below)})
    others: dict[type, object] = {bool: not value, float: 7.125, int: 77, str: "another"}
    return model.model_copy(update={name: others.get(type(value), ("another",))})


@pytest.mark.parametrize("key", AT_ONCE)
def test_what_takes_effect_at_once_reaches_nothing_that_waits(key: str) -> None:
    running = Settings(**CHARGES)
    changed = with_another(running, key.split("."))
    assert differences(running, changed) == (key,)
    assert what_waits(changed) == what_waits(running)


def test_the_sections_that_are_changed_most_take_effect_at_once() -> None:
    whole = {key.rpartition(".")[0] for key in AT_ONCE}
    assert {"feed", "surplus", "prices", "mqtt", "ocpp", "notify", "meters.car"} <= whole
    assert {"logs.level", "openevse.announce"} <= set(AT_ONCE)
    waits = {key.rpartition(".")[0] for key in catalogue() if key not in AT_ONCE}
    assert {"supply", "board", "contactor", "inputs", "safety", "meters.house", "web"} <= waits
    assert "surplus.car_min_current_a" not in AT_ONCE


def test_of_a_change_the_rest_waits() -> None:
    running = Settings(**CHARGES)
    supply = CHARGES["supply"] | {"max_current_a": 20.0}
    changes: dict[str, Any] = {
        "supply": supply,
        "surplus": {"reserve_w": 300.0, "car_min_current_a": 8.0},
        "feed": {"kind": "http", "url": "http://b/", "grid_w": {"path": "b"}},
        "logs": {"level": "debug"},
    }
    wanted = Settings(**(CHARGES | changes))
    taken = at_once(running, wanted)
    assert differences(taken, wanted) == ("supply.max_current_a", "surplus.car_min_current_a")
    assert taken.feed_config() == wanted.feed_config()
    assert current(taken, "feed.period_s") == 30.0  # as for any meter of the grid
    assert at_once(taken, running) == running
