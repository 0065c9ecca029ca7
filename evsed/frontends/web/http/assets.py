# SPDX-License-Identifier: GPL-3.0-or-later
"""The page's files: read once, compressed once, kept in memory (some 150 KB).

All of them are under `/static/<hash of everything>/`, so that a browser may keep them for ever and
never mixes the files of two versions; relative imports between them work. The English of the page
is one file, `words.en.json`: `{{ key }}` in page.html is filled from it here, and the script reads
it as the module `words.js`, which is generated here. In another language all of it is there once
more under another hash, with other words and otherwise the same files in memory.

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
from evsed.frontends.languages import ENGLISH, ENGLISH_ITSELF, Language
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
VARIES = {"Vary": "Accept, Accept-Encoding, Accept-Language, Cookie"}
NAMES = {"en": "English", "de": "Deutsch", "es": "Español", "fr": "Français"}
"""Languages in their own words."""
CHOICES = "{{ languages }}"
"""The slot of the pages for the languages there are."""
OF_LANGUAGE = frozenset({"lang", "locale"})
"""Keys of words that no translation has: they name the language itself."""
NOW = "now_in_words"
"""The slot of the page for the state in words, filled for each request."""
FOR_READERS = re.compile(rb"^[ ]+(//.*\n)?|^//.*\n|^\n|(?<=[;,{([]) // .*$", re.MULTILINE)
"""Indentation, blank lines and comments of our scripts and styles: for who reads the source only.

No text of ours goes over two lines, in which the blanks would count, or has " // " in it.
"""
INDENTED = re.compile(r"\n +")
FILE = re.compile(r"/static/[0-9a-f]{12}-([a-z]{2,3})/")
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


class Edition:
    """The pages and modules that have words, in one language.

    `prefix` is the address under which this edition has all of its files, `modules` are those that
    only it has, by name.
    """

    def __init__(self, texts: _Texts, language: Language, policy: str) -> None:
        words = texts.words(WORDS, language)
        more = texts.words(SETTINGS_WORDS, language)
        modules = {"words.js": _module(words), "settings_words.js": _module(more)}
        for part in (PLAN_WORDS, MONEY_WORDS):
            modules[part.replace(".en.json", "_words.js")] = _module(texts.words(part, language))
        everything = (
            texts.page.encode()
            + texts.settings.encode()
            + b"".join(modules[name] for name in sorted(modules))
            + texts.hash
        )
        code = "" if language.code == ENGLISH else f"-{language.code}"
        self.prefix = f"/static/{hashlib.sha256(everything).hexdigest()[:12]}{code}/"
        # Relative, so that a proxy may serve the page under any path.
        slots = {**words, "static": self.prefix.removeprefix("/"), NOW: "\0"}
        self._before, _, self._after = _fill(texts.page, slots).partition("\0")
        self._policy = policy
        settings = _fill(texts.settings, {**slots, **more}).encode()
        self.settings = asset(settings, "text/html; charset=utf-8", REVALIDATE, {})
        worker = _fill(texts.worker, texts.words(WORKER_WORDS, language)).encode()
        # Beside the page, because it may serve nothing above its own folder; so not for ever.
        self.worker = asset(worker, KINDS[".js"], REVALIDATE, {})
        self.modules = {
            name: asset(body, KINDS[".js"], FOREVER, {}) for name, body in modules.items()
        }
        self._page: tuple[str, Page] | None = None

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


class Assets:
    """The page and its files by their address.

    Other sites at *frame_ancestors* may show the page in a frame. No other site may frame the page
    of the settings. *languages* are the codes of those that may be chosen.

    `weight` is the size of a first visit in bytes; `sent` the same as transferred, compressed; both
    in English. Raises `WebError` where third-party files are missing.
    """

    def __init__(
        self, frame_ancestors: tuple[str, ...] = (), languages: tuple[str, ...] = (ENGLISH,)
    ) -> None:
        web = resources.files("evsed.frontends.web")
        folder = web / "static"
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
        worker = bodies.pop(WORKER).decode()
        # One style sheet: each further file delays the first paint.
        bodies[STYLE] = b"\n".join(bodies.pop(name) for name in STYLES)
        choices = "".join(map(_option, languages))
        page, settings = (
            INDENTED.sub("\n", (folder / name).read_text(encoding="utf-8")).replace(
                CHOICES, choices
            )
            for name in (PAGE, SETTINGS_PAGE)
        )
        self._texts = _Texts(
            folder,
            page,
            settings,
            worker,
            hashlib.sha256(b"".join(bodies[name] for name in sorted(bodies))).digest(),
        )
        self._policy = framed_by(frame_ancestors)
        bodies[LICENCE] = (web / LICENCE).read_bytes()
        self._shared = {
            name: asset(body, KINDS[name[name.rindex(".") :]], FOREVER, {})
            for name, body in bodies.items()
        }
        self._files: dict[str, Asset] = {}
        self._editions: dict[str, Edition] = {}
        english = self.edition(ENGLISH_ITSELF)
        self.prefix = english.prefix
        named = {**self._shared, **english.modules}
        loaded = [
            english.page("").asset,
            *(each for name, each in named.items() if name not in (*ELSEWHERE, LICENCE)),
        ]
        self.weight = sum(len(each.plain.body) for each in loaded)
        self.sent = sum(len(each.gzipped.body) for each in loaded)

    def edition(self, language: Language) -> Edition:
        """Return what has words in *language*; made once for each."""
        found = self._editions.get(language.code)
        if found is None:
            found = self._editions[language.code] = Edition(self._texts, language, self._policy)
            for name, each in (*self._shared.items(), *found.modules.items()):
                self._files[found.prefix + name] = each
        return found

    def get(self, path: str, language: Language = ENGLISH_ITSELF) -> Asset | None:
        """Return the file at *path*, if the page has it in *language*, see `language_of()`."""
        self.edition(language)
        return self._files.get(path)


@dataclass(frozen=True, slots=True)
class _Texts:
    """Everything that has words or slots for them, before they are filled in.

    `hash` is that of all other files.
    """

    folder: Traversable
    page: str
    settings: str
    worker: str
    hash: bytes

    def words(self, name: str, language: Language) -> dict[str, str]:
        """Return the words in the file *name*, in *language*."""
        english = json.loads((self.folder / name).read_text(encoding="utf-8"))
        words = {key: language.word(key, word) for key, word in english.items()}
        if language.code != ENGLISH:
            words |= dict.fromkeys(OF_LANGUAGE & words.keys(), language.code)
        return words


def language_of(path: str) -> str:
    """Return the code of the language in which the page has the file *path*; "" for English.

    It stands in the address, so that a page that was loaded before a restart finds its files.
    """
    found = FILE.match(path)
    return found[1] if found else ""


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


def _option(code: str) -> str:
    return f'<option value="{code}" lang="{code}">{NAMES.get(code, code)}</option>'


def _module(words: dict[str, str]) -> bytes:
    """Return *words* as a module of JavaScript."""
    compact = json.dumps(words, ensure_ascii=False, separators=(",", ":"))
    return f"export default {compact};\n".encode()


def _fill(template: str, words: dict[str, str]) -> str:
    """Replace each {{ key }} in *template*; an unknown key is a KeyError at start."""
    return SLOT.sub(lambda slot: html.escape(words[slot[1]]), template)
