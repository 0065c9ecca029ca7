# SPDX-License-Identifier: GPL-3.0-or-later
"""Multicast DNS: the page is found in the local network by its service (RFC 6762, RFC 6763).

Home Assistant looks for `_openevse._tcp`. The answering is zeroconf's, the library that Home
Assistant itself uses. It lives beside avahi on the same Pi, as RFC 6762 section 15.1 allows.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import dataclass
from typing import Final, NoReturn

import structlog
from zeroconf import Error, ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

SERVICE: Final = "_openevse._tcp.local."
GROUP: Final = ("224.0.0.251", 5353)
"""The address of multicast DNS, RFC 6762 section 3."""
LOOKED_AGAIN_S: Final = 60.0
"""Addresses change: when a lease ends, when the Wi-Fi comes back."""

log = structlog.get_logger("evsed.mdns")


@dataclass(frozen=True, slots=True)
class Announcement:
    """The announcement of a TCP *port* of this machine, with the serial and version of evsed."""

    port: int
    serial: str
    version: str

    async def run(self, address: str | None = None) -> NoReturn:
        """Announce it until cancelled, under *address* or else this machine's own.

        A failure is reported once and tried again after a minute.
        """
        reported: str | None = None
        while True:
            here = address or own_address()
            try:
                if here is None:
                    raise OSError("this machine has no address in a network yet")
                await self._while_here(here, fixed=address is not None)
                reported = None
            except (OSError, Error) as error:
                if reported != str(error):
                    reported = str(error)
                    log.warning(
                        "evsed cannot be found by multicast DNS; it tries again every minute; "
                        "until then open the page by its address",
                        reason=reported,
                    )
                await asyncio.sleep(LOOKED_AGAIN_S)

    async def _while_here(self, address: str, *, fixed: bool) -> None:
        """Announce *address* for as long as it is this machine's."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))  # where it is not ours, zeroconf would leave sockets behind
        daemon = AsyncZeroconf(interfaces=[address])
        try:
            name = f"evsed-{self.serial}"
            answering = await daemon.async_register_service(
                ServiceInfo(
                    SERVICE,
                    f"{name}.{SERVICE}",
                    port=self.port,
                    parsed_addresses=[address],
                    server=f"{name}.local.",
                    properties={"type": "evsed", "version": self.version, "id": self.serial},
                )
            )
            await answering
            log.info("found as", service=f"{name}.{SERVICE}", address=address, port=self.port)
            while fixed or own_address() == address:  # noqa: ASYNC110 - nothing tells of a change
                await asyncio.sleep(LOOKED_AGAIN_S)
        finally:
            with contextlib.suppress(OSError, Error):
                await daemon.async_unregister_all_services()
            await daemon.async_close()


def own_address() -> str | None:
    """The IPv4 address from which this machine speaks to its network; None without one.

    Nothing is sent: connecting a datagram socket only looks up the route.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(GROUP)
            found = str(probe.getsockname()[0])
        except OSError:
            return None
    return None if found == "0.0.0.0" else found  # noqa: S104 - compared, not bound
