# SPDX-License-Identifier: GPL-3.0-or-later
"""`evsed pilot`: watch the wire, for calibration and for looking at a fault.

Where an evsed runs, its figures are shown. Where none does, the board is taken, with the contactor
open and never closed, so that a circuit can be brought up on the bench.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from evsed.boards import lock_board, open_board
from evsed.cli.client import NotAnswered, status_json
from evsed.core.pilot.pilot_meter import PilotMeter, burst_length
from evsed.errors import BoardError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evsed.boards import Board
    from evsed.settings import Settings

EVERY_S = 1.0
TICK_S = 0.02
OPENED_WITHIN_S = 3.0


def watch_pilot(settings: Settings, *, duty: float, times: int) -> int:
    """Print a line a second until Ctrl-C, or *times* lines. Raises `BoardError`, ValueError."""
    if not 0.0 <= duty <= 1.0:
        raise BoardError(f"--duty {duty:g} is no duty; give 0 to 1, 1 is steady +12 V")
    lines = _running(settings) or _own_board(settings, duty)
    for number, line in enumerate(lines, start=1):
        print(line, flush=True)
        if number == times:
            break
    return 0


def _running(settings: Settings) -> Iterator[str] | None:
    """Lines from the evsed that runs here; None when none does."""
    url = f"http://127.0.0.1:{settings.web.port}"
    try:
        status_json(url)
    except NotAnswered:
        return None

    def lines() -> Iterator[str]:
        while True:
            now = status_json(url)
            yield (
                f"{now['state']:>2}  high {_volts(now['high_v'])}  low {_volts(now['low_v'])}  "
                f"duty {now['duty']:.4f}  (read from the running evsed)"
            )
            time.sleep(EVERY_S)

    return lines()


def _own_board(settings: Settings, duty: float) -> Iterator[str]:
    held = lock_board(settings.board_config())  # before anything is touched
    board = open_board(settings.board_config())
    meter = PilotMeter(settings.front_end())
    try:
        until = time.monotonic() + OPENED_WITHIN_S
        while not board.open():
            if time.monotonic() > until:
                raise BoardError("the board did not open within 3 s; is pigpiod running?")
            time.sleep(TICK_S)
        board.set_pilot(duty)
        yield from _measure(board, meter, duty)
    finally:
        board.close()
        held.close()


def _measure(board: Board, meter: PilotMeter, duty: float) -> Iterator[str]:
    shown_at = time.monotonic()
    while True:
        codes = board.sample_pilot(burst_length(duty))
        now = time.monotonic()
        reading = meter.update(now, codes, duty)
        board.beat()
        if now - shown_at >= EVERY_S:
            shown_at = now
            state = reading.settled.value if reading.settled else "-"
            wrong = f"  {reading.anomaly.value}" if reading.anomaly else ""
            yield (
                f"{state:>2}  high {_volts(reading.high_v)}  low {_volts(reading.low_v)}  "
                f"codes {min(codes):4d} to {max(codes):4d}  duty {duty:.4f}{wrong}"
            )
        time.sleep(max(0.0, TICK_S - (time.monotonic() - now)))


def _volts(volts: float | None) -> str:
    return "     - " if volts is None else f"{volts:+6.2f} V"
