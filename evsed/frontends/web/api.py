# SPDX-License-Identifier: GPL-3.0-or-later
"""`/api/v1/status`: the `Status` as JSON, and what each of its keys means.

One table (`MEANINGS`) is both the documentation (docs/api.md is printed from it by
`python -m evsed.frontends.web.api`) and the check that no key goes undocumented. Keys may be
added, never renamed. Units are suffixes: `_a` amperes, `_v` volts, `_w` watts, `_wh` watt-hours,
`_s` seconds, `_ms` milliseconds; the rest are words, counts, true or false, or times of the wall
clock (ISO 8601 with the offset from UTC; null where there is none).
"""

from __future__ import annotations

import json
import sys
from dataclasses import fields, is_dataclass
from datetime import datetime

from evsed.frontends import (
    EventView,
    FaultView,
    LimitView,
    OwnerView,
    SessionView,
    Status,
    TickView,
)

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

VERSION = 1
"""Of the API: the number in `/api/v1/`."""

MEANINGS: dict[type, dict[str, str]] = {
    Status: {
        "at": "when this was put together (the Pi's wall clock, which may be wrong)",
        "version": "of evsed",
        "state": "the settled pilot state: A no car, B1/B2 car there without/with an offer, C1/C2 "
        "car asks, D2 asks for ventilation, E no pilot, F evsed's own fault, - no board",
        "evse_status": "OCPP's name: Available, Preparing, Charging, SuspendedEV, SuspendedEVSE, "
        "Finishing, Unavailable or Faulted",
        "words": "the state as a sentence for people",
        "why": "why the current offered is what it is, for people",
        "board_ok": "whether the wires answer",
        "ticking": "whether the control process comes round",
        "high_v": "the high plateau of the pilot",
        "low_v": "the low plateau; null while there is none (steady +12 V)",
        "duty": "of the pilot, 0-1; 1 is steady +12 V: nothing offered",
        "contactor_closed": "whether the car is connected to the mains",
        "offered_a": "what the pilot tells the car it may take; 0 while nothing is offered",
        "drawn_a": "what the car takes; without a meter, what it is offered while charging",
        "drawn_measured": "whether drawn_a, power_w and the energies come from a meter",
        "power_w": "what the car takes, over all phases",
        "mains_v": "line to neutral, as set or measured",
        "phases": "how many phases the car is charged on",
        "excess_w": "the feed's last word: spare watts, negative when too much is taken",
        "available_w": "what the car may use of the sun: excess plus what it draws already",
        "feed_kind": "where news of spare power comes from",
        "feed_age_s": "how old that news is, by the feed's own clock",
        "feed_error": "what is wrong with the feed; null when nothing is",
        "limits": "every ceiling on the current; the lowest wins",
        "limited_by": "the owner of the lowest one",
        "session": "the charge under way, or the last one",
        "day_wh": "energy since midnight",
        "total_wh": "energy ever",
        "contactor_cycles": "how often the contactor has closed, ever",
        "faults": "what is wrong now or latched, with what to do; empty when all is well",
        "events": "the recent past",
        "tick": "how the control process fares",
        "uptime_s": "since evsed started",
        "owner": "what the owner wishes",
    },
    LimitView: {
        "owner": "who sets it: supply, feed, owner, session, schedule, ...",
        "max_a": "the ceiling; under 6 A means no charging",
        "reason": "for people",
        "left_s": "until it ends or is thought over; null without a timer",
    },
    SessionView: {
        "active": "false: it has ended",
        "energy_wh": "given to the car",
        "charge_s": "with the contactor closed",
        "peak_a": "the most that was taken",
        "started": "when the car was plugged in; null before the first session",
        "energy_measured": "false: an estimate from the current offered and mains_v",
    },
    FaultView: {
        "name": "EVerest's name for it",
        "what": "what happened",
        "done": "what evsed did about it",
        "todo": "what to do now",
        "recovery": "how it ends: auto, unplug, acknowledge or service",
        "since": "when it began",
    },
    EventView: {
        "at": "when",
        "text": "what, for people",
        "level": "info, warning or error",
    },
    OwnerView: {
        "mode": "off; solar: the sun alone; solar_min: the sun, and the least current without it; "
        "fast: all that supply and feed allow",
        "session_kwh": "kilowatt-hours that this session, or the next, ends with (0.1-1000); "
        "forgotten when the car is unplugged; null: no such limit",
        "session_h": "hours with power that it ends with (0.1-168); the same",
        "max_current_a": "the most on each phase (6-80); null: what the supply allows",
        "window": 'when charging is allowed, such as "Mon-Fri 22:00-06:00", by the Pi\'s clock; '
        "null: always",
    },
    TickView: {
        "count": "ticks since the control process started",
        "worst_ms": "the longest of the last minute",
        "late": "how many came so late that a dead-man may have fired",
    },
}

DERIVED = {
    "api": "the version of this API",
    "classic_state": "State of the classic line: 1 no car, 2 connected, 3 charging, 4 error",
}
"""Keys of the status that are no field of `Status`."""


def status_json(status: Status) -> bytes:
    """The body of `/api/v1/status`."""
    told: dict[str, Json] = {"api": VERSION, "classic_state": status.classic_state}
    for field in fields(status):
        told[field.name] = _plain(getattr(status, field.name))
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False).encode()


def owner_json(status: Status, outcome: str | None = None) -> bytes:
    """The body of `/api/v1/owner`; *outcome* is what came of a change, in words."""
    told: dict[str, Json] = {"api": VERSION}
    for field in fields(status.owner):
        told[field.name] = _plain(getattr(status.owner, field.name))
    if outcome is not None:
        told["outcome"] = outcome
    return json.dumps(told, ensure_ascii=False).encode()


def _plain(value: object) -> Json:
    """*value* in JSON's own kinds; numbers to four decimals, which is finer than any is known."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            # JSON knows neither infinity nor NaN; evsed has no reason to send either.
            return round(value, 4) if abs(value) < float("inf") else None
        case datetime():
            return value.astimezone().isoformat(timespec="milliseconds")
        case tuple():
            return [_plain(one) for one in value]
        case _ if is_dataclass(value) and not isinstance(value, type):
            return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
        case _:
            raise TypeError(f"{type(value).__name__} has no form in JSON")


def documentation() -> str:
    """docs/api.md."""
    answers = "".join(f"| {address} | {text} |\n" for address, text in ADDRESSES.items())
    lines = [INTRODUCTION + answers + CONVENTIONS]
    for kind, meanings in MEANINGS.items():
        lines += [f"## {TITLES[kind]}", "", "| key | kind | meaning |", "|---|---|---|"]
        if kind is Status:
            lines += [f"| `{key}` | number | {text} |" for key, text in DERIVED.items()]
        kinds = {field.name: str(field.type) for field in fields(kind)}
        lines += [f"| `{key}` | {_spoken(kinds[key])} | {text} |" for key, text in meanings.items()]
        lines.append("")
    return "\n".join(lines)


def _spoken(annotation: str) -> str:
    """JSON's word for a field's annotation."""
    optional = annotation.endswith(" | None")
    bare = annotation.removesuffix(" | None")
    if bare.startswith("tuple["):
        kind = f"list of {bare[6:].split(',')[0].removesuffix('View').lower()}s"
    else:
        kind = SPOKEN.get(bare) or bare.removesuffix("View").lower()
    return f"{kind} or null" if optional else kind


SPOKEN = {
    "str": "text",
    "int": "number",
    "float": "number",
    "bool": "true or false",
    "datetime": "time",
}

TITLES = {
    Status: "Status",
    LimitView: "A limit",
    SessionView: "The session",
    FaultView: "A fault",
    EventView: "An event",
    OwnerView: "The owner's wishes",
    TickView: "The tick",
}

ADDRESSES = {
    "`GET /`": "the page, to a browser (`Accept` names `text/html`); "
    "the classic line to anything else",
    "`GET /api/v1/status`": "the status as JSON, below",
    "`GET /api/v1/events`": "the same JSON as server-sent events (`data:` lines): at once, at each "
    "change, at most twice a second, at least every 2 s; "
    "503 when too many listen: poll the status instead",
    "`GET /api/v1/recent`": "the last hour: `every_s` between points, and three lists with the "
    "newest last: `available_w` (null where the feed said nothing), `offered_w` and `power_w`; "
    "forgotten at a restart",
    "`GET /api/v1/owner`": "what the owner wishes, below",
    "`PATCH /api/v1/owner`": "changes the wishes that the JSON object names, null takes one away; "
    "answers as GET does, with `outcome` in words; 422 where one cannot be granted, with `errors`: "
    "`pointer` to the key and `detail`; nothing is changed then",
    "`PUT /api/v1/owner`": "the same, and what is not named gets its default",
    "`POST /api/v1/ack`": 'acknowledges latched faults: `{"outcome": "..."}`',
    "`GET /api/v1/login`": "`password_set`, and whether this browser is `logged_in`",
    "`POST /api/v1/login`": 'takes `{"password": "..."}` and gives the session\'s cookie '
    "(HttpOnly, SameSite=Strict, 30 days); 401 for a wrong one; 429 with `Retry-After` after "
    "several from one address",
    "`DELETE /api/v1/login`": "ends the session",
    "`GET /healthz`": "200 while the control tick drives a board, else 503",
    "anything else under `/api/`": "404, or 405 with `Allow`",
    "anything else, any method": "the classic line, as text",
}

INTRODUCTION = """\
# evsed over HTTP

Printed by `python -m evsed.frontends.web.api`; a test compares.

| address | answer |
|---|---|
"""

CONVENTIONS = """
Reading is open to the network. Orders (POST, PUT, PATCH, DELETE under `/api/v1/`) are taken:

- by the control socket (`[web] socket`) from whoever may open it;
- over the network from whoever is logged in: 403 while no password is set (`sudo evsed password`),
  401 without a session, both before the body is looked at (`POST` and `DELETE /api/v1/login` need
  none). The Host must be an address, a name without dots, one that ends in .local, .lan,
  .home.arpa or .internal, or one in `[web] names`; an Origin must be that host: else 403.

Bodies are `application/json`, 4 KiB at most.

The connection is not encrypted: who can listen in on your network learns the password.

Errors under `/api/` are problem details (RFC 9457, `application/problem+json`). HEAD is answered
wherever GET is.

Units are suffixes: `_a` amperes, `_v` volts, `_w` watts, `_wh` watt-hours, `_s` seconds, `_ms`
milliseconds. Times are ISO 8601 with their offset from UTC. Keys may be added, never renamed.

```sh
curl -s http://evsed.local/api/v1/status | python3 -m json.tool
curl -sN http://evsed.local/api/v1/events
curl -s --unix-socket /run/evsed/control.sock -X POST http://evsed/api/v1/ack
curl -s -c cookies -H 'Content-Type: application/json' -d '{"password": "..."}' \\
  http://evsed.local/api/v1/login
curl -s -b cookies -X PATCH -H 'Content-Type: application/json' -d '{"mode": "fast"}' \\
  http://evsed.local/api/v1/owner
```
"""

if __name__ == "__main__":
    sys.stdout.write(documentation())
