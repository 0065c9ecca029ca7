# SPDX-License-Identifier: GPL-3.0-or-later
"""The page in the language of its reader; the API in English, unless it is asked for another."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from evsed.core.text import text
from evsed.frontends.languages import Languages
from evsed.frontends.web.http.responses import problem
from tests.frontends.web.web_world import CHARGING, served

if TYPE_CHECKING:
    from pathlib import Path

STATUS = replace(
    CHARGING, reason=text("{spare_kw:.1f} kW to spare", spare_kw=2.25), summary=text("Charging")
)
HTML = {"Accept": "text/html"}
PO = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

msgid "{spare_kw:.1f} kW to spare"
msgstr "{spare_kw:.1f} kW übrig"

msgid "Charging"
msgstr "Lädt"

msgctxt "skip"
msgid "Skip to what is happening now"
msgstr "Zum Geschehen"

msgctxt "live"
msgid "Live"
msgstr "Aktuell"

msgctxt "never"
msgid "evsed is not reachable"
msgstr "evsed ist nicht erreichbar"
"""


@pytest.fixture
def languages(tmp_path: Path) -> Languages:
    (tmp_path / "de.po").write_text(PO, encoding="utf-8")
    return Languages(tmp_path)


async def get(url: str, **headers: str) -> str:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    async with aiohttp.ClientSession() as client, client.get(url, headers=sent) as answer:
        return await answer.text()


@pytest.mark.parametrize(
    ("headers", "lang"),
    [
        ({}, "en"),
        ({"Accept_Language": "de-AT,de;q=0.9"}, "de"),
        ({"Accept_Language": "it"}, "en"),
        ({"Accept_Language": "de", "Cookie": "evsed_lang=en"}, "en"),
        ({"Accept_Language": "en", "Cookie": "a=b; evsed_lang=de; c=d"}, "de"),
        ({"Cookie": "evsed_lang=../../etc/passwd"}, "en"),
        ({"Cookie": "evsed_lang=xx"}, "en"),
    ],
)
@pytest.mark.parametrize("path", ["", "settings"])
async def test_a_page_is_in_the_language_of_the_choice_or_of_the_browser(
    languages: Languages, path: str, headers: dict[str, str], lang: str
) -> None:
    async with served(status=STATUS, languages=languages) as evsed:
        body = await get(f"{evsed.url}/{path}", Accept="text/html", **headers)
    assert f'<html lang="{lang}">' in body
    assert ("Zum Geschehen" in body) is (lang == "de" and not path)


async def test_a_page_has_its_words_its_state_and_its_files_in_its_language(
    languages: Languages,
) -> None:
    async with served(status=STATUS, languages=languages) as evsed:
        body = await get(f"{evsed.url}/", Accept="text/html", Accept_Language="de")
        assert "Lädt. 2,2 kW übrig." in body
        name = re.findall(r'href="(static/[^"]+/words.js)"', body)[0]
        words = await get(f"{evsed.url}/{name}")
        worker = await get(f"{evsed.url}/service-worker.js", Accept_Language="de")
    found = json.loads(words.removeprefix("export default ").rstrip(";\n"))
    assert (found["lang"], found["locale"], found["live"]) == ("de", "de", "Aktuell")
    assert "evsed ist nicht erreichbar" in worker


async def test_a_page_from_before_a_restart_still_finds_its_files(languages: Languages) -> None:
    async with served(status=STATUS, languages=languages) as evsed:
        body = await get(f"{evsed.url}/", Accept="text/html", Accept_Language="de")
    name = re.findall(r'href="(static/[^"]+/words.js)"', body)[0]
    async with served(status=STATUS, languages=languages) as evsed:
        assert "Aktuell" in await get(f"{evsed.url}/{name}")


async def test_the_settings_offer_the_languages_there_are(languages: Languages) -> None:
    async with served(status=STATUS, languages=languages) as evsed:
        body = await get(f"{evsed.url}/settings", Accept="text/html")
    assert re.findall(r'<option value="(\w+)" lang', body) == ["en", "de"]


async def test_the_api_is_english_until_it_is_asked_for_another_language(
    languages: Languages,
) -> None:
    async def reason(query: str) -> Any:  # noqa: ANN401 - JSON
        wanted = {"Accept_Language": "de", "Cookie": "evsed_lang=de"}
        return json.loads(await get(f"{evsed.url}/api/v1/status{query}", **wanted))["reason"]

    async with served(status=STATUS, languages=languages) as evsed:
        assert await reason("") == "2.2 kW to spare"
        assert await reason("?lang=de") == "2,2 kW übrig"
        assert await reason("?lang=de") == "2,2 kW übrig"
        assert await reason("?lang=it") == await reason("?lang=en") == "2.2 kW to spare"


async def test_two_listeners_of_one_stream_read_their_own_languages(languages: Languages) -> None:
    async with (
        served(status=STATUS, languages=languages) as evsed,
        aiohttp.ClientSession() as client,
        client.get(f"{evsed.url}/api/v1/events") as english,
        client.get(f"{evsed.url}/api/v1/events?lang=de") as german,
    ):
        for stream, reason in ((english, "2.2 kW to spare"), (german, "2,2 kW übrig")):
            seen = 0
            while seen < 3:  # the first, and two of the pump
                line = await stream.content.readline()
                if line.startswith(b"data: "):
                    assert json.loads(line[6:])["reason"] == reason
                    seen += 1


def test_a_refusal_is_translated_with_its_details(languages: Languages) -> None:
    refused = problem(422, text("Charging"), errors=(("mode", text("Charging")),))
    german = json.loads(refused.in_language(languages.get("de")).body)
    assert (german["detail"], german["errors"][0]["detail"]) == ("Lädt", "Lädt")
    assert german["errors"][0]["pointer"] == "#/mode"
    assert refused.in_language(languages.get("en")) is refused


@pytest.mark.parametrize("code", Languages().offered)
async def test_each_language_that_is_shipped_has_its_pages_whole(code: str) -> None:
    async with served(status=STATUS) as evsed:
        for path in ("", "settings"):
            body = await get(f"{evsed.url}/{path}?lang={code}", Accept="text/html")
            assert f'<html lang="{code}">' in body
            assert "{{" not in body
            for name in re.findall(r'(?:src|href)="(static/[^"]+)"', body):
                assert await get(f"{evsed.url}/{name}")
        worker = await get(f"{evsed.url}/service-worker.js?lang={code}")
        assert f'<html lang="{code}">' in worker
        reason = json.loads(await get(f"{evsed.url}/api/v1/status?lang={code}"))["reason"]
        assert ("2.2" if code == "en" else "2,2") in reason
