# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9 at random moments: the database stays sound, and at most a minute of energy is lost."""

from __future__ import annotations

import random
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from evsed.core.energy.sessions import SavedTotals
from evsed.store import Store

ROOT = Path(__file__).parents[2]
LIVES = 40
MOST_LOST_WH = 60.0
"""A minute at 1 Wh a second."""


def life_and_death(path: Path, seconds: int) -> float:
    """Kill a life that charges after *seconds* of made-up time, by its report; return its Wh.

    It goes on until the signal arrives, most likely into the middle of a save: there it spends
    nearly all of its time.
    """
    script = str(ROOT / "tests/processes/charge_until_killed.py")
    with subprocess.Popen(
        [sys.executable, "-S", script, str(path)],  # -S: the standard library alone, started fast
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": str(ROOT)},
    ) as life:
        assert life.stdout is not None
        told = life.stdout.read(8 * seconds)
        life.kill()
        told += life.stdout.read()
    assert len(told) >= 8 * seconds, "it died by itself"
    (reached_wh,) = struct.unpack_from("d", told, len(told) // 8 * 8 - 8)
    return float(reached_wh)


def read(path: Path) -> SavedTotals:
    store = Store(path)
    try:
        history = store.load()
        assert store.moved_aside is None
        return history
    finally:
        store.close()


@pytest.mark.source
def test_forty_lives_killed_at_random_lose_at_most_a_minute_each(tmp_path: Path) -> None:
    path, chance = tmp_path / "evsed.db", random.Random(8)
    kept_wh = 0.0
    lost = []
    for _ in range(LIVES):
        reached_wh = life_and_death(path, seconds=chance.randint(1, 2000))

        history = read(path)
        assert kept_wh <= history.total_wh <= reached_wh + 1
        kept_wh = history.total_wh
        lost.append(reached_wh - kept_wh)
        assert lost[-1] <= MOST_LOST_WH
        # One save is one truth: session, days and lifetime agree, and it is still the one session.
        assert sum(day.energy_wh for day in history.days) == pytest.approx(kept_wh)
        (left,) = history.left_open
        assert left.record.id == "only"
        assert left.record.energy_wh == pytest.approx(kept_wh)

    assert kept_wh > 10_000
    assert len(set(lost)) > 5, "the moments were not random"
