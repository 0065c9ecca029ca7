# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections to the central system: address, TLS, credentials, version, pauses."""

from __future__ import annotations

import base64
import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import aiohttp

from evsed.core.text import text
from evsed.errors import SourceError
from evsed.frontends.ocpp.rpc import LARGEST_BYTES, LostError
from evsed.sources.secrets import read_secret, trusted_by

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from evsed.frontends.ocpp import OcppConfig

SUBPROTOCOLS: Final = {"2.0.1": "ocpp2.0.1", "1.6": "ocpp1.6"}
"""The versions and their subprotocols, the best first."""
CONNECT_WITHIN_S: Final = 30.0
PAUSES_S: Final = ((1.0, 60.0), (10.0, 60.0), (30.0, 60.0))
"""Bounds of the pause before an attempt, by the attempts that have failed before; drawn evenly.

A central system that starts again loses all its charge points at once. They come back spread over a
minute, instead of all together."""


def pause_s(failures: int, draw: float) -> float:
    """Return the pause after so many *failures*; *draw* is a random number from 0 to 1."""
    least, most = PAUSES_S[min(failures, len(PAUSES_S) - 1)]
    return least + (most - least) * draw


def address(url: str, identity: str) -> str:
    """Return the address of the charge point *identity* at the central system's *url*."""
    return f"{url.rstrip('/')}/{quote(identity, safe='')}"


def offered(version: str) -> tuple[str, ...]:
    """Return the subprotocols to offer, the best first; "auto" is all of them."""
    names = tuple(SUBPROTOCOLS) if version == "auto" else (version,)
    return tuple(SUBPROTOCOLS[name] for name in names)


def tls(config: OcppConfig) -> ssl.SSLContext:
    """Return what TLS needs. Raises `SourceError` for a file that cannot be used."""
    context = trusted_by(config.ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # OCPP 1.6 security whitepaper, TLS-1.2
    if config.client_certificate:
        try:
            context.load_cert_chain(config.client_certificate)
        except (OSError, ssl.SSLError) as error:
            raise SourceError(
                text(
                    "client_certificate {path} cannot be used ({error}); it "
                    "must hold the certificate and its key in one PEM file",
                    path=config.client_certificate,
                    error=str(error),
                )
            ) from None
    return context


@asynccontextmanager
async def connected(
    config: OcppConfig, identity: str
) -> AsyncIterator[tuple[aiohttp.ClientWebSocketResponse, str]]:
    """Connect as *identity*; yield the socket and the version of OCPP.

    Raises `LostError` where there is no connection, `SourceError` for a file of the settings.
    """
    password = read_secret(config.password_file) if config.password_file else None
    headers = {}
    if password is not None:
        secret = base64.b64encode(f"{identity}:{password}".encode()).decode()
        headers["Authorization"] = f"Basic {secret}"
    secure = tls(config) if config.url.startswith("wss") else True
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_WITHIN_S)
    async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as client:
        try:
            socket = await client.ws_connect(
                address(config.url, identity),
                protocols=offered(config.version),
                headers=headers,
                ssl=secure,
                autoping=False,
                max_msg_size=LARGEST_BYTES,
                timeout=aiohttp.ClientWSTimeout(ws_close=2.0),
            )
        except aiohttp.WSServerHandshakeError as error:
            raise LostError(_refusal(error)) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise LostError(str(error)[:200] or type(error).__name__) from error
        async with socket:
            yield socket, agreed(socket.protocol, config.version)


def agreed(subprotocol: str | None, version: str) -> str:
    """Return the version that *subprotocol*, the central system's choice, stands for.

    Raises `LostError` where it is none of those that *version* offers.
    """
    for name, known in SUBPROTOCOLS.items():
        if subprotocol == known and version in ("auto", name):
            return name
    wanted = " or ".join(offered(version))
    raise LostError(_strange(str(wanted), subprotocol))


def _refusal(error: aiohttp.WSServerHandshakeError) -> str:
    if error.status in (401, 403):
        return text("it refuses the identity or the password (HTTP {status})", status=error.status)
    if error.status == 404:  # noqa: PLR2004 - HTTP's own number
        return text("it knows no such address or charge point (HTTP 404)")
    return text("it answers HTTP {status} instead of a WebSocket", status=error.status)


def _strange(wanted: str, subprotocol: str | None) -> str:
    """Return what is wrong with a central system that speaks *subprotocol*; None: it names none."""
    if subprotocol:
        return text("it speaks none of {wanted}, but {given}", wanted=wanted, given=subprotocol)
    return text("it speaks none of {wanted}, but nothing that it names", wanted=wanted)
