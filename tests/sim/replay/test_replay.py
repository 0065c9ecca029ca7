# SPDX-License-Identifier: GPL-3.0-or-later
"""`evsed replay`: the command, its files, the plant behind it, and the figures it has to reach."""

from __future__ import annotations

import csv
import json
import math
from array import array
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from xml.etree import ElementTree as ET

import pytest

from evsed.cli import main
from evsed.core.solar.allotment import AllotmentConfig
from evsed.sim.dayfiles import read_day
from evsed.sim.demand_manager import Formula
from evsed.sim.replay.charger import Evsed
from evsed.sim.replay.plant import FeedValue, Figures, PlantConfig, measure, play
from evsed.sim.replay.report import total

DAYS = sorted((Path(__file__).parents[2] / "days").glob("*.csv"))
PLACES = Path(__file__).parents[2] / "days/places"


def write(folder: Path, text: str, name: str = "day.csv") -> Path:
    """A file of rows."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def noon(folder: Path, name: str = "noon.csv") -> Path:
    """Two hours of 3 kW with a cloud in the middle."""
    rows = (
        f"{1_700_000_000 + 60 * minute},{0 if 56 <= minute < 60 else 3000}" for minute in range(121)
    )
    return write(folder, "time,surplus_w\n" + "\n".join(rows) + "\n", name)


def evsed(config: AllotmentConfig | None = None) -> Evsed:
    """The production code, with the shipped knobs."""
    rules = config or AllotmentConfig(semantics="battery_power")
    return Evsed(rules, datetime(2026, 6, 21, tzinfo=UTC))


def clear_day(peak_w: float = 5000) -> array[float]:
    """Twelve hours of clear sky over a house that takes 300 W."""
    return array("d", [peak_w * math.sin(math.pi * s / 43_200) ** 1.2 - 300 for s in range(43_200)])


class Always:
    """A charger that offers the same for ever, and keeps what it gets."""

    def __init__(self, offered_a: float) -> None:
        self.offered_a = offered_a
        self.seen: list[tuple[int, FeedValue]] = []

    def on_reading(self, now_s: int, news: FeedValue) -> None:
        self.seen.append((now_s, news))

    def update(self, now_s: int, drawn_a: float) -> tuple[float, bool]:
        del now_s, drawn_a
        return self.offered_a, self.offered_a > 0


# -- the plant -----------------------------------------------------------------------------------


def test_the_car_answers_after_2_s_and_then_moves_4_a_a_second() -> None:
    trace = play(array("d", [5000.0] * 10), PlantConfig(), Always(10.0))
    assert list(trace.drawn_a) == [0, 0, 4, 8, 10, 10, 10, 10, 10, 10]


def test_the_news_is_the_surplus_less_the_draw_at_the_stamp_and_arrives_late() -> None:
    charger = Always(10.0)
    trace = play(array("d", [5000.0] * 200), PlantConfig(feed_latency_s=45), charger)
    assert [at for at, _ in charger.seen] == [45, 105, 165]
    assert [news.value_w for _, news in charger.seen] == [5000, 2700, 2700]
    assert trace.feed_w[150] == 5000 - 230 * trace.drawn_a[120]


def test_a_window_is_averaged_before_the_stamp() -> None:
    charger = Always(0.0)
    sun = array("d", [0.0] * 55 + [1000.0] * 70)
    play(sun, PlantConfig(feed_window_s=12), charger)
    assert charger.seen[1][1].value_w == pytest.approx(500.0)


def test_a_full_battery_throttles_the_panels_and_an_empty_one_closes_the_gate() -> None:
    full = Always(0.0)
    play(array("d", [3000.0] * 121), PlantConfig(battery_kwh=15, soc=1.0), full)
    assert full.seen[-1][1].value_w == 0
    assert full.seen[-1][1].soc == 1.0
    low = Always(0.0)
    mixed = PlantConfig(battery_kwh=1, soc=0.9, semantics="batterymonitor")
    play(array("d", [4000.0] * 3000), mixed, low)
    assert low.seen[0][1].maximum_w == 0
    assert low.seen[-1][1].maximum_w is None


def test_figures_count_negative_surplus_as_none() -> None:
    """An hour at -1000 W and an hour at 2760 W under 6 A: half of the second hour is captured."""
    sun = array("d", [-1000.0] * 3600 + [2760.0] * 3600)
    figures = measure(play(sun, PlantConfig(), Always(6.0)))
    assert figures.surplus_kwh == pytest.approx(2.76)
    assert figures.feasible_kwh == pytest.approx(2.76)
    assert figures.captured_kwh == pytest.approx(1.38)
    assert figures.captured_feasible_pct == pytest.approx(50.0)
    assert figures.battery_kwh == pytest.approx(1.38, abs=0.01)
    assert (figures.starts, figures.min_on_s, figures.min_off_s) == (1, None, None)


def test_a_day_without_sun_has_figures_too() -> None:
    figures = measure(play(array("d", [0.0] * 120), PlantConfig(), Always(0.0)))
    assert figures.captured_pct == figures.captured_feasible_pct == 0.0
    assert total([figures]).captured_pct == 0.0


# -- evsed in it ---------------------------------------------------------------------------------


def played(latency_s: int) -> Figures:
    """The recorded days as one, evsed at its shipped knobs."""
    plant = PlantConfig(feed_latency_s=latency_s)
    return total([measure(play(read_day(day).surplus_w, plant, evsed())) for day in DAYS])


@pytest.mark.parametrize(
    ("latency_s", "captured_pct", "battery_kwh", "starts"),
    [(5, 95.0, 0.82, 4.0), (45, 93.3, 0.98, 4.0)],
)
def test_the_recorded_days_are_charged_as_well_as_promised(
    latency_s: int, captured_pct: float, battery_kwh: float, starts: float
) -> None:
    """Shares of the feasible energy, kWh and starts a day, as the docs have them."""
    figures = played(latency_s)
    assert len(DAYS) == 4
    assert figures.captured_feasible_pct >= captured_pct
    assert figures.battery_kwh / 4 <= battery_kwh
    assert figures.starts / 4 <= starts
    assert figures.min_on_s is not None
    assert figures.min_on_s >= 600
    assert figures.min_off_s is not None
    assert figures.min_off_s >= 300


@pytest.mark.parametrize("latency_s", [5, 59])
@pytest.mark.parametrize("semantics", ["battery_power", "batterymonitor"])
def test_off_the_grid_a_full_battery_hides_no_sun(latency_s: int, semantics: str) -> None:
    """15 kWh, full at dawn, throttled panels: at least 97 % for at most 1.2 kWh."""
    plant = PlantConfig(
        feed_latency_s=latency_s,
        semantics="batterymonitor" if semantics == "batterymonitor" else "battery_power",
        battery_kwh=15,
        soc=1.0,
    )
    figures = measure(play(clear_day(), plant, evsed(AllotmentConfig(semantics=plant.semantics))))
    assert figures.captured_pct >= 97.0
    assert figures.battery_kwh < 1.2


def test_no_step_that_tests_the_car_is_paid_by_the_battery_on_a_slow_feed() -> None:
    """It stands for two readings, which are twenty minutes here: so it goes down, never up."""
    sun = read_day(PLACES / "golden-2012-05-17.csv").surplus_w
    plant = PlantConfig(feed_period_s=600, feed_latency_s=25)
    figures = measure(play(sun, plant, evsed(AllotmentConfig(period_s=600.0))))

    assert figures.battery_kwh < 3.0


@pytest.mark.parametrize(
    ("day", "most_kwh"),
    [("turin-2019-03-06", 2.0), ("golden-2022-01-20", 1.0), ("golden-2012-05-17", 2.2)],
)
@pytest.mark.parametrize("formula", [Formula.PLAIN, Formula.HOUR])
def test_a_plain_figure_that_is_first_read_as_the_newest_ends_in_no_loan(
    day: str, most_kwh: float, formula: Formula
) -> None:
    """The battery stands in for no more than on any such day, and not for all of the car."""
    plant = PlantConfig(semantics="batterymonitor", formula=formula)
    sun = read_day(PLACES / f"{day}.csv").surplus_w
    figures = measure(play(sun, plant, evsed(AllotmentConfig(semantics="batterymonitor"))))

    assert figures.captured_kwh > 3.8
    assert figures.battery_kwh < most_kwh


@pytest.mark.parametrize("latency_s", [0, 5, 16, 27, 38, 45, 53, 56, 58, 59])
def test_the_stiff_feed_is_followed_without_swinging(latency_s: int) -> None:
    """A correction that has been repaired once too often swings for ever; this one settles."""
    sun = array("d", [3000.0] * 3600 + [4500.0] * 7200)
    mixed = PlantConfig(
        feed_latency_s=latency_s, semantics="batterymonitor", battery_kwh=15, soc=0.97
    )
    trace = play(sun, mixed, evsed(AllotmentConfig(semantics="batterymonitor")))
    late_w = [230 * offered_a for offered_a in trace.offered_a[-1800:]]
    assert median(late_w) == pytest.approx(4500, abs=200)
    # A step of at most 3 A tests what the car takes; it lasts three readings at most.
    assert min(late_w) >= 4500 - 3 * 230
    settled = [offered_w for offered_w in late_w if abs(offered_w - median(late_w)) < 100]
    assert len(late_w) - len(settled) <= 3 * 60


def test_the_books_agree_with_the_plant() -> None:
    """The session's energy is an estimate from the offer, a little over what a car's lag leaves."""
    charger = evsed()
    trace = play(clear_day(), PlantConfig(), charger)
    session = charger.finish(len(trace.surplus_w))
    assert session is not None
    assert session.energy_wh / 1000 == pytest.approx(measure(trace).ev_kwh, rel=0.01)
    assert charger.ledger.cycles == 1


def test_a_car_still_charging_at_the_last_row_is_unplugged() -> None:
    charger = evsed()
    play(array("d", [3000.0] * 900), PlantConfig(), charger)
    session = charger.finish(900)
    assert session is not None
    assert session.energy_wh > 0


# -- the command ---------------------------------------------------------------------------------


def test_json_has_a_line_for_each_day(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "--json", str(noon(tmp_path))]) == 0
    day = json.loads(capsys.readouterr().out)
    assert day["day"] == "noon"
    assert {
        "surplus_kwh", "feasible_kwh", "ev_kwh", "captured_kwh", "captured_pct",
        "captured_feasible_pct", "battery_kwh", "starts", "min_on_s", "min_off_s",
        "setpoint_changes", "phase_changes",
    } <= day.keys()  # fmt: skip
    assert day["surplus_kwh"] == pytest.approx(5.8, abs=0.05)
    assert day["starts"] == 1
    assert day["captured_pct"] > 90


def test_the_trace_has_a_row_a_second_and_adds_up_to_the_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "trace.csv"
    assert main(["replay", "--json", "--trace", str(file), str(noon(tmp_path))]) == 0
    rows = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
    assert ",".join(rows[0]) == (
        "t_s,surplus_w,feed_stamp_s,feed_w,offered_a,drawn_a,phases,contactor,rule,reason"
    )
    assert [int(row["t_s"]) for row in rows] == list(range(7201))
    ev_kwh = sum(float(row["drawn_a"]) * 230 for row in rows) / 3.6e6
    assert json.loads(capsys.readouterr().out)["ev_kwh"] == pytest.approx(ev_kwh, abs=0.001)
    for row in rows:
        assert row["contactor"] == "1" or float(row["drawn_a"]) == 0


def test_the_picture_is_sound_and_shows_what_it_should(tmp_path: Path) -> None:
    file = tmp_path / "day.svg"
    assert main(["replay", "--plot", str(file), str(noon(tmp_path))]) == 0
    picture = ET.fromstring(file.read_text(encoding="utf-8"))
    words = " ".join(picture.itertext())
    for word in ("surplus", "offered", "drawn", "battery", "closed", "noon"):
        assert word in words


def test_several_days_run_in_parallel_behind_a_bar(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    days = [str(noon(tmp_path, f"{name}.csv")) for name in ("one", "two")]
    assert main(["replay", "--trace", str(tmp_path / "t.csv"), *days]) == 0
    shown = capsys.readouterr()
    assert "2 of 2 days" in shown.err
    heads = [line.split()[0] for line in shown.out.splitlines() if line.strip()]
    assert heads[heads.index("day") :][:4] == ["day", "one", "two", "all"]
    assert (tmp_path / "t-one.csv").exists()
    assert (tmp_path / "t-two.csv").exists()


def test_one_bad_day_does_not_keep_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = write(tmp_path, "time,surplus_w\n1700000000,5\n1700000060,abc\n", "bad.csv")
    assert main(["replay", "--json", str(bad), str(noon(tmp_path))]) == 65
    shown = capsys.readouterr()
    assert "line 3" in shown.err
    assert json.loads(shown.out)["day"] == "noon"


def test_what_cannot_be_written_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = tmp_path / "no" / "trace.csv"
    assert main(["replay", "--trace", str(nowhere), str(noon(tmp_path))]) == 65
    assert "cannot be written" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(tmp_path / "none.csv")]) == 65
    assert "cannot be read" in capsys.readouterr().err


def test_the_owners_file_is_used_only_when_it_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Shipped settings otherwise, so that figures are comparable; options win over both."""
    config = write(tmp_path, "[supply]\nmax_current_a = 8.0\n", "evsed.toml")
    file = tmp_path / "trace.csv"
    most = []
    for more in ([], ["--config", str(config)], ["--config", str(config), "--max-current", "7"]):
        assert main(["replay", "--trace", str(file), *more, str(noon(tmp_path))]) == 0
        rows = csv.DictReader(file.read_text(encoding="utf-8").splitlines())
        most.append(max(float(row["offered_a"]) for row in rows))
    assert most[0] == pytest.approx(3000 / 230, abs=1.6), "the sun, and a step to test the feed"
    assert most[1:] == [pytest.approx(8.0), pytest.approx(7.0)]
    capsys.readouterr()


@pytest.mark.parametrize("option", ["--max-current=5", "--soc=101", "--feed-latency=x"])
def test_an_impossible_option_is_refused(
    tmp_path: Path, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["replay", option, str(noon(tmp_path))])
    assert "is not between" in capsys.readouterr().err
