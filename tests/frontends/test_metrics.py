# SPDX-License-Identifier: GPL-3.0-or-later
"""The status as Prometheus reads it."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace

import pytest

from evsed.frontends.metrics import metrics, render
from evsed.frontends.views import LimitView, PartView
from tests.frontends.web.web_world import CHARGING, FAULTED, served


def value(text: str, series: str) -> float:
    """The value of *series* in *text*."""
    (line,) = (line for line in text.splitlines() if line.rpartition(" ")[0] == series)
    return float(line.rpartition(" ")[2])


def test_base_units_and_full_precision() -> None:
    text = render(replace(CHARGING, total_wh=1_234_567.25))
    assert value(text, "evsed_energy_joules_total") == 1_234_567.25 * 3600
    assert value(text, "evsed_power_watts") == 2162.0
    assert value(text, "evsed_offered_amperes") == 9.4
    assert value(text, 'evsed_state{state="Charging"}') == 1
    assert value(text, 'evsed_state{state="Faulted"}') == 0
    assert value(text, 'evsed_limit_amperes{owner="feed"}') == 9.4
    assert value(text, "evsed_tick_worst_seconds") == 0.0064


def test_what_is_not_known_is_absent() -> None:
    text = render(replace(CHARGING, available_w=None, feed_age_s=None))
    assert "evsed_available_watts" not in text
    assert "evsed_feed_age_seconds" not in text
    assert "nan" not in text.lower()


def test_a_fault_is_a_series_by_its_name() -> None:
    assert value(render(FAULTED), 'evsed_fault{fault="DiodeFault"}') == 1
    assert value(render(FAULTED), "evsed_faults") == 1
    assert "evsed_fault{" not in render(CHARGING)


def test_an_owner_with_two_limits_is_one_series() -> None:
    limits = (LimitView("session", 32.0, ""), LimitView("session", 0.0, ""))
    assert (
        value(render(replace(CHARGING, limits=limits)), 'evsed_limit_amperes{owner="session"}') == 0
    )


def test_a_label_cannot_end_its_line() -> None:
    parts = (PartView('a"b\\c\nd', "running", "", 3),)
    text = render(replace(CHARGING, parts=parts))
    assert value(text, r'evsed_part_restarts_total{part="a\"b\\c\nd"}') == 3


def test_no_name_is_there_twice() -> None:
    names = [metric.name for metric in metrics(CHARGING)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("status", [CHARGING, FAULTED])
def test_promtool_has_nothing_to_say(status: object) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("no promtool here: sudo apt install prometheus")
    assert isinstance(status, type(CHARGING))
    done = subprocess.run(
        [promtool, "check", "metrics"],
        input=render(status),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


async def test_it_is_served_in_the_format_that_prometheus_asks_for() -> None:
    async with served() as evsed:
        wire = await evsed.wire()
        status, headers, body = await wire.ask("GET /metrics")
        assert (status, headers["content-type"]) == (
            200,
            "text/plain; version=0.0.4; charset=utf-8",
        )
        assert body.decode() == render(CHARGING)
