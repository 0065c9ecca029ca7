# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetches a page over HTTP from servers that real owners have, within a time and a size.

httpx does it; a server that speaks no proper HTTP (HTTP/0.9, as the first charger of this kind
asked for, or a malformed header) is asked once more by hand, within the same time.
"""

from __future__ import annotations

import asyncio
import codecs
import re
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final

import httpx

from evsed.core.text import text
from evsed.errors import FeedError
from evsed.feeds.excess_page import read_maximum_w, refusal

TIMEOUT_S: Final = 5.0
"""From the first packet to the last byte of a page, name look-up included."""

LARGEST_BYTES: Final = 64 * 1024
"""A page has 600 bytes; a hundred times that is not one."""

COMPRESSED: Final = {"gzip", "x-gzip", "compress", "x-compress", "deflate", "br", "zstd"}
"""Content codings that change the bytes (IANA's list); anything else there is a mistake in naming
the character set, or "identity"."""

_STATUS: Final = re.compile(rb"HTTP/1\.[0-9] ([0-9]{3})\b")
_LENGTH: Final = re.compile(rb"\ncontent-length:[ \t]*([0-9]{1,9})", re.IGNORECASE)
_CHUNKED: Final = re.compile(rb"\ntransfer-encoding:[ \t]*chunked", re.IGNORECASE)
_SHOWN_MAX: Final = 40

# The mark of UTF-32 begins with that of UTF-16.
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Where the first four bytes of two characters of ASCII, or of one, are 0 (RFC 4627, section 3).
_BY_ZEROS: Final[dict[tuple[bool, ...], str]] = {
    (True, True, True, False): "utf-32-be",
    (True, False, True, False): "utf-16-be",
    (False, True, True, True): "utf-32-le",
    (False, True, False, True): "utf-16-le",
}


class PageFetcher:
    """One address, asked again and again. *transport* stands in for the network."""

    def __init__(
        self, url: str, *, transport: httpx.AsyncBaseTransport | None, timeout_s: float
    ) -> None:
        """Raises `FeedError` for what is no address."""
        self._timeout_s = timeout_s
        try:
            self._url = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise FeedError(
                text(
                    "feed.url is not an address ({error}), so no news can be had; mend it",
                    error=str(error),
                ),
                kind="address",
            ) from None
        if self._url.scheme not in {"http", "https"} or not self._url.host:
            raise FeedError(
                text(
                    'feed.url is "{url}", so no news can be had; it must begin with http:// '
                    "or https:// and name a host",
                    url=url[:_SHOWN_MAX],
                ),
                kind="address",
            )
        # What a message may show: the address without a password that may stand in it.
        self.where = str(self._url.copy_with(userinfo=b""))
        self._real = transport is None
        self._digest: httpx.DigestAuth | None = None
        self._client = httpx.AsyncClient(
            transport=transport,
            timeout=None,  # noqa: S113 - asyncio.timeout holds all of it, not each part
            follow_redirects=False,
            # A minute lies between two polls: no server keeps a connection that long.
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=0),
            # The feed is on the owner's network; a proxy meant for the internet is not asked.
            trust_env=False,
            # A feed that sets cookies would have them sent back, and kept, for years.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            headers={"Accept-Encoding": "identity", "Accept": "*/*", "User-Agent": "evsed"},
        )

    async def close(self) -> None:
        """Let go of the network."""
        await self._client.aclose()

    async def fetch(self) -> str:
        """The page's text, or a `FeedError` that says why there is none."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return decode(await self._body())
        except TimeoutError:
            raise refusal(
                "slow",
                text(
                    "the feed at {where} did not answer in full within {timeout_s:g} s",
                    where=self.where,
                    timeout_s=self._timeout_s,
                ),
                text("Check that its server runs and is not overloaded"),
            ) from None
        except (httpx.HTTPError, httpx.StreamError, OSError, EOFError, ValueError) as error:
            todo = text("Check the network, the server and feed.url")
            if "[SSL" in str(error):
                todo = text(
                    "Write feed.url with http://, or give its server a certificate that this "
                    "machine trusts"
                )
            raise refusal(
                "unreachable",
                text(
                    "the feed at {where} cannot be reached ({error})",
                    where=self.where,
                    error=str(error)[:200] or type(error).__name__,
                ),
                todo,
            ) from error

    async def _body(self) -> bytes:
        try:
            return await self._get()
        except httpx.RemoteProtocolError:
            if not self._real or self._url.scheme != "http":
                raise
            body = await self._get_by_hand()
            if body is None:
                raise
            return body

    async def _get(self) -> bytes:
        """The body of the answer, no larger than `LARGEST_BYTES`."""
        auth = self._digest or httpx.USE_CLIENT_DEFAULT
        async with self._client.stream("GET", self._url, auth=auth) as answer:
            if answer.has_redirect_location:
                target = answer.headers["location"][:_SHOWN_MAX]
                raise refusal(
                    "redirect",
                    text(
                        'the feed at {where} redirects to "{target}", which evsed does not follow',
                        where=self.where,
                        target=target,
                    ),
                    text("Set feed.url to the page itself"),
                )
            # Asked for as it is. What comes compressed may be a hundred times larger than it looks.
            encoding = answer.headers.get("content-encoding", "").strip()
            if COMPRESSED & {coding.strip() for coding in encoding.lower().split(",")}:
                raise refusal(
                    "compressed",
                    text(
                        'the feed at {where} sent its page compressed ("{encoding}"), though '
                        "asked not to",
                        where=self.where,
                        encoding=encoding[:_SHOWN_MAX],
                    ),
                    text("Turn compression off in its web server"),
                )
            body = bytearray()
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > LARGEST_BYTES:
                    raise self._too_large()
            if answer.status_code == httpx.codes.OK:
                return bytes(body)
            challenge = answer.headers.get("www-authenticate", "").lower()
        digest = answer.status_code == httpx.codes.UNAUTHORIZED and challenge.startswith("digest")
        if digest and self._url.username and self._digest is None:
            self._digest = httpx.DigestAuth(self._url.username, self._url.password)
            return await self._get()
        raise self._status(answer.status_code, bytes(body))

    def _status(self, status: int, body: bytes) -> FeedError:
        """The error for a status other than 200: "0 W" is obeyed on any page that comes."""
        problem = text(
            "the feed at {where} answered with status {status} instead of 200",
            where=self.where,
            status=status,
        )
        kind, todo = "status", text("Check feed.url and the web server's log")
        if status in {401, 407}:
            scheme, _, rest = self.where.partition("://")
            kind = "login"
            todo = (
                text("Correct the name and the password in feed.url")
                if self._url.userinfo
                else text(
                    "It wants a name and a password: set feed.url to {url}",
                    url=f"{scheme}://NAME:PASSWORD@{rest}",
                )
            )
        error = refusal(kind, problem, todo)
        error.maximum_w = read_maximum_w(decode(body))
        error.page_came = error.maximum_w is not None
        return error

    def _too_large(self) -> FeedError:
        """The error for an answer without end."""
        return refusal(
            "large",
            text(
                "the feed at {where} sent more than {most_kib} KiB, which is not "
                "BatteryMonitor's page",
                where=self.where,
                most_kib=LARGEST_BYTES // 1024,
            ),
            text("Check feed.url"),
        )

    async def _get_by_hand(self) -> bytes | None:
        """The body as a server without proper HTTP sends it; None where that is no whole page."""
        port = self._url.port or 80
        reader, writer = await asyncio.open_connection(self._url.host, port)
        try:
            target = self._url.raw_path.decode("ascii")
            writer.write(f"GET {target} HTTP/1.0\r\nHost: {self._url.host}\r\n\r\n".encode())
            await writer.drain()
            answer = bytearray()
            while part := await reader.read(4096):
                answer += part
                if len(answer) > LARGEST_BYTES:
                    raise self._too_large()
        finally:
            writer.close()
        return self._whole_body(bytes(answer))

    def _whole_body(self, answer: bytes) -> bytes | None:
        if not (status := _STATUS.match(answer)):
            return answer if b"<" in answer[:1000] or b"Timestamp" in answer else None
        head, _, body = answer.replace(b"\r\n", b"\n").partition(b"\n\n")
        if status[1] != b"200":
            raise self._status(int(status[1]), body)
        length = _LENGTH.search(head)
        cut = length is not None and len(answer) - answer.find(body[:20]) < int(length[1])
        return None if cut or _CHUNKED.search(head) else body


def decode(body: bytes) -> str:
    """The text of a page: by its byte-order mark or its zeros, as UTF-8, else as Latin-1.

    One odd byte in a notice of PHP must not cost the figures, which are plain ASCII; Latin-1 always
    fits.
    """
    for mark, name in _MARKS:
        if body.startswith(mark):
            return body.decode(name, "replace")
    if name := _BY_ZEROS.get(tuple(byte == 0 for byte in body[:4]), ""):
        return body.decode(name, "replace")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("latin-1")
