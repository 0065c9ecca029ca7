# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers from JSON over HTTP: one request to one address, several numbers from its answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final

import httpx

from evsed.errors import SourceError
from evsed.sources import Clock, Sample
from evsed.sources.documents import Expressions, ReadNumber, parse
from evsed.sources.secrets import read_secret, trusted_by
from evsed.sources.terms import HttpAccess, HttpTerm, Term

TIMEOUT_S: Final = 5.0
"""From the first packet to the last byte of an answer, name look-up included."""

LARGEST_BYTES: Final = 512 * 1024
"""evcc's whole state is below 100 KiB in a large house; what is larger is something else."""

_SHOWN_MAX: Final = 80


class HttpSource:
    """Asks one address and finds the numbers of all *terms* in the answer."""

    pushes = False

    def __init__(
        self,
        terms: Iterable[HttpTerm],
        *,
        clock: Clock = time.monotonic,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._terms = {
            term: Expressions(
                term, term.path, valid=term.valid, stamp=term.stamp, unit_path=term.unit_path
            )
            for term in terms
        }
        first = next(iter(self._terms))
        self._clock = clock
        self._timeout_s = timeout_s
        self._samples: dict[Term, Sample] = {}
        try:
            self._url = httpx.URL(first.url)
        except httpx.InvalidURL as error:
            raise SourceError(f'"{first.url[:_SHOWN_MAX]}" is not an address ({error})') from None
        if self._url.scheme not in {"http", "https"} or not self._url.host:
            raise SourceError(
                f'"{first.url[:_SHOWN_MAX]}" is not an address; it must begin with http:// or https://'
            )
        # What a message may show: the address without a password or a key that may stand in it.
        self._where = str(self._url.copy_with(userinfo=b"", query=None))
        self._client = _client(first.access)

    async def read(self, patience_s: float = 0.0) -> Mapping[Term, Sample]:
        """Ask once. Raises `SourceError` when there is no answer, or not all numbers in it."""
        del patience_s  # an answer is as new as it gets
        try:
            async with asyncio.timeout(self._timeout_s):
                body, server_s = await self._get()
        except TimeoutError:
            raise SourceError(
                f"{self._where} did not answer in full within {self._timeout_s:g} s"
            ) from None
        except (httpx.HTTPError, OSError) as error:
            raise SourceError(f"{self._where} cannot be reached ({_reason(error)})") from None
        now = self._clock()
        document = parse(body, f"the answer of {self._where}")
        for term, expressions in self._terms.items():
            try:
                found = expressions.find(document)
            except SourceError as error:
                raise SourceError(f"{self._where}: {error}") from None
            if found is None:
                self._samples.pop(term, None)
            else:
                self._samples[term] = self._sample(now, self._samples.get(term), found, server_s)
        return dict(self._samples)

    async def close(self) -> None:
        """Let go of the network."""
        await self._client.aclose()

    def _sample(
        self, now: float, last: Sample | None, found: ReadNumber, server_s: float | None
    ) -> Sample:
        """When *found* was measured: by its stamp and the server's clock, never by our own.

        Without a stamp it is new with each answer. With one it grows old until the stamp changes.
        """
        if not found.stamp:
            return Sample(found.value, now)
        age_s = 0.0
        if found.stamp_s is not None and server_s is not None:
            age_s = max(0.0, server_s - found.stamp_s)
        elif last is not None and last.stamp == found.stamp:
            return last
        return Sample(found.value, now - age_s, found.stamp)

    async def _get(self) -> tuple[bytes, float | None]:
        """The answer's body, and the server's own time in Unix seconds where it says so."""
        async with self._client.stream("GET", self._url) as answer:
            if answer.status_code in {401, 403}:
                raise SourceError(
                    f"{self._where} refuses (status {answer.status_code}): it wants a password or "
                    "a token; set user and password_file, or token_file"
                )
            if answer.status_code != httpx.codes.OK:
                raise SourceError(
                    f"{self._where} answers with status {answer.status_code} instead of 200; "
                    "check the address"
                )
            body = bytearray()
            # As it comes over the wire: what is compressed may be a thousand times as large.
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) > LARGEST_BYTES:
                    raise SourceError(
                        f"{self._where} sends more than {LARGEST_BYTES // 1024} KiB; "
                        "check the address"
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
