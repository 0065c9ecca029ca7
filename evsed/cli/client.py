# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking a running evsed: its status over HTTP, orders over its own socket."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import httpx

from evsed.errors import EvsedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TIMEOUT_S = 5.0


class NotAnswered(EvsedError):
    """No running evsed answered."""


class NotGranted(EvsedError):
    """It answered that this cannot be; nothing was changed."""


def status_json(url: str) -> dict[str, Any]:
    """What a running evsed at *url* says. Raises `NotAnswered`."""
    try:
        answer = httpx.get(f"{url.rstrip('/')}/api/v1/status", timeout=TIMEOUT_S)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise NotAnswered(
            f"no evsed answers at {url} ({error}); is it running? `systemctl status evsed`"
        ) from error
    return found


def status(url: str) -> str:
    """The status of the evsed at *url*, in words. Raises `NotAnswered`."""
    now = status_json(url)
    lines = [
        f"{now['summary']}",
        f"  reason    {now['reason']}",
        f"  state     {now['state']} ({now['evse_status']})",
        f"  contactor {'closed' if now['contactor_closed'] else 'open'}",
        f"  offered   {now['offered_a']:.1f} A, drawn {now['drawn_a']:.1f} A",
        f"  power     {now['power_w']:.0f} W",
        f"  mode      {_wishes(now['controls'])}",
    ]
    lines += [f"  claim     {claim['program']}: {_claim(claim)}" for claim in now["claims"]]
    if now["excess_w"] is not None:
        age = "" if now["feed_age_s"] is None else f", {now['feed_age_s']:.0f} s old"
        lines.append(f"  feed      {now['excess_w']:.0f} W excess{age}")
    if now["feed_error"]:
        lines.append(f"  feed      {now['feed_error']}")
    session = now["session"]
    lines.append(
        f"  energy    session {session['energy_wh'] / 1000:.3f} kWh, today "
        f"{now['day_wh'] / 1000:.1f} kWh, in all {now['total_wh'] / 1000:.1f} kWh"
    )
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


def change(socket_path: str, wishes: Sequence[str]) -> str:
    """Change the wishes given as "key=value"; what came of it and what is wished now, in words.

    "none" takes a limit away. Raises `NotAnswered`, or `NotGranted` with what is wrong.
    """
    patch = dict(_wish(one) for one in wishes)
    told = _order(socket_path, "PATCH" if patch else "GET", "/api/v1/controls", patch or None)
    lines = [told["outcome"]] if patch else []
    return "\n".join([*lines, f"mode {_wishes(told)}"])


def _wish(text: str) -> tuple[str, str | float | None]:
    """The key and value of "key=value"."""
    key, equals, value = (part.strip() for part in text.partition("="))
    if not equals:
        raise NotGranted(f'"{text}" is no wish; write key=value, as in mode=fast, nothing changed')
    if value in ("none", ""):
        return key, None
    try:
        return key, float(value)
    except ValueError:
        return key, value


def _wishes(told: Mapping[str, Any]) -> str:
    """The owner's wishes in one line."""
    limits = {
        "at most {:g} kWh this session": told["session_kwh"],
        "at most {:g} h this session": told["session_h"],
        "at most {:g} A": told["max_current_a"],
        "only {}": told["window"],
    }
    said = [words.format(value) for words, value in limits.items() if value is not None]
    return ", ".join([told["mode"], *said])


def _claim(claim: Mapping[str, Any]) -> str:
    """Describe the claim of another program in one line."""
    parts = {True: ["charge"], False: ["do not charge"], None: []}[claim["charging"]]
    if claim["max_current_a"] is not None:
        parts = [*parts, f"at most {claim['max_current_a']:g} A"]
    if claim["until_unplugged"]:
        parts = [*parts, "until the car is unplugged"]
    return ", ".join(parts) or "no opinion"


def _order(
    socket_path: str, method: str, path: str, body: Mapping[str, object] | None = None
) -> dict[str, Any]:
    """What evsed answers to an order over its socket. Raises `NotAnswered`, `NotGranted`."""
    if not socket_path:
        raise NotAnswered("web.socket is empty, so there is no way to give orders; set it")
    try:
        _knock(socket_path)
        with httpx.Client(transport=httpx.HTTPTransport(uds=socket_path), timeout=TIMEOUT_S) as one:
            answer = one.request(method, f"http://evsed{path}", json=body)
            told: dict[str, Any] = answer.json()
            if answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY:
                raise NotGranted("; ".join(error["detail"] for error in told["errors"]))
            answer.raise_for_status()
            return told
    except (httpx.HTTPError, OSError, ValueError, KeyError) as error:
        raise NotAnswered(
            f"no evsed answers at {socket_path} ({error}), nothing was changed; is it "
            "running, and may you use its socket (sudo, or the group evsed)?"
        ) from error


def _knock(socket_path: str) -> None:
    """Raise OSError where nobody listens: httpcore would leave its socket open over that."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as one:
        one.settimeout(TIMEOUT_S)
        one.connect(socket_path)
