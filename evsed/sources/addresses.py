# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses of devices and brokers: which may be one of a kind, and how to say it. Pure."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from evsed.core.text import text

ADDRESSES: Final = {
    "http": (("http", "https"), text("an http:// or https:// address with a host")),
    "mqtt": (("mqtt", "mqtts"), text('the address of a broker, such as "mqtt://192.168.1.5:1883"')),
    "ocpp": (("ws", "wss"), text("a ws:// or wss:// address with a host")),
    "modbus": (
        ("tcp", "rtu", "rtu+tcp"),
        text(
            'a Modbus address, such as "tcp://192.168.1.7:502" or "rtu:///dev/ttyUSB0?baudrate=9600"'
        ),
    ),
}
"""The schemes that an address of each kind may have, and how to say it."""


def is_address(kind: str, url: str) -> bool:
    """True where *url* may be an address of *kind*."""
    try:
        parts = urlsplit(url)
        place = parts.path if parts.scheme == "rtu" else parts.hostname
        return parts.scheme in ADDRESSES[kind][0] and bool(place) and parts.port != 0
    except ValueError:
        return False
