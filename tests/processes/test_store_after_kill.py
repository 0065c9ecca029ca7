# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9 of the daemon while it charges: at most a minute of energy is lost, the file is sound.

Here it is the whole daemon, in real time; forty lives of the store alone are in tests/.
"""

from __future__ import annotations

import random
import signal
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from tests.processes import stories
from tests.processes.rig import Rig, wait_until
from tests.processes.timeline import MAINS_V

LOST_S = 60.0
SEED = 9


@dataclass(frozen=True, slots=True)
class Life:
    """The database after a life that was killed, and the energy that had flowed by then."""

    kept_wh: float
    flowed_wh: float
    sound: str
    sessions: int


def read(rig: Rig) -> tuple[float, str, int]:
    """Total energy, SQLite's own opinion of the file, and the number of sessions."""
    with closing(sqlite3.connect(rig.folder / "evsed.db")) as database:
        (sound,) = database.execute("PRAGMA integrity_check").fetchone()
        total = database.execute("SELECT value FROM totals WHERE name = 'energy_wh'").fetchone()
        (sessions,) = database.execute("SELECT count(*) FROM sessions").fetchone()
    return total[0] if total else 0.0, sound, sessions


def until_saved(rig: Rig, least_wh: float) -> None:
    wait_until("so much is saved", lambda: read(rig)[0] >= least_wh)


def seen(rig: Rig) -> dict[str, Any] | None:
    """The status, once it has a session."""
    status = rig.status()
    return status if status and status["session"]["active"] else None


def killed_at_random_moments(rig: Rig) -> list[Life]:
    chance = random.Random(SEED)
    lives = []
    rig.charge()
    for least_kept_wh in (0.0, 5.0):  # soon after it began, and after something was saved
        until_saved(rig, least_kept_wh)
        rig.until(rig.now() + chance.uniform(0.0, 5.0))
        rig.life().signal(signal.SIGKILL)
        flowed = rig.pi.timeline().flowed_wh()
        rig.life().ended()
        rig.until_nothing_runs()
        kept, sound, sessions = read(rig)
        lives.append(Life(kept, flowed, sound, sessions))
        daemon = rig.start()
        if len(lives) == 1:
            rig.until_closed(daemon.started_at)
    status = wait_until("the car is seen", lambda: seen(rig))
    assert status is not None
    assert status["session"]["energy_wh"] == status["total_wh"], "it is not the one session"
    lives.append(Life(status["total_wh"], rig.pi.timeline().flowed_wh(), "ok", 1))
    return lives


@stories.of(killed_at_random_moments)
def test_a_killed_daemon_loses_a_minute_of_energy_at_most(outcome: list[Life]) -> None:
    lost_before = 0.0
    for life in outcome[:2]:
        lost = life.flowed_wh - life.kept_wh - lost_before
        lost_before += lost
        # The control process goes on for a moment, and that is not the daemon's to count.
        assert -0.5 <= lost <= 16 * MAINS_V * LOST_S / 3600


@stories.of(killed_at_random_moments)
def test_the_file_is_sound_and_the_session_goes_on_under_its_name(outcome: list[Life]) -> None:
    assert [life.sound for life in outcome] == ["ok", "ok", "ok"]
    assert [life.sessions for life in outcome] == [1, 1, 1]
    assert outcome[2].kept_wh >= outcome[1].kept_wh - 0.001  # JSON has four decimals
