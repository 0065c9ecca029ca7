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
from evsed.frontends.web.http.responses import (
    FOREVER,
    REVALIDATE,
    PreparedResponse,
    answer,
    framed_by,
)

KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".LICENSE": "text/plain; charset=utf-8",
}

WORDS = "words.en.json"
SETTINGS_WORDS = "settings.en.json"
PLAN_WORDS = "plan.en.json"
MONEY_WORDS = "money.en.json"
WORKER = "service-worker.js"
WORKER_WORDS = "away.en.json"
PAGE = "page.html"
SETTINGS_PAGE = "settings.html"
LICENCE = "uPlot.LICENSE"
STYLE = "page.css"
STYLES = ("uPlot.min.css", "base.css", "chart.css", "history.css", "dashboard.css")
"""The parts of `STYLE`."""
ELSEWHERE = (
    "docs.css",
    "settings.css",
    "settings.js",
    "settings_fields.js",
    "settings_words.js",
    "future.js",
    "guide.js",
    "money.js",
    "money_words.js",
    "plan.js",
    "plan_words.js",
)
"""Files that the page itself does not load."""
PARTS = ("uPlot.iife.min.js", "uPlot.min.css")
"""Files that vendor/ must have."""
COMPRESSED = {"Content-Encoding": "gzip"}
VARIES = {"Vary": "Accept, Accept-Encoding"}
NOW = "now_in_words"
"""The slot of the page for the state in words, filled for each request."""
FOR_READERS = re.compile(rb"^[ ]+(//.*\n)?|^//.*\n", re.MULTILINE)
"""Indentation and lines of comment of our scripts and styles: for who reads the source only.

No text of ours goes over two lines, in which the blanks would count.
"""
INDENTED = re.compile(r"\n +")
SLOT = re.compile(r"\{\{ (\w+) \}\}")


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, as it is and compressed."""

    plain: PreparedResponse
    gzipped: PreparedResponse

    def response(self, accept_encoding: str) -> PreparedResponse:
        """Return the form that the client can read."""
        return self.gzipped if "gzip" in accept_encoding else self.plain


@dataclass(frozen=True, slots=True)
class Page:
    """The page with one state in words, its tag, and the answer to a browser that has it."""

    asset: Asset
    etag: str
    unchanged: PreparedResponse


class Assets:
    """The page and its files by their address.

    Other sites at *frame_ancestors* may show the page in a frame.

    `settings` is the page of the settings, which no other site may frame.

    `weight` is the size of a first visit in bytes; `sent` the same as transferred, compressed.
    Raises `WebError` where third-party files are missing.
    """

    def __init__(self, frame_ancestors: tuple[str, ...] = ()) -> None:
        web = resources.files("evsed.frontends.web")
        folder = web / "static"
        words = (folder / WORDS).read_text(encoding="utf-8")
        bodies = {
            file.name: file.read_bytes()
            for file in folder.iterdir()
            if file.name.endswith(tuple(KINDS))
        }
        bodies = {
            name: FOR_READERS.sub(b"", body) if name.endswith((".js", ".css")) else body
            for name, body in bodies.items()
        }
        bodies |= parts(web / "vendor")
        more = (folder / SETTINGS_WORDS).read_text(encoding="utf-8")
        bodies["words.js"] = _module(words)
        bodies["settings_words.js"] = _module(more)
        for part in (PLAN_WORDS, MONEY_WORDS):
            name = part.replace(".en.json", "_words.js")
            bodies[name] = _module((folder / part).read_text(encoding="utf-8"))
        away = json.loads((folder / WORKER_WORDS).read_text(encoding="utf-8"))
        worker = _fill(bodies.pop(WORKER).decode(), away).encode()
        # One style sheet: each further file delays the first paint.
        bodies[STYLE] = b"\n".join(bodies.pop(name) for name in STYLES)
        page = INDENTED.sub("\n", (folder / PAGE).read_text(encoding="utf-8"))
        settings = INDENTED.sub("\n", (folder / SETTINGS_PAGE).read_text(encoding="utf-8"))
        everything = (
            page.encode() + settings.encode() + b"".join(bodies[name] for name in sorted(bodies))
        )
        self.prefix = f"/static/{hashlib.sha256(everything).hexdigest()[:12]}/"
        # Relative, so that a proxy may serve the page under any path.
        slots = {**json.loads(words), "static": self.prefix.removeprefix("/"), NOW: "\0"}
        self._before, _, self._after = _fill(page, slots).partition("\0")
        self._policy = framed_by(frame_ancestors)
        self.settings = asset(
            _fill(settings, {**slots, **json.loads(more)}).encode(),
            "text/html; charset=utf-8",
            REVALIDATE,
            {},
        )
        self._page: tuple[str, Page] | None = None
        licence = (web / LICENCE).read_bytes()
        self._files = {
            self.prefix + name: asset(body, KINDS[name[name.rindex(".") :]], FOREVER, {})
            for name, body in {**bodies, LICENCE: licence}.items()
        }
        # Beside the page, because it may serve nothing above its own folder; so not for ever.
        self._files[f"/{WORKER}"] = asset(worker, KINDS[".js"], REVALIDATE, {})
        loaded = [
            self.page("").asset,
            *(self._files[self.prefix + name] for name in bodies if name not in ELSEWHERE),
        ]
        self.weight = sum(len(each.plain.body) for each in loaded)
        self.sent = sum(len(each.gzipped.body) for each in loaded)

    def page(self, now: str) -> Page:
        """Return the page with the state in words *now*; the last one is kept."""
        if self._page is None or self._page[0] != now:
            body = f"{self._before}{html.escape(now)}{self._after}".encode()
            etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
            headers = {"ETag": etag, "Content-Security-Policy": self._policy}
            kind = "text/html; charset=utf-8"
            made = Page(
                asset(body, kind, REVALIDATE, headers),
                etag,
                answer(b"", kind, status=304, cache=REVALIDATE, extra={**headers, **VARIES}),
            )
            self._page = (now, made)
        return self._page[1]

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


def _module(words: str) -> bytes:
    """Return the *words* of a JSON file as a module of JavaScript."""
    compact = json.dumps(json.loads(words), ensure_ascii=False, separators=(",", ":"))
    return f"export default {compact};\n".encode()


def _fill(template: str, words: dict[str, str]) -> str:
    """Replace each {{ key }} in *template*; an unknown key is a KeyError at start."""
    return SLOT.sub(lambda slot: html.escape(words[slot[1]]), template)
