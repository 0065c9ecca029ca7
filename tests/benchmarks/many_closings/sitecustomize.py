# SPDX-License-Identifier: GPL-3.0-or-later
"""Lift the budget of closings in every Python process that has this folder in PYTHONPATH.

A benchmark of reactions needs hundreds of closings an hour. evsed allows 12 of them and 60 a day,
and makes them scarcer after five short ones. Nothing but its numbers is changed.
"""

from evsed.core.pilot import closing_budget

closing_budget.PER_HOUR = closing_budget.FREE = 1_000_000
closing_budget.PER_DAY = closing_budget.SPREAD_FROM = 1_000_000
