# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking a running evsed: its status over HTTP, orders over its own socket."""

from __future__ import annotations

import re
import socket
from datetime import datetime
from typing import TYPE_CHECKING, Any

import httpx

from evsed.core.energy.sessions import sun_text
from evsed.errors import EvsedError
from evsed.frontends.money import money_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TIMEOUT_S = 5.0


class NotAnswered(EvsedError):
    """No running evsed answered."""


class NotGranted(EvsedError):
    """It answered that this cannot be; nothing was changed."""


def status_json(url: str, socket_path: str = "") -> dict[str, Any]:
    """Return the status of the evsed at *url*, or behind *socket_path*. Raises `NotAnswered`."""
    transport = httpx.HTTPTransport(uds=socket_path) if socket_path else None
    try:
        with httpx.Client(transport=transport, timeout=TIMEOUT_S) as client:
            answer = client.get(f"{url.rstrip('/')}/api/v1/status")
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
        raise NotAnswered(
            f"no evsed answers at {socket_path or url}: {_cause(error)}; is it running? "
            "`systemctl status evsed`"
        ) from error
    return found


def _cause(error: Exception) -> str:
    """Describe *error* in words, without the number of the operating system."""
    match error:
        case httpx.TimeoutException():
            return f"nothing came within {TIMEOUT_S:g} s"
        case httpx.HTTPStatusError(response=answer):
            return f"it answered {answer.status_code} {answer.reason_phrase}"
        case OSError(strerror=str() as words):
            return words
        case _:
            return re.sub(r"^\[Errno -?\d+\] ", "", str(error)) or type(error).__name__


def _share(energy_wh: float, solar_wh: float | None) -> str:
    """Return the solar share of an energy in brackets, as the page shows it; "" if not known."""
    share = sun_text(energy_wh, solar_wh)
    return f" ({share})" if share else ""


def _money(cost: float | None, savings: float | None, currency: str) -> str:
    """Return amounts as they go on after an energy; "" if not known."""
    money = money_text(cost, savings, currency)
    return f", {money}" if money else ""


def status(url: str, socket_path: str = "") -> str:
    """Return the status of a running evsed in words; see `status_json()`."""
    now = status_json(url, socket_path)
    at = datetime.fromisoformat(now["at"])
    lines = [
        f"{now['summary']}",
        f"  reason    {now['reason']}",
        f"  state     {now['state']} ({now['evse_status']})",
        f"  contactor {'closed' if now['contactor_closed'] else 'open'}",
        f"  offered   {now['offered_a']:.1f} A, drawn {now['drawn_a']:.1f} A",
        f"  power     {now['power_w'] / 1000:.1f} kW",
        f"  mode      {_controls(now['controls'])}",
    ]
    if now["plan"]:
        lines.append(f"  plan      {now['plan']['text'].removeprefix('The plan: ')}")
    if now["prices"]:
        lines.append(f"  price     {now['prices']['text']}")
    if now["light"]:
        lines.append(f"  light     {now['light']['text'].removeprefix('the light is ')}")
    if now["box_trouble"]:
        lines.append(f"  box       {now['box_trouble']}")
    lines += [f"  claim     {claim['program']}: {_claim(claim)}" for claim in now["claims"]]
    if now["excess_w"] is not None:
        age = "" if now["feed_age_s"] is None else f", {now['feed_age_s']:.0f} s old"
        stale = ", too old to use" if now["available_w"] is None else ""
        what = "of power and battery charge" if now["excess_counts_charge"] else "excess"
        lines.append(f"  feed      {now['excess_w'] / 1000:.1f} kW {what}{age}{stale}")
        if now["available_w"] is not None:
            lines.append(f"  spare     {now['available_w'] / 1000:.1f} kW for the car")
    if now["feed_error"]:
        lines.append(f"  feed      {now['feed_error']}")
    session = now["session"]
    share = _share(session["energy_wh"], session["solar_wh"])
    currency = now["prices"]["currency"] if now["prices"] else ""
    cost = _money(session["cost"], session["savings"], currency)
    lines.append(f"  session   {session['energy_wh'] / 1000:.2f} kWh{share}{cost}")
    share = _share(now["day_wh"], now["day_solar_wh"])
    cost = _money(now["day_cost"], now["day_savings"], currency)
    lines.append(
        f"  energy    today {now['day_wh'] / 1000:.2f} kWh{share}{cost}, "
        f"ever {now['total_wh'] / 1000:.2f} kWh"
    )
    if now["expected_end"]:
        end = datetime.fromisoformat(now["expected_end"])
        lines.append(f"  done      about {end:%H:%M} ({now['expected_end_by'].replace('_', ' ')})")
    lines.append(f"  at        {at:%Y-%m-%d %H:%M:%S}, evsed {now['version']}")
    for fault in now["faults"]:
        lines.append(f"  FAULT     {fault['name']}: {fault['what']}")
        lines.append(f"            {fault['done']}; {fault['todo']}")
    return "\n".join(lines)


def acknowledge(socket_path: str) -> str:
    """Acknowledge latched faults over the socket at *socket_path*; what came of it, in words.

    Raises `NotAnswered`.
    """
    return str(_order(socket_path, "POST", "/api/v1/ack")["outcome"])


def wake(socket_path: str) -> str:
    """Wake a car that leaves its offer untaken, over the socket; return the outcome in words.

    Raises `NotAnswered`.
    """
    return str(_order(socket_path, "POST", "/api/v1/wake")["outcome"])


def change(socket_path: str, settings: Sequence[str]) -> str:
    """Change the controls given as "key=value"; return the outcome and the controls now, in words.

    "none" takes a limit away. Raises `NotAnswered`, or `NotGranted` with what is wrong.
    """
    patch = dict(_read(text) for text in settings)
    answer = _order(socket_path, "PATCH" if patch else "GET", "/api/v1/controls", patch or None)
    lines = [answer["outcome"]] if patch else []
    return "\n".join([*lines, f"mode {_controls(answer)}"])


def _read(text: str) -> tuple[str, str | float | None]:
    """The key and value of "key=value"."""
    key, equals, value = (part.strip() for part in text.partition("="))
    if not equals:
        raise NotGranted(
            f'"{text}" is not understood; write key=value, as in mode=fast; nothing was changed'
        )
    if value in ("none", ""):
        return key, None
    try:
        return key, float(value)
    except ValueError:
        return key, value


def _controls(answer: Mapping[str, Any]) -> str:
    """Describe the owner's controls in one line."""
    limits = {
        "at most {:g} kWh this session": answer["session_kwh"],
        "at most {:g} h this session": answer["session_h"],
        "at most {:g} A": answer["max_current_a"],
        "only {}": answer["window"],
        "ready with {}": answer["plan"],
    }
    parts = [words.format(value) for words, value in limits.items() if value is not None]
    return ", ".join([answer["mode"], *parts])


def _claim(claim: Mapping[str, Any]) -> str:
    """Describe the claim of another program in one line."""
    parts = {True: ["charge"], False: ["do not charge"], None: []}[claim["charging"]]
    if claim["max_current_a"] is not None:
        parts = [*parts, f"at most {claim['max_current_a']:g} A"]
    if claim["only_sun"]:
        parts = [*parts, "only the sun"]
    if claim["until_unplugged"]:
        parts = [*parts, "until the car is unplugged"]
    return ", ".join(parts) or "no opinion"


def _order(
    socket_path: str, method: str, path: str, body: Mapping[str, object] | None = None
) -> dict[str, Any]:
    """Order something by the socket; return the answer. Raises `NotAnswered`, `NotGranted`."""
    if not socket_path:
        raise NotAnswered("web.socket is empty, so there is no way to give orders; set it")
    try:
        _knock(socket_path)
        transport = httpx.HTTPTransport(uds=socket_path)
        with httpx.Client(transport=transport, timeout=TIMEOUT_S) as client:
            answer = client.request(method, f"http://evsed{path}", json=body)
            reply: dict[str, Any] = answer.json()
            if answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY:
                raise NotGranted("; ".join(error["detail"] for error in reply["errors"]))
            answer.raise_for_status()
            return reply
    except (httpx.HTTPError, OSError, ValueError, KeyError) as error:
        raise NotAnswered(
            f"no evsed answers at {socket_path}: {_cause(error)}; nothing was changed. Is it "
            "running, and may you use its socket (sudo, or the group evsed)?"
        ) from error


def _knock(socket_path: str) -> None:
    """Raise OSError where no process listens: httpcore would leave its socket open over that."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(TIMEOUT_S)
        probe.connect(socket_path)
