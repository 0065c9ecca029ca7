# SPDX-License-Identifier: GPL-3.0-or-later
"""The control process: one board, `core`, and a tick every 20 ms.

It is started by the daemon, gets limits from it and reports to it. It does no file,
network or log work, collects no garbage while a car is charging, and runs at real-time priority
where it is granted. When the link ends, or on `StopCharging`, it lets the car go and exits.

::

    tick.py       `Control`: one tick after the other, on one board
    process.py    the process around it: the link, the pace of the ticks, the end
"""

from evsed.control.tick import TICK_S, Control

__all__ = ["TICK_S", "Control"]
