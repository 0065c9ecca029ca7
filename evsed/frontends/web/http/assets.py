# SPDX-License-Identifier: GPL-3.0-or-later
"""The page's files: read once, compressed once, kept in memory (some 150 KB).

All of them are under `/static/<hash of everything>/`, so that a browser may keep them for ever and
never mixes the files of two versions; relative imports between them work. The English of the page
is one file, `words.en.json`: `{{ key }}` in page.html is filled from it here, and the script reads
it as the module `words.js`, which is generated here.

Our own files are in static/; vendor/ has third-party files, which a build puts there (see
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
STYLES = ("uPlot.min.css", "base.css", "chart.css", "history.css", "dashboard.css")
"""The parts of `STYLE`."""
ELSEWHERE = ("docs.css",)
"""Files that the page itself does not load."""
PARTS = ("uPlot.iife.min.js", "uPlot.min.css")
"""Files that vendor/ must have."""
COMPRESSED = {"Content-Encoding": "gzip"}
VARIES = {"Vary": "Accept, Accept-Encoding"}
SLOT = re.compile(r"\{\{ (\w+) \}\}")


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, as it is and compressed."""

    plain: PreparedResponse
    gzipped: PreparedResponse

    def response(self, accept_encoding: str) -> PreparedResponse:
        """Return the form that the client can read."""
        return self.gzipped if "gzip" in accept_encoding else self.plain


class Assets:
    """The page and its files by their address.

    `weight` is the size of a first visit in bytes; `sent` the same as transferred, compressed.
    Raises `WebError` where third-party files are missing.
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
        # One style sheet: each further file delays the first paint.
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
        self.weight = sum(len(each.plain.body) for each in loaded)
        self.sent = sum(len(each.gzipped.body) for each in loaded)

    def get(self, path: str) -> Asset | None:
        """Return the file at *path*, if the page has it."""
        return self._files.get(path)


def parts(folder: Traversable) -> dict[str, bytes]:
    """Return the third-party files in *folder*. Raises `WebError` where one is missing."""
    try:
        return {name: (folder / name).read_bytes() for name in PARTS}
    except FileNotFoundError as missing:
        raise WebError(
            f"the page is not complete: {missing.filename} is missing, which installing evsed puts "
            "there; nothing was started. In a checkout: make setup. Else reinstall evsed."
        ) from missing


def asset(body: bytes, kind: str, cache: str, extra: dict[str, str]) -> Asset:
    """Return *body* in both forms."""
    extra = {**extra, **VARIES}
    # mtime=0: the same bytes at each start
    compressed = gzip.compress(body, mtime=0)
    return Asset(
        answer(body, kind, cache=cache, extra=extra),
        answer(compressed, kind, cache=cache, extra={**extra, **COMPRESSED}),
    )


def _fill(template: str, words: dict[str, str]) -> str:
    """Replace each {{ key }} in *template*; an unknown key is a KeyError at start."""
    return SLOT.sub(lambda slot: html.escape(words[slot[1]]), template)
