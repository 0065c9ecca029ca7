# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of BatteryMonitor's excesspwr.php, byte for byte as PHP prints it.

Each power stands twice, so that a reader recognises a page that was cut while it was written. From
PHP 8.1 on a deprecation notice stands in front of the values. The plain form has the same lines
without tags, each ending in two spaces.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

_HEAD: Final = """\
<!DOCTYPE html>
<html>
<head>
<title>Excess Power</title>
</head>

<body>

<style>
</style>

"""
_PHP_ERROR: Final = "<b>Error:</b> [8192] Function strftime() is deprecated\n"
_META: Final = """\
<!-- <meta http-equiv="refresh" content="60"> -->
<meta http-equiv=cache-control" content="no-cache">
<meta http-equiv=pragma" content="no-cache">

"""
_FOOT: Final = "\n</body>\n</html>\n"


@dataclass(frozen=True, slots=True)
class PageReading:
    """One reading: the moment of the battery sample (the server's local time) and three powers."""

    stamp: datetime
    excess_w: float
    minimum_w: float = 0.0
    maximum_w: float = 5_000.0


def _lines(summary: PageReading, server_now: datetime) -> list[str]:
    excess = f"Excess solar power available {round(summary.excess_w)}W"
    minimum = f"Minimum demand energy {round(summary.minimum_w)}W"
    maximum = f"Maximum demand energy  {round(summary.maximum_w)}W"
    return [
        f"Current Time {server_now:%Y%m%d%H%M%S}",
        f"Timestamp {summary.stamp:%Y%m%d%H%M%S}",
        *(excess, excess, minimum, minimum, maximum, maximum),
    ]


def render_page(summary: PageReading, server_now: datetime, *, php_error: bool = True) -> str:
    """The page; *php_error* is the line that PHP 8.1 and later put on it."""
    values = "".join(f"<p>{line}</p>\n" for line in _lines(summary, server_now))
    return _HEAD + (_PHP_ERROR if php_error else "") + _META + values + _FOOT


def render_text(summary: PageReading, server_now: datetime, *, php_error: bool = False) -> str:
    """The plain form; with *php_error* the notice stands there without its tags, too."""
    notice = ["Error: [8192] Function strftime() is deprecated"] if php_error else []
    return "".join(f"{line}  \n" for line in [*notice, *_lines(summary, server_now)])
