# SPDX-License-Identifier: GPL-3.0-or-later
"""A rate limit on logins: each failed attempt makes the next from the same address wait longer.

Other addresses do not wait, and sessions are not affected. No connection is held open meanwhile: an
attempt that comes too soon is refused at once.
"""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from typing import Final

FREE: Final = 3
"""Attempts that may fail without a wait: people mistype."""
MOST_S: Final = 60.0
"""The longest wait: 1 s, then twice as long after each failure, up to this."""
FORGOTTEN_S: Final = 900.0
"""An address without an attempt for so long is forgotten."""
ADDRESSES_MAX: Final = 1024
"""Addresses that are remembered; then the one with the oldest attempt is forgotten."""


class LoginRateLimiter:
    """Failed attempts by address, and how long each has to wait. Moments are monotonic."""

    def __init__(self) -> None:
        self._failed: dict[str, tuple[int, float]] = {}  # the latest attempt stands last

    def __len__(self) -> int:
        """Addresses that are remembered."""
        return len(self._failed)

    def begin(self, address: str, now: float) -> float:
        """Count an attempt from *address*; return the seconds it has to wait, 0 for none.

        It counts as failed until `succeeded()`, so that many at once do not count as one.
        """
        client = _client(address)
        count, tried_at = self._failed.get(client, (0, now))
        if now - tried_at >= FORGOTTEN_S:
            count = 0
        wait_s = min(MOST_S, 2.0 ** min(count - FREE, 10)) if count >= FREE else 0.0
        left_s = tried_at + wait_s - now
        if left_s > 0:
            return left_s
        self._failed.pop(client, None)
        self._failed[client] = (count + 1, now)
        if len(self._failed) > ADDRESSES_MAX:
            del self._failed[next(iter(self._failed))]
        return 0.0

    def failed(self, address: str, now: float) -> None:
        """Note a failure at *now*: the wait begins with the answer, however slow that was."""
        count, _ = self._failed.get(_client(address), (1, now))
        self._failed[_client(address)] = (count, now)

    def succeeded(self, address: str) -> None:
        """Note that the password from *address* was right."""
        self._failed.pop(_client(address), None)


def _client(address: str) -> str:
    """Return the IPv4 address, or the /64 network of an IPv6 address: one machine has all of it."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or int(parsed) >> 64)
    return str(parsed)
