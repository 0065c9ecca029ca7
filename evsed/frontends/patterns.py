# SPDX-License-Identifier: GPL-3.0-or-later
"""The forms in which evsed writes windows and plans, as patterns (regular expressions)."""

from __future__ import annotations

from typing import Final

from evsed.core.user.plan import MOST_GOALS
from evsed.core.user.weekly_window import MOST_RANGES

_DAY = "(Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_TIME = "([01][0-9]|2[0-3]):[0-5][0-9]"
_RANGE = f"({_DAY}(-{_DAY})?(,{_DAY}(-{_DAY})?)* )?{_TIME}-({_TIME}|24:00)"
WINDOW_PATTERN: Final = f"^{_RANGE}(, {_RANGE}){{0,{MOST_RANGES - 1}}}$"
"""The form in which evsed writes a weekly window; it also reads longer names of days and more
spaces."""
EMPTY_RANGE: Final = r"(..:..)-\1(,|$)"
"""A range that ends when it begins."""

_KWH = "(0[.][1-9][0-9]{0,5}|[1-9][0-9]{0,2}([.][0-9]{1,5})?|1000)"
_31 = "(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])"
_30 = "(0[469]|11)-(0[1-9]|[12][0-9]|30)"
_28 = "02-(0[1-9]|1[0-9]|2[0-8])"
_WHEN = f"(20[0-9]{{2}}-({_31}|{_30}|{_28}) |{_DAY}(-{_DAY})?(,{_DAY}(-{_DAY})?)* )?{_TIME}"
_GOAL = f"{_KWH} kWh by {_WHEN}"
PLAN_PATTERN: Final = f"^{_GOAL}(, {_GOAL}){{0,{MOST_GOALS - 1}}}$"
"""The form in which evsed writes a plan, and the same without a day; it also reads other spaces,
longer names of days and states of charge."""
