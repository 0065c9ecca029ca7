# SPDX-License-Identifier: GPL-3.0-or-later
"""[feed]: who says how much power is spare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from evsed.core.text import text
from evsed.feeds.excess import NAMES, feed_numbers
from evsed.settings.common import Applies, Zone, must_be
from evsed.settings.device import AnyText, DeviceSettings, Terms, check_address
from evsed.sources.presets import Transport

BATTERY_MONITOR_S = 10  # it samples the battery so often (BatteryMonitor's getdata.py)
_PAGE = "http://192.168.1.10/excesspwr.php"


class FeedSettings(DeviceSettings):
    """[feed]: the kind of feed, where it is, and how often it has news."""

    applies: ClassVar[Applies] = Applies.AT_ONCE
    named: ClassVar[tuple[str, ...]] = NAMES
    numbers_of = feed_numbers
    measured_defaults: ClassVar[Mapping[str, object]] = {
        # A measured power is of the moment, plain, and comes every few seconds.
        "semantics": "battery_power",
        "period_s": 30.0,
        "window_s": 0.0,
    }

    kind: Literal["batterymonitor", "fixed", Transport] = "batterymonitor"
    url: AnyText = _PAGE
    semantics: Literal["batterymonitor", "battery_power"] = "batterymonitor"
    period_s: float = Field(60.0, ge=1, le=3600)
    window_s: float = Field(10.0, ge=0, le=3600)
    timezone: Zone = ""
    current_a: float = Field(6.0, ge=6, le=80)
    excess_w: Terms = None
    grid_w: Terms = None
    battery_w: Terms = None
    soc: Terms = None
    minimum_w: Terms = None
    maximum_w: Terms = None

    @field_validator("url")
    @classmethod
    def _fits_the_kind(cls, url: str, info: ValidationInfo) -> str:
        kind = info.data.get("kind", "fixed")
        if kind == "fixed":
            return url
        return check_address("http" if kind == "batterymonitor" else kind, url)

    @field_validator("period_s")
    @classmethod
    def _battery_monitor_is_slow(cls, period_s: float, info: ValidationInfo) -> float:
        if period_s < BATTERY_MONITOR_S and info.data.get("kind") == "batterymonitor":
            raise must_be(text("{least_s} to 3600 s", least_s=BATTERY_MONITOR_S))
        return period_s

    @field_validator("window_s")
    @classmethod
    def _window_within_period(cls, window_s: float, info: ValidationInfo) -> float:
        period_s = info.data.get("period_s")
        if period_s is not None and window_s > period_s:
            raise must_be(text("0 to {period_s:g} s, which is feed.period_s", period_s=period_s))
        return window_s
