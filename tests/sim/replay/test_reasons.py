# SPDX-License-Identifier: GPL-3.0-or-later
"""The reasons: in the table, the trace, the picture and the page."""

from __future__ import annotations

import csv
import json
import re
from datetime import UTC, datetime
from itertools import groupby, pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from evsed.cli import main
from evsed.core.solar.allotment import AllotmentReason, AllotmentRule
from evsed.sim.replay.stretches import story, stretches
from tests.sim.replay.days import cloudy, write_day


def reasons_of(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    """The reasons of the cloudy day, as JSON has them."""
    assert main(["replay", "--json", str(write_day(folder / "day.csv", cloudy))]) == 0
    found: list[dict[str, str]] = json.loads(capsys.readouterr().out)["reasons"]
    return found


def test_a_day_is_told_from_the_wait_over_start_and_cloud_to_the_stop(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kinds = [kind for kind, _ in groupby(line["kind"] for line in reasons_of(tmp_path, capsys))]
    assert kinds[:5] == ["wait", "start", "charge", "lent", "charge"], "a test of the feed first"
    assert kinds.index("stop") > kinds.index("lent")


def test_each_reason_begins_when_the_one_before_ends(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = reasons_of(tmp_path, capsys)
    for before, after in pairwise(lines):
        assert before["to"] == after["from"]
    assert lines[0]["from"] == "2026-06-21T09:00:00+00:00"


def test_the_stop_says_what_ended_the_charge(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stop = next(line for line in reasons_of(tmp_path, capsys) if line["kind"] == "stop")
    assert "the battery had lent" in stop["text"]
    assert "0.2 kW spare" in stop["text"]


def test_the_energies_of_the_stretches_are_what_the_car_got(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", "--json", str(write_day(tmp_path / "day.csv", cloudy))]) == 0
    day = json.loads(capsys.readouterr().out)
    assert sum(line["kwh"] for line in day["reasons"]) == pytest.approx(day["ev_kwh"], abs=0.01)


def test_seconds_of_doubt_do_not_make_a_stretch_of_their_own() -> None:
    waiting = AllotmentReason(AllotmentRule.WAITING, need_w=1380, spare_w=900)
    confirming = AllotmentReason(AllotmentRule.CONFIRMING, need_w=1380, spare_w=1500)
    reasons = [waiting] * 300 + [confirming] * 20 + [waiting] * 300
    found = stretches(reasons, [0] * 620, [0.0] * 620)
    assert [(stretch.from_s, stretch.to_s) for stretch in found] == [(0, 620)]
    assert found[0].describe() == "waiting for 1.38 kW: 0.9 to 1.5 kW spare"


def test_the_table_shows_when_and_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(write_day(tmp_path / "day.csv", cloudy))]) == 0
    shown = capsys.readouterr().out
    assert "09:00:00 - 09:01" in shown
    assert "waiting for another figure, which tells power from the charge" in shown
    assert re.search(r"09:01:\d\d - 09:2", shown)
    assert re.search(r"waiting for 1\.\d+ kW: -0\.[34] to (2\.9|3\.0) kW spare", shown)
    assert "the battery lends" in shown


def test_what_each_column_was_taken_for_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(write_day(tmp_path / "day.csv", cloudy))]) == 0
    shown = capsys.readouterr().out
    assert "'surplus_w': surplus, W, added" in shown
    assert "2026-06-21 09:00:00 to 11:59:00, a row every 1min; no gaps" in shown


def test_the_trace_has_the_reason_of_each_second(tmp_path: Path) -> None:
    file = tmp_path / "trace.csv"
    assert main(["replay", "--trace", str(file), str(write_day(tmp_path / "d.csv", cloudy))]) == 0
    rows = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
    assert rows[0]["rule"] == "no_news_yet"
    assert {"waiting", "starting", "following", "lending"} <= {row["rule"] for row in rows}
    assert all(row["reason"] for row in rows)


def test_the_picture_shows_each_reason_when_hovered_and_has_them_as_text(tmp_path: Path) -> None:
    file = tmp_path / "day.svg"
    assert main(["replay", "--plot", str(file), str(write_day(tmp_path / "d.csv", cloudy))]) == 0
    picture = ET.fromstring(file.read_text(encoding="utf-8"))
    space = {"svg": "http://www.w3.org/2000/svg"}
    assert picture.get("aria-label", "").endswith(": power over the day")
    hovered = [title.text for title in picture.findall("svg:g/svg:title", space)]
    described = picture.findtext("svg:desc", "", space).splitlines()
    assert hovered == described
    assert any("lent: " in line and "the battery lends" in line for line in described)


def test_the_page_has_everything_in_one_file(tmp_path: Path) -> None:
    file = tmp_path / "day.html"
    assert main(["replay", "--html", str(file), str(write_day(tmp_path / "d.csv", cloudy))]) == 0
    page = file.read_text(encoding="utf-8")
    assert "<svg" in page
    assert "the battery lends" in page
    assert "surplus_w" in page
    for beyond in ("src=", "href=", "<script", "@import", "url("):
        assert beyond not in page


def test_a_run_that_is_kept_up_says_how_long_from_its_beginning() -> None:
    """Its last second would say one second, whatever its length."""
    left = [
        AllotmentReason(AllotmentRule.MIN_ON, spare_w=500.0, left_s=300.0 - at) for at in range(300)
    ]
    found = stretches(left, [1] * 300, [1380.0] * 300)
    assert "running for another 300 s" in found[0].describe()


def test_a_loan_that_the_least_run_exceeded_is_no_share_of_anything() -> None:
    run = [AllotmentReason(AllotmentRule.MIN_ON, loan_limit_wh=8.0, battery_loan_wh=200.0)] * 300
    wait = [AllotmentReason(AllotmentRule.WAITING)] * 300
    found = stretches([*run, *wait], [1] * 300 + [0] * 300, [0.0] * 600)
    lines = story(found, datetime(2026, 6, 14, tzinfo=UTC))
    assert lines[-1].text.startswith("the battery had lent 200 Wh; ")
