# SPDX-License-Identifier: GPL-3.0-or-later
"""One address that answers with JSON: asked with what it wants, within a time and a size."""

from __future__ import annotations

import asyncio
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final

import httpx

from evsed.core.text import text
from evsed.errors import SourceError
from evsed.sources.documents import parse
from evsed.sources.secrets import read_secret, trusted_by
from evsed.sources.terms import HttpAccess

TIMEOUT_S: Final = 5.0
"""From the first packet to the last byte of an answer, name look-up included."""

LARGEST_BYTES: Final = 512 * 1024
"""evcc's whole state is below 100 KiB in a large house; what is larger is something else."""

_SHOWN_MAX: Final = 80


class HttpPage:
    """The page at *url*. Raises `SourceError` for what is no address, or a file that is not there.

    `where` is the address as a message may show it: without a password or a key.
    """

    def __init__(self, url: str, access: HttpAccess, *, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        try:
            self._url = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise SourceError(
                text('"{url}" is not an address ({error})', url=url[:_SHOWN_MAX], error=str(error))
            ) from None
        if self._url.scheme not in {"http", "https"} or not self._url.host:
            raise SourceError(
                text(
                    '"{url}" is not an address; it must begin with http:// or https://',
                    url=url[:_SHOWN_MAX],
                )
            )
        self.where = str(self._url.copy_with(userinfo=b"", query=None))
        self._client = _client(access)

    async def fetch(self) -> tuple[object, float | None]:
        """Ask once; return the document, and the server's own time in Unix seconds if it says so.

        Raises `SourceError` where no whole document comes.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                body, server_s = await self._get()
        except TimeoutError:
            raise SourceError(
                text(
                    "{where} did not answer in full within {timeout_s:g} s",
                    where=self.where,
                    timeout_s=self._timeout_s,
                )
            ) from None
        except (httpx.HTTPError, OSError) as error:
            raise SourceError(
                text("{where} cannot be reached ({error})", where=self.where, error=_reason(error))
            ) from None
        return parse(body, text("the answer of {where}", where=self.where)), server_s

    async def close(self) -> None:
        """Let go of the network."""
        await self._client.aclose()

    async def _get(self) -> tuple[bytes, float | None]:
        """The answer's body, and the server's own time in Unix seconds where it says so."""
        async with self._client.stream("GET", self._url) as answer:
            if answer.status_code in {401, 403}:
                raise SourceError(
                    text(
                        "{where} refuses (status {status_code}): it wants a password or a token; "
                        "set user and password_file, or token_file",
                        where=self.where,
                        status_code=answer.status_code,
                    )
                )
            if answer.status_code != httpx.codes.OK:
                raise SourceError(
                    text(
                        "{where} answers with status {status_code} instead of 200; check the "
                        "address",
                        where=self.where,
                        status_code=answer.status_code,
                    )
                )
            body = bytearray()
            # As it comes over the wire: what is compressed may be a thousand times as large.
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) > LARGEST_BYTES:
                    raise SourceError(
                        text(
                            "{where} sends more than {most_kib} KiB; check the address",
                            where=self.where,
                            most_kib=LARGEST_BYTES // 1024,
                        )
                    )
            return bytes(body), _date_s(answer.headers.get("date"))


def _client(access: HttpAccess) -> httpx.AsyncClient:
    """A client that asks one address, with what *access* gives it."""
    headers = {"Accept-Encoding": "identity", "Accept": "application/json", "User-Agent": "evsed"}
    auth: httpx.Auth | None = None
    if access.token_file:
        headers["Authorization"] = f"Bearer {read_secret(access.token_file)}"
    elif access.user:
        password = read_secret(access.password_file) if access.password_file else ""
        kind = httpx.DigestAuth if access.digest else httpx.BasicAuth
        auth = kind(access.user, password)
    return httpx.AsyncClient(
        auth=auth,
        headers=headers,
        verify=trusted_by(access.ca_file) if access.ca_file else True,
        timeout=None,  # noqa: S113 - asyncio.timeout holds all of it, not each part
        follow_redirects=False,
        limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
        # The device is on the owner's network; a proxy meant for the internet is not asked.
        trust_env=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    )


def _date_s(header: str | None) -> float | None:
    """The time in a Date header, in Unix seconds."""
    try:
        return None if header is None else parsedate_to_datetime(header).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def _reason(error: Exception) -> str:
    """The words of *error*, or its name where it has none."""
    return (str(error) or type(error).__name__)[:200]
