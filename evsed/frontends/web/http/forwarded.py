# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that come through a reverse proxy: the client's own address, and whether it uses TLS.

`X-Forwarded-For` and `X-Forwarded-Proto` are believed from the proxies that the owner trusts alone:
anybody else could write another address into them at each guess of the password.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from aiohttp import web

FOR, PROTO = "X-Forwarded-For", "X-Forwarded-Proto"


class TrustedProxies:
    """The proxies at *networks*: addresses, or networks such as 192.168.1.0/24.

    Raises ValueError for what is neither.
    """

    def __init__(self, networks: Iterable[str] = ()) -> None:
        self._networks = [ip_network(text, strict=False) for text in networks]

    def seen_through(self, request: web.BaseRequest) -> web.BaseRequest:
        """Return *request* with the address and the scheme that its client used."""
        if not self._networks or not self._trusts(request.remote or ""):
            return request
        hops = [hop.strip() for hop in ",".join(request.headers.getall(FOR, [])).split(",")]
        # Each proxy adds the address that it saw. What stands left of the client, the client wrote.
        client = next((hop for hop in reversed(hops) if not self._trusts(hop)), hops[0])
        schemes = request.headers.getall(PROTO, [])
        scheme = schemes[-1].rpartition(",")[2].strip().lower() if schemes else request.scheme
        if not _address(client):
            client = request.remote or ""
        return request.clone(remote=client, scheme="https" if scheme == "https" else "http")

    def _trusts(self, text: str) -> bool:
        address = _address(text)
        return address is not None and any(address in network for network in self._networks)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        return found.ipv4_mapped
    return found
