# SPDX-License-Identifier: GPL-3.0-or-later
"""The announcement of the page in the local network, where clients would find it as announced."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

import structlog

HTTP_PORT: Final = 80
"""Home Assistant's OpenEVSE integration takes the announced address and ignores the port: with any
other port it would overwrite a working address by one that does not answer."""

log = structlog.get_logger("evsed.mdns")


def obstacle(host: str, port: int) -> str:
    """Return the reason why a page on *host* and *port* is not announced; "" for none."""
    address = _address(host)
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if address is not None and address.is_loopback:
        return f"the page is served on {host}, which no other machine reaches ([web] host)"
    if isinstance(address, IPv6Address) and not address.is_unspecified:
        return f"the page is served on {host} alone, and IPv4 addresses are announced ([web] host)"
    if port != HTTP_PORT:
        return (
            f"the page is on port {port} ([web] port), and clients that find evsed ask port "
            f"{HTTP_PORT}"
        )
    return ""


async def announce(host: str, port: int, version: str) -> None:
    """Announce the page on *host* and *port* for as long as evsed runs; log why it cannot."""
    loop = asyncio.get_running_loop()
    host = await loop.run_in_executor(None, address_of, host)
    because = obstacle(host, port)
    if because:
        log.warning(
            "evsed is not announced in the network, all else works: add it by its address, or set "
            "openevse.announce = false",
            reason=because,
        )
        await asyncio.Event().wait()  # nothing else is to be done until evsed ends
    from evsed.frontends.web.api.openevse_api import serial  # noqa: PLC0415 - only where it is used

    try:
        from evsed.daemon.mdns import Announcement  # noqa: PLC0415 - zeroconf is large, and optional
    except ImportError as error:
        log.warning(
            "evsed is not announced in the network, all else works: a library for that is not "
            "installed; pip install 'evsed[openevse]', or set openevse.announce = false",
            reason=str(error),
        )
        await asyncio.Event().wait()
    else:
        address = _address(host)
        fixed = host if address is not None and not address.is_unspecified else None
        await Announcement(port, serial(), version).run(fixed)


def address_of(host: str) -> str:
    """Return the address by which the name *host* is served; an address, and one unknown, as it is.

    Debian has the machine's own name at 127.0.1.1 in /etc/hosts, which no other machine reaches.
    """
    try:
        found = socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return host
    return str(found[0][4][0])


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
