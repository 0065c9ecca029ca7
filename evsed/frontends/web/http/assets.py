# SPDX-License-Identifier: GPL-3.0-or-later
"""The page's files: read once, compressed once, kept in memory (some 150 KB).

All of them live under `/static/<hash of everything>/`, so a browser may keep them for ever and
never mixes the files of two versions; relative imports between them just work. The English of the
page is one file, `words.en.json`: `{{ key }}` in page.html is filled from it here, and the script
reads it as the module `words.js`, which is made here.

Our own files are in static/; vendor/ has those of other hands, which a build puts there (see
parts.toml and hatch_build.py).
"""

from __future__ import annotations

import gzip
import hashlib
import html
import json
import re
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

from evsed.errors import WebError
from evsed.frontends.web.http.responses import FOREVER, REVALIDATE, PreparedResponse, answer

KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".LICENSE": "text/plain; charset=utf-8",
}

WORDS = "words.en.json"
PAGE = "page.html"
LICENCE = "uPlot.LICENSE"
STYLE = "page.css"
STYLES = ("uPlot.min.css", "base.css", "chart.css", "history.css", "now.css")
"""What `STYLE` is made of."""
ELSEWHERE = ("docs.css",)
"""What the page itself does not load."""
PARTS = ("uPlot.iife.min.js", "uPlot.min.css")
"""What vendor/ must hold."""
COMPRESSED = {"Content-Encoding": "gzip"}
VARIES = {"Vary": "Accept, Accept-Encoding"}
SLOT = re.compile(r"\{\{ (\w+) \}\}")


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, as it is and compressed."""

    plain: PreparedResponse
    gzipped: PreparedResponse

    def answer(self, accept_encoding: str) -> PreparedResponse:
        """The form that the client can read."""
        return self.gzipped if "gzip" in accept_encoding else self.plain


class Assets:
    """The page and its files by their address.

    `weight` is what a first visit loads, in bytes; `sent` the same as it is transferred,
    compressed. Raises `WebError` where the parts of other hands are not there.
    """

    def __init__(self) -> None:
        web = resources.files("evsed.frontends.web")
        folder = web / "static"
        words = (folder / WORDS).read_text(encoding="utf-8")
        bodies = {
            file.name: file.read_bytes()
            for file in folder.iterdir()
            if file.name.endswith(tuple(KINDS))
        }
        bodies |= parts(web / "vendor")
        bodies["words.js"] = f"export default {words.strip()};\n".encode()
        # One style sheet, for each more on its own delays the first paint.
        bodies[STYLE] = b"\n".join(bodies.pop(name) for name in STYLES)
        page = (folder / PAGE).read_text(encoding="utf-8")
        everything = page.encode() + b"".join(bodies[name] for name in sorted(bodies))
        self.prefix = f"/static/{hashlib.sha256(everything).hexdigest()[:12]}/"
        filled = _fill(page, {**json.loads(words), "static": self.prefix}).encode()
        self.etag = f'"{hashlib.sha256(filled).hexdigest()[:16]}"'
        self.page = asset(filled, "text/html; charset=utf-8", REVALIDATE, {"ETag": self.etag})
        self.unchanged = answer(b"", "text/html; charset=utf-8", status=304, cache=REVALIDATE,
                                extra={"ETag": self.etag, **VARIES})  # fmt: skip
        licence = (web / LICENCE).read_bytes()
        self._files = {
            self.prefix + name: asset(body, KINDS[name[name.rindex(".") :]], FOREVER, {})
            for name, body in {**bodies, LICENCE: licence}.items()
        }
        loaded = [
            self.page,
            *(self._files[self.prefix + name] for name in bodies if name not in ELSEWHERE),
        ]
        self.weight = sum(len(one.plain.body) for one in loaded)
        self.sent = sum(len(one.gzipped.body) for one in loaded)

    def get(self, path: str) -> Asset | None:
        """The file at *path*, if it is one of the page's."""
        return self._files.get(path)


def parts(folder: Traversable) -> dict[str, bytes]:
    """The files of other hands in *folder*. Raises `WebError` where one is missing."""
    try:
        return {name: (folder / name).read_bytes() for name in PARTS}
    except FileNotFoundError as missing:
        raise WebError(
            f"the page is not whole: {missing.filename} is missing, which installing evsed puts "
            "there; nothing was started. In a checkout: make setup. Else install evsed anew."
        ) from missing


def asset(body: bytes, kind: str, cache: str, extra: dict[str, str]) -> Asset:
    """*body* in both forms."""
    extra = {**extra, **VARIES}
    # mtime=0: the same bytes at each start
    squeezed = gzip.compress(body, mtime=0)
    return Asset(
        answer(body, kind, cache=cache, extra=extra),
        answer(squeezed, kind, cache=cache, extra={**extra, **COMPRESSED}),
    )


def _fill(template: str, words: dict[str, str]) -> str:
    """*template* with each {{ key }} replaced; a key without words is a KeyError at start."""
    return SLOT.sub(lambda slot: html.escape(words[slot[1]]), template)
