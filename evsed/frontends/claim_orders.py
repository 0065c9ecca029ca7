# SPDX-License-Identifier: GPL-3.0-or-later
"""A claim as programs order it in JSON, by MQTT and by HTTP alike. Pure."""

from __future__ import annotations

from typing import Final

from evsed.core.text import text
from evsed.core.user.claims import Claim

LONGEST_CLAIM_S: Final = 7 * 24 * 3600.0


def read_claim(value: object, now: float, *, yields: bool = False) -> Claim:
    """Return the claim in *value*; its deadline counts from *now*, monotonic seconds.

    *yields*: a mode that the owner chooses ends what it says of charging.

    `{"charging": true, "max_current_a": 10, "until_unplugged": true, "for_s": 600}`; each key may
    be left out. A bare true or false is the key `charging`. Raises `ValueError`.
    """
    if isinstance(value, bool):
        value = {"charging": value}
    if not isinstance(value, dict):
        raise ValueError(text('a claim is JSON such as {"charging": true, "max_current_a": 10}'))  # noqa: TRY004 - of JSON
    unknown = value.keys() - {"charging", "max_current_a", "until_unplugged", "for_s"}
    if unknown:
        raise ValueError(
            text(
                "a claim has no {key}; there are charging, max_current_a, "
                "until_unplugged and for_s",
                key=repr(min(unknown)[:30]),
            )
        )
    for_s = _number(value, "for_s", LONGEST_CLAIM_S)
    return Claim(
        charging=_truth(value, "charging"),
        max_current_a=_number(value, "max_current_a", 80.0),
        until_unplugged=bool(_truth(value, "until_unplugged")),
        until_at=None if for_s is None else now + for_s,
        kept=for_s is None,
        yields=yields,
    )


def _truth(value: dict[str, object], key: str) -> bool | None:
    found = value.get(key)
    if found is None or isinstance(found, bool):
        return found
    raise ValueError(text("{key} must be true or false", key=key))


def _number(value: dict[str, object], key: str, most: float) -> float | None:
    found = value.get(key)
    if found is None:
        return None
    # bool is an int to Python; NaN lies in no range.
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found <= most:
        raise ValueError(text("{key} must be a number from 0 to {most:g}", key=key, most=most))
    return float(found)
