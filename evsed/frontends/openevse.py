# SPDX-License-Identifier: GPL-3.0-or-later
"""evsed in OpenEVSE's terms: the `Status` in its JSON, and its orders as controls.

It covers the requests of Home Assistant's and evcc's own clients; the names and units are those of
the HTTP interface of OpenEVSE's WiFi firmware (its api.yml). It identifies itself as evsed, and
leaves out every value that evsed does not know.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC
from typing import Any, Final

from evsed.core.pilot.faults import Fault
from evsed.core.solar.allotment_config import Mode
from evsed.core.user.claims import Claim
from evsed.core.user.controls import RANGES, Controls, ControlsError
from evsed.frontends.status import Status
from evsed.frontends.views import ClaimView

JsonObject = dict[str, Any]
"""A JSON object."""

PROGRAM: Final = "openevse"
"""The name under which every client of this interface has its claim."""
MANUAL: Final = "65537"
"""OpenEVSE's number of the client "manual" (evse_man.h): it claims by /override, others by their
number under /claims."""
API_LEVEL: Final = "4.2.2"
"""The firmware whose interface this is. Clients derive from it what they may request: overrides
from 4.1.2 on, claims from 4.1.0; from 5.0.0 on they would request limits, which evsed keeps
itself."""

LEAST_A, MOST_A, _ = RANGES["max_current_a"]

NOT_CONNECTED: Final = 1
CONNECTED: Final = 2
CHARGING: Final = 3
SLEEPING: Final = 254
UNKNOWN: Final = 0
FAULT_STATES: Final = {
    Fault.VENTILATION: 4,
    Fault.DIODE: 5,
    Fault.GROUND: 6,
    Fault.CONTACTOR: 8,
    Fault.GROUND_TEST: 9,
    Fault.TEMPERATURE: 10,
    Fault.OVER_CURRENT: 11,
}
"""OpenEVSE's numbers; evsed's other faults have none there and are `UNKNOWN`."""

NORMAL, ECO = "1", "2"
"""Its divert modes: full power, or solar surplus."""

EVSED_ID: Final = b"evsed as OpenEVSE"


CLOCKS: Final = frozenset({"uptime", "time", "divert_update"})
"""Keys that move by themselves: no reason to send a message. OpenEVSE sends them every 30 s."""
MEASURED: Final = frozenset(
    {
        "amp", "voltage", "power", "available_current", "elapsed", "session_elapsed",
        "phase_set", "session_energy", "total_day", "total_energy",
    }
)  # fmt: skip
"""Keys that move with every reading while a car charges: each message makes Home Assistant write a
row for each of them, and ask for the override again."""


def read_claim(body: Mapping[str, object], client: str, *, until_unplugged: bool) -> Claim:
    """Return the claim of *client* in *body*; *until_unplugged* where it has no `auto_release`.

    Fewer than 6 A become 6, as with OpenEVSE: a pilot cannot offer less. Raises ValueError.
    """
    for key in body:
        if key not in ("state", "charge_current", "max_current", "auto_release", *LIMITS):
            raise ValueError(f"evsed knows no {key[:30]!r} here, and nothing was changed")
    state = body.get("state")
    if state not in ("active", "disabled", None):
        raise ValueError('state must be "active" or "disabled"; nothing was changed')
    release = body.get("auto_release", until_unplugged)
    if release is not True and release is not False:
        raise ValueError("auto_release must be true or false; nothing was changed")
    amperes = [_amperes(key, body.get(key)) for key in ("charge_current", "max_current")]
    return Claim(
        charging=None if state is None else state == "active",
        max_current_a=min((limit for limit in amperes if limit is not None), default=None),
        until_unplugged=release,
        yields=True,
        kept=True,
        client=client,
    )


LIMITS: Final = {"energy_limit": ("session_kwh", 1000), "time_limit": ("session_h", 3600)}
"""OpenEVSE's limits of a session (watt-hours, seconds): the control of evsed's that each is, and
how many make its unit."""


def read_limits(body: Mapping[str, object]) -> dict[str, object]:
    """Return the controls for the limits in *body*; 0 and null end one. Raises ValueError."""
    patch: dict[str, object] = {}
    for key, (control, units) in LIMITS.items():
        if key not in body:
            continue
        value = body[key]
        if isinstance(value, bool) or not isinstance(value, int | float | None):
            raise ValueError(f"{key} must be a number; nothing was changed")  # noqa: TRY004 - of JSON
        patch[control] = value / units if value else None
    try:
        Controls().updated(patch)
    except ControlsError as error:
        raise ValueError(f"{error}; nothing was changed") from error
    return patch


def status(now: Status) -> JsonObject:
    """Return the JSON of `/status`."""
    ready = ready_to_charge(now)
    pilot_a = pilot(now)
    reply: JsonObject = {
        "evse_connected": int(now.board_ok),
        "rapi_connected": int(now.board_ok),
        "amp": round(now.drawn_a * 1000),  # milliamperes
        "voltage": round(now.mains_v),
        "power": round(now.power_w),
        "pilot": pilot_a,
        "max_current": hard_a(now),
        "state": _state(now, ready=ready),
        "status": "active" if ready else "disabled",
        "vehicle": int(now.state not in ("A", "E", "F", "-")),
        "manual_override": int(claim_of(now, MANUAL) is not None),
        "divertmode": int(ECO if diverts(now) else NORMAL),
        "divert_active": int(diverts(now) and ready),
        "charge_rate": pilot_a,
        "elapsed": round(now.session.charge_s),
        "session_elapsed": round(now.session.charge_s),
        "session_energy": round(now.session.energy_wh, 1),
        "total_day": round(now.day_wh / 1000, 3),
        "total_energy": round(now.total_wh / 1000, 3),  # kWh, as the days
        "total_switches": now.contactor_cycles,
        "uptime": int(now.uptime_s),
        "phases": now.phases,  # evsed's own, as phase_set is; OpenEVSE has is_threephase alone
        "time": now.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        # Clients read the configuration again when one of these changes.
        "config_version": _version(now, three_phases=three_phases(now)),
        "claims_version": _version(now),
        "override_version": _version(now),
    }
    if now.available_w is not None:
        reply["available_current"] = round(now.available_w / now.mains_v / now.phases, 2)
    if (phases := now.phase_set) is not None:
        reply["phase_set"] = {
            "closes": phases.closes,
            "why": phases.why,
            "switching": phases.switching,
            "switching_to": phases.switching_to,
            "left": None if phases.left_s is None else round(phases.left_s),
        }
    if now.feed_age_s is not None:
        reply["divert_update"] = round(now.feed_age_s)
    return reply


def config(now: Status, serial: str, hostname: str) -> JsonObject:
    """Return the JSON of `/config`: identity, and the ranges of the settings."""
    return {
        "buildenv": "evsed",
        "firmware": f"evsed {now.version}",
        "version": f"{API_LEVEL}+evsed.{now.version}",
        "protocol": "-",
        "wifi_serial": serial,
        "hostname": hostname,
        "min_current_hard": int(LEAST_A),
        "max_current_hard": hard_a(now),
        "max_current_soft": int(soft_a(now)),
        "is_threephase": three_phases(now),
        "divert_enabled": sun_decides(now),
        "charge_mode": "eco" if diverts(now) else "fast",
    }


def override(now: Status) -> JsonObject:
    """Return the JSON of `/override`: the manual claim; nothing where there is none."""
    claim = claim_of(now, MANUAL)
    if claim is None:
        return {}
    reply = _properties(claim)
    for key, (control, units) in LIMITS.items():
        value = getattr(now.controls, control)
        if value is not None:
            reply[key] = round(value * units)
    return reply


def claims(now: Status) -> list[JsonObject]:
    """Return the JSON of `/claims`: each claim with the number of its client."""
    claim = claim_of(now)
    if claim is None:
        return []
    return [{"client": int(claim.client or MANUAL), **_properties(claim)}]


def _properties(claim: ClaimView) -> JsonObject:
    reply: JsonObject = {}
    if claim.charging is not None:
        reply["state"] = "active" if claim.charging else "disabled"
    if claim.max_current_a is not None:
        reply["charge_current"] = int(claim.max_current_a)
    reply["auto_release"] = claim.until_unplugged
    return reply


def target(now: Status) -> JsonObject:
    """Return the JSON of `/claims/target`: the result of all claims."""
    claim = claim_of(now)
    return {
        "properties": {
            "state": "active" if ready_to_charge(now) else "disabled",
            "charge_current": int(soft_a(now)),
            "auto_release": claim is not None and claim.until_unplugged,
        },
        "claims": {},
    }


def toggle(now: Status) -> Claim | None:
    """Return the claim after a toggle of the override: none, or the opposite of what happens."""
    if claim_of(now, MANUAL) is not None:
        return None
    return Claim(
        charging=not ready_to_charge(now),
        until_unplugged=True,
        yields=True,
        kept=True,
        client=MANUAL,
    )


def divert(text: str, now: Status) -> Mode:
    """Return the mode for `divertmode=...`: solar, or all that is allowed. Raises ValueError."""
    key, _, value = text.partition("=")
    if key != "divertmode" or value not in (NORMAL, ECO):
        raise ValueError(
            "it takes divertmode=1 (normal) or divertmode=2 (eco); nothing was changed"
        )
    if value == NORMAL:
        return Mode.FAST
    return Mode.SOLAR_MIN if now.controls.mode == Mode.SOLAR_MIN.value else Mode.SOLAR


def serial_of(machine_id: str) -> str:
    """Return twelve hexadecimal digits for a machine: constant, and not revealing its id.

    Clients treat it as an Ethernet address, so it is marked as locally administered (bit 1 of the
    first byte, IEEE 802, 8.2).
    """
    digest = bytearray(hashlib.blake2b(machine_id.encode(), key=EVSED_ID, digest_size=6).digest())
    digest[0] = digest[0] & 0xFC | 0x02
    return digest.hex()


# --- shared by status and orders ------------------------------------------------------------------


def ready_to_charge(now: Status) -> bool:
    """Tell whether a car that asks would be offered current now, by limits and faults."""
    return now.board_ok and not now.faults and lowest_a(now) >= LEAST_A


def lowest_a(now: Status) -> float:
    """Return the lowest of all limits, amperes."""
    return min((limit.max_a for limit in now.limits), default=0.0)


def hard_a(now: Status) -> int:
    """Return the limit of the supply, in whole amperes."""
    return int(
        min((limit.max_a for limit in now.limits if limit.owner == "supply"), default=LEAST_A)
    )


def soft_a(now: Status) -> float:
    """Return the highest current that owner and programs allow, amperes, within the supply's."""
    claimed = (claim.max_current_a for claim in now.claims)
    ceilings = (hard_a(now), now.controls.max_current_a, *claimed)
    return min(limit_a for limit_a in ceilings if limit_a is not None)


def claim_of(now: Status, client: str = "") -> ClaimView | None:
    """Return the claim that was placed through this interface; None where there is none.

    With *client*, only its own.
    """
    found = next((claim for claim in now.claims if claim.program == PROGRAM), None)
    return found if found and (not client or (found.client or MANUAL) == client) else None


def three_phases(now: Status) -> bool:
    """Return True where a client has to count the current on three phases: those in use."""
    return now.phases == 3  # noqa: PLR2004 - as the name says


def pilot(now: Status) -> int:
    """Return the current that the pilot offers, whole amperes.

    Where no car is there to be offered any, the current that one would be offered.
    """
    if now.offered_a > 0:
        return round(now.offered_a)
    return int(lowest_a(now)) if ready_to_charge(now) else 0


def sun_decides(now: Status) -> bool:
    """Return True where the solar surplus decides now: no program has set it aside."""
    claimed = any(claim.charging is not None for claim in now.claims)
    return now.feed_kind != "fixed" and diverts(now) and not claimed


def diverts(now: Status) -> bool:
    """Return True where the owner's mode follows the solar surplus."""
    return now.controls.mode in (Mode.SOLAR.value, Mode.SOLAR_MIN.value)


def _state(now: Status, *, ready: bool) -> int:
    if now.faults or not now.board_ok:
        known = (FAULT_STATES.get(fault) for fault in Fault if _has(now, fault))
        return next((number for number in known if number is not None), UNKNOWN)
    if now.contactor_closed:
        return CHARGING
    if not ready:
        return SLEEPING
    return NOT_CONNECTED if now.state == "A" else CONNECTED


def _has(now: Status, fault: Fault) -> bool:
    return any(view.name == fault.value for view in now.faults)


def _version(now: Status, *, three_phases: bool = False) -> int:
    """Return a number that changes with controls, claims and *three_phases*, not as time passes."""
    claims = [replace(claim, left_s=None) for claim in now.claims]
    return zlib.crc32(repr((now.controls, claims, three_phases)).encode()) & 0xFFFF


def _amperes(key: str, value: object) -> float | None:
    if value is None:
        return None
    # bool is an int to Python; NaN lies in no range.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MOST_A:
        raise ValueError(f"{key} must be 0 to {MOST_A:g} (amperes); nothing was changed")
    return max(float(value), LEAST_A)
