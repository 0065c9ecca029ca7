# SPDX-License-Identifier: GPL-3.0-or-later
"""The zone of the machine with its rules, which the moments of `datetime.astimezone()` lack."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo


class LocalZone(tzinfo):
    """The zone that the machine is set to, by the C library: it knows when clocks are changed."""

    def utcoffset(self, when: datetime | None) -> timedelta | None:
        """Return the offset at *when*, a time on the wall."""
        return None if when is None else when.replace(tzinfo=None).astimezone().utcoffset()

    def dst(self, _when: datetime | None) -> timedelta | None:
        """Return None: nothing here needs the part that summer time has in the offset."""
        return None

    def tzname(self, when: datetime | None) -> str | None:
        """Return the zone's short name at *when*."""
        return None if when is None else when.replace(tzinfo=None).astimezone().tzname()

    def fromutc(self, when: datetime) -> datetime:
        """Return *when*, which is UTC, on the wall."""
        local = when.replace(tzinfo=UTC).astimezone()
        return local.replace(tzinfo=self)
