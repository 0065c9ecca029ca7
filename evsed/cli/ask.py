# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking a running evsed: its status over HTTP, an acknowledgement over its own socket."""

from __future__ import annotations

from typing import Any

import httpx

from evsed.errors import EvsedError

TIMEOUT_S = 5.0


class NotAnswered(EvsedError):
    """No running evsed answered."""


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
        f"{now['words']}",
        f"  why       {now['why']}",
        f"  state     {now['state']} ({now['evse_status']})",
        f"  contactor {'closed' if now['contactor_closed'] else 'open'}",
        f"  offered   {now['offered_a']:.1f} A, drawn {now['drawn_a']:.1f} A",
        f"  power     {now['power_w']:.0f} W",
    ]
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
    if not socket_path:
        raise NotAnswered("web.socket is empty, so there is no way to acknowledge; set it")
    try:
        with httpx.Client(transport=httpx.HTTPTransport(uds=socket_path), timeout=TIMEOUT_S) as one:
            answer = one.post("http://evsed/api/v1/ack")
            answer.raise_for_status()
            return str(answer.json()["outcome"])
    except (httpx.HTTPError, ValueError, KeyError) as error:
        raise NotAnswered(
            f"no evsed answers at {socket_path} ({error}), nothing was acknowledged; is it "
            "running, and may you use its socket (sudo, or the group evsed)?"
        ) from error
