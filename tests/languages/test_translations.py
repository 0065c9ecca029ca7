# SPDX-License-Identifier: GPL-3.0-or-later
"""Each translation that is shipped is complete, and no sentence escapes the translators."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.languages.files import FOLDER, read, troubles, update
from tests.languages.messages import Message, collect, in_source, placeholders

if TYPE_CHECKING:
    from pathlib import Path

MESSAGES = [
    Message(("", "no car"), "a.py"),
    Message(("", "{spare_kw:.1f} kW to spare"), "a.py"),
    Message(("live", "Live"), "words.en.json"),
]
IMPORT = "from evsed.core.text import text\n"


@pytest.mark.source
def test_every_sentence_in_the_source_can_be_translated() -> None:
    keys = [message.key for message in collect()]
    assert ("", "{first}, {rest}") in keys
    assert ("live", "Live") in keys
    assert not [key for key in keys if key[0] in ("lang", "locale")]


@pytest.mark.source
def test_each_shipped_translation_is_complete() -> None:
    messages = collect()
    for path in FOLDER.glob("*.po"):
        assert (path.name, list(troubles(path, messages))) == (path.name, [])


@pytest.mark.parametrize(
    ("call", "trouble"),
    [
        ("text(words)", "not a literal"),
        ('text(f"{car} asks", car=1)', "not a literal"),
        ('text("a" + b)', "not a literal"),
        ("text()", "not a literal"),
        ('text("{a:.1f} and {b}", a=1)', "values ['a'] for ['a', 'b']"),
        ('text("{a}", **values)', "one by one"),
        ('text("{a", a=1)', "'}'"),
        ('text(" and more")', "space"),
        ('text("")', "empty"),
    ],
)
def test_a_sentence_that_cannot_be_translated_is_found(call: str, trouble: str) -> None:
    wrong: list[str] = []
    assert list(in_source(f"{IMPORT}x = {call}", "a.py", wrong)) == []
    assert len(wrong) == 1
    assert wrong[0].startswith("a.py:2: ")
    assert trouble in wrong[0]


def test_sentences_are_found_under_the_name_that_a_module_gives_them() -> None:
    wrong: list[str] = []
    source = 'from evsed.core.text import text as _\nx = _("a " "b", a=1), text("c")\ny = _("d")'
    found = list(in_source(source.replace(", a=1", ""), "a.py", wrong))
    assert [message.key for message in found] == [("", "a b"), ("", "d")]
    assert list(in_source('x = text("no sentence of ours")', "a.py", wrong)) == []
    assert wrong == []


def test_an_update_keeps_translations_adds_what_is_new_and_drops_what_is_gone(
    tmp_path: Path,
) -> None:
    path = tmp_path / "de.po"
    assert update(path, MESSAGES) == (3, 3)
    filled = path.read_text(encoding="utf-8").replace(
        'msgid "no car"\nmsgstr ""', 'msgid "no car"\nmsgstr "kein Auto"'
    )
    path.write_text(filled, encoding="utf-8")
    more = [Message(("", "new"), "a.py"), MESSAGES[0]]
    assert update(path, more) == (2, 1)
    assert [(entry.msgid, entry.msgstr) for entry in read(path)] == [
        ("new", ""),
        ("no car", "kein Auto"),
    ]


@pytest.mark.parametrize(
    ("before", "after", "trouble"),
    [
        ('msgstr "A"', 'msgstr ""', "not translated"),
        ('msgid "no car"', '#, fuzzy\nmsgid "no car"', "fuzzy"),
        ('msgid "no car"', 'msgid "no sun"', "no such message any more"),
        ('msgid "no car"', 'msgid "no sun"', "missing"),
        ('msgstr "{spare_kw:.1f} kW', 'msgstr "{spare_kw:.2f} kW', "values"),
        ('msgstr "{spare_kw:.1f} kW', 'msgstr "{spare:.1f} kW', "values"),
        ('msgstr "{spare_kw:.1f} kW', 'msgstr "{spare_kw:.1f kW', "values"),
    ],
)
def test_a_translation_that_is_not_right_is_found(
    tmp_path: Path, before: str, after: str, trouble: str
) -> None:
    path = tmp_path / "de.po"
    update(path, MESSAGES)
    text = path.read_text(encoding="utf-8")
    for english, german in (("no car", "A"), ("{spare_kw:.1f} kW to spare", "{spare_kw:.1f} kW")):
        text = text.replace(
            f'msgid "{english}"\nmsgstr ""', f'msgid "{english}"\nmsgstr "{german}"'
        )
    text = text.replace('msgid "Live"\nmsgstr ""', 'msgid "Live"\nmsgstr "B"')
    path.write_text(text, encoding="utf-8")
    assert list(troubles(path, MESSAGES)) == []
    path.write_text(text.replace(before, after), encoding="utf-8")
    found = list(troubles(path, MESSAGES))
    assert trouble in " ".join(found)


def test_placeholders_are_compared_with_their_formats() -> None:
    assert placeholders("{a:.1f} of {b}") == {("a", ".1f", ""), ("b", "", "")}
    with pytest.raises(ValueError, match="'}'"):
        placeholders("{a")
