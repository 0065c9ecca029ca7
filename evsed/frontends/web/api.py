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
    },
    LimitView: {
        "owner": "who sets it: supply, feed, session, owner, ...",
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
    "`POST /api/v1/ack`": 'acknowledges latched faults: `{"outcome": "..."}`; '
    "only by the local control socket (`[web] socket`)",
    "POST, PUT, PATCH, DELETE under `/api/v1/` over TCP": "403, before the body is looked at",
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
Errors under `/api/` are problem details (RFC 9457, `application/problem+json`). HEAD is answered
wherever GET is.

Units are suffixes: `_a` amperes, `_v` volts, `_w` watts, `_wh` watt-hours, `_s` seconds, `_ms`
milliseconds. Times are ISO 8601 with their offset from UTC. Keys may be added, never renamed.

```sh
curl -s http://evsed.local/api/v1/status | python3 -m json.tool
curl -sN http://evsed.local/api/v1/events
curl -s --unix-socket /run/evsed/evsed.sock -X POST http://evsed/api/v1/ack
```
"""

if __name__ == "__main__":
    sys.stdout.write(documentation())
