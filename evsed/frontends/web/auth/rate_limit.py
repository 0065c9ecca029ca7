# SPDX-License-Identifier: GPL-3.0-or-later
"""Tries of the password: each that fails makes the next from the same address wait longer.

Other addresses wait for nothing, and who is logged in is not asked. Nothing is held open meanwhile:
who comes too early is told so at once.
"""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from typing import Final

FREE: Final = 3
"""So many may fail without a wait: fingers slip."""
MOST_S: Final = 60.0
"""The longest wait: 1 s, then twice as long after each failure, up to this."""
FORGOTTEN_S: Final = 900.0
"""An address that has not tried for so long begins anew."""
KEPT: Final = 1024
"""So many addresses are remembered; then whoever tried longest ago is forgotten."""


class LoginRateLimiter:
    """Who has tried in vain, how often, and until when it has to wait. Moments are monotonic."""

    def __init__(self) -> None:
        self._failed: dict[str, tuple[int, float]] = {}  # the one that tried last stands last

    def __len__(self) -> int:
        """How many addresses are remembered."""
        return len(self._failed)

    def begin(self, address: str, now: float) -> float:
        """A try from *address*; the seconds it has to wait, 0 where it may go on.

        It counts as failed until `succeeded()`: many at once must not pass for one.
        """
        who = _whose(address)
        count, tried_at = self._failed.get(who, (0, now))
        if now - tried_at >= FORGOTTEN_S:
            count = 0
        wait_s = min(MOST_S, 2.0 ** min(count - FREE, 10)) if count >= FREE else 0.0
        left_s = tried_at + wait_s - now
        if left_s > 0:
            return left_s
        self._failed.pop(who, None)
        self._failed[who] = (count + 1, now)
        if len(self._failed) > KEPT:
            del self._failed[next(iter(self._failed))]
        return 0.0

    def failed(self, address: str, now: float) -> None:
        """The try has failed by *now*: the wait begins with the answer, however slow that was."""
        count, _ = self._failed.get(_whose(address), (1, now))
        self._failed[_whose(address)] = (count, now)

    def succeeded(self, address: str) -> None:
        """*address* knows the password."""
        self._failed.pop(_whose(address), None)


def _whose(address: str) -> str:
    """One machine: its IPv4 address, or of an IPv6 address the network of which it has all."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or int(parsed) >> 64)
    return str(parsed)
