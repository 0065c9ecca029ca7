# SPDX-License-Identifier: GPL-3.0-or-later
"""A sentence in another language: whole, or in English, and never an error."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from evsed.core.text import Text, text
from evsed.frontends.languages import ENGLISH_ITSELF, Language, Languages
from evsed.frontends.views import EventView, LimitView
from tests.frontends.web.web_world import CHARGING, NOON

if TYPE_CHECKING:
    from pathlib import Path

GERMAN = Language(
    "de",
    {
        ("", "no car"): "kein Auto",
        ("", "{spare_kw:.1f} kW to spare"): "{spare_kw:.1f} kW übrig",
        ("", "{reason}; {note}"): "{reason}; {note}",
        ("", "{count} times"): "{count}-mal",
        ("", "offering {offered_a:.1f} A"): "{missing} A",
        ("", "wait {left_s:.0f} s"): "{left_s:d} s warten",
        ("title", "evsed"): "evsed auf Deutsch",
    },
)
SPARE = text("{spare_kw:.1f} kW to spare", spare_kw=2.25)

PO = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

msgid "no car"
msgstr "kein Auto"

#, fuzzy
msgid "no plan"
msgstr "kein Flugzeug"

msgid "no sun"
msgstr ""

msgctxt "skip"
msgid "Skip"
msgstr "Überspringen"

#~ msgid "gone"
#~ msgstr "weg"
"""


@pytest.fixture
def languages(tmp_path: Path) -> Languages:
    (tmp_path / "de.po").write_text(PO, encoding="utf-8")
    (tmp_path / "fr.po").write_text("no translation at all", encoding="utf-8")
    (tmp_path / "README").write_text("no translation", encoding="utf-8")
    return Languages(tmp_path)


def test_a_sentence_is_translated_with_the_sentences_in_it_and_the_decimal_comma() -> None:
    whole = text("{reason}; {note}", reason=SPARE, note=text("no car"))
    assert GERMAN.sentence(whole) == "2,2 kW übrig; kein Auto"
    assert whole == "2.2 kW to spare; no car"
    assert GERMAN.sentence(text("{count} times", count=3)) == "3-mal"


@pytest.mark.parametrize(
    "sentence",
    [
        "no car",  # of a library or an old database: not evsed's sentence
        text("never seen before"),
        text("offering {offered_a:.1f} A", offered_a=13.2),
        text("wait {left_s:.0f} s", left_s=3.5),
        text("{count} times"),
        text(""),
    ],
)
def test_what_cannot_be_translated_stays_english(sentence: str) -> None:
    assert GERMAN.sentence(sentence).replace("-mal", " times") == sentence


def test_everything_that_is_shown_is_translated_wherever_it_stands() -> None:
    shown = (*CHARGING.limits, LimitView("feed", 9.4, SPARE))
    status = replace(
        CHARGING, summary=text("no car"), limits=shown, events=(EventView(NOON, SPARE),)
    )
    german = GERMAN.translated(status)
    assert (german.summary, german.limits[-1].reason) == ("kein Auto", "2,2 kW übrig")
    assert german.events[0].text == "2,2 kW übrig"
    assert replace(german, summary="", limits=(), events=()) == replace(
        status, summary="", limits=(), events=()
    )
    assert GERMAN.translated({"a": [SPARE], "b": (1.0, None)}) == {
        "a": ["2,2 kW übrig"],
        "b": (1.0, None),
    }


def test_what_has_no_sentence_is_not_copied() -> None:
    assert GERMAN.translated(CHARGING) is CHARGING
    assert ENGLISH_ITSELF.translated(SPARE) is SPARE


def test_a_word_of_the_page_is_found_by_its_key() -> None:
    assert GERMAN.word("title", "evsed") == "evsed auf Deutsch"
    assert GERMAN.word("title", "another text") == "another text"


def test_a_file_gives_what_is_translated_in_it(languages: Languages) -> None:
    german = languages.get("de")
    assert german.sentence(text("no car")) == "kein Auto"
    assert german.word("skip", "Skip") == "Überspringen"
    for same in ("no plan", "no sun", "gone"):
        assert german.sentence(text(same)) == same
    assert languages.get("de") is german


def test_there_are_the_languages_of_the_files_and_english(languages: Languages) -> None:
    assert languages.offered == ("en", "de", "fr")
    assert languages.get("it").code == languages.get("en").code == "en"
    assert languages.ready("it")
    assert not languages.ready("de")


def test_a_file_that_cannot_be_read_leaves_english(languages: Languages, tmp_path: Path) -> None:
    assert languages.get("fr").sentence(text("no car")) == "no car"
    (tmp_path / "de.po").unlink()
    assert languages.get("de").sentence(text("no car")) == "no car"
    assert Languages(tmp_path / "missing").offered == ("en",)


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("de", "de"),
        ("de-CH, en;q=0.5", "de"),
        ("it, fr;q=0.8, de;q=0.9", "de"),
        ("en-GB,en;q=0.9,de;q=0.8", "en"),
        ("DE;q=0.9, fr;q=0", "de"),
        ("de;q=0, *", "en"),
        ("", "en"),
        (";;;,q=1,de;q=x", "de"),
        ("it," * 10_000 + "de", "en"),
    ],
)
def test_the_first_language_that_a_browser_accepts_is_chosen(
    languages: Languages, accepted: str, chosen: str
) -> None:
    assert languages.choose(accepted) == chosen


def test_the_reader_of_translations_is_loaded_for_another_language_only() -> None:
    code = (
        "import sys; from evsed.frontends.languages import Languages\n"
        "Languages().get('en'); assert 'polib' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_translated_sentence_is_a_plain_text() -> None:
    assert type(GERMAN.sentence(SPARE)) is str
    assert isinstance(SPARE, Text)
