# SPDX-License-Identifier: GPL-3.0-or-later
"""The page's own files: read once, compressed once, kept in memory (some 50 KB).

All of them live under `/static/<hash of everything>/`, so a browser may keep them for ever and
never mixes the files of two versions; relative imports between them just work. The English of the
page is one file, `words.en.json`: `{{ key }}` in page.html is filled from it here, and the script
reads it as the module `words.js`, which is made here.
"""

from __future__ import annotations

import gzip
import hashlib
import html
import json
import re
from dataclasses import dataclass
from importlib import resources

from evsed.frontends.web.answers import FOREVER, REVALIDATE, Answer, answer

KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

WORDS = "words.en.json"
PAGE = "page.html"
COMPRESSED = {"Content-Encoding": "gzip"}
VARIES = {"Vary": "Accept, Accept-Encoding"}
SLOT = re.compile(r"\{\{ (\w+) \}\}")


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, as it is and compressed."""

    plain: Answer
    gzipped: Answer

    def answer(self, accept_encoding: str) -> Answer:
        """The form that the client can read."""
        return self.gzipped if "gzip" in accept_encoding else self.plain


class Assets:
    """The page and its files by their address; `weight` is what a first visit loads, in bytes."""

    def __init__(self) -> None:
        folder = resources.files(__package__) / "static"
        words = (folder / WORDS).read_text(encoding="utf-8")
        bodies = {
            file.name: file.read_bytes()
            for file in folder.iterdir()
            if file.name.endswith(tuple(KINDS))
        }
        bodies["words.js"] = f"export default {words.strip()};\n".encode()
        page = (folder / PAGE).read_text(encoding="utf-8")
        everything = page.encode() + b"".join(bodies[name] for name in sorted(bodies))
        self.prefix = f"/static/{hashlib.sha256(everything).hexdigest()[:12]}/"
        filled = _fill(page, {**json.loads(words), "static": self.prefix}).encode()
        self.etag = f'"{hashlib.sha256(filled).hexdigest()[:16]}"'
        self.page = _asset(filled, "text/html; charset=utf-8", REVALIDATE, {"ETag": self.etag})
        self.unchanged = answer(b"", "text/html; charset=utf-8", status=304, cache=REVALIDATE,
                                extra={"ETag": self.etag, **VARIES})  # fmt: skip
        self._files = {
            self.prefix + name: _asset(body, KINDS[name[name.rindex(".") :]], FOREVER, {})
            for name, body in bodies.items()
        }
        self.weight = len(filled) + sum(len(body) for body in bodies.values())

    def get(self, path: str) -> Asset | None:
        """The file at *path*, if it is one of the page's."""
        return self._files.get(path)


def _asset(body: bytes, kind: str, cache: str, extra: dict[str, str]) -> Asset:
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
