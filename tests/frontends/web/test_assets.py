# SPDX-License-Identifier: GPL-3.0-or-later
"""The page's own files: all there, small, and with no word or address from elsewhere."""

import hashlib
import json
import re
import tomllib
from importlib import resources
from pathlib import Path

import aiohttp
import pytest

import hatch_build
from evsed.core.energy.sessions import EndReason
from evsed.core.pilot.faults import Fault
from evsed.core.pilot.limits import OWNER_NAMES
from evsed.errors import WebError
from evsed.frontends.languages import ENGLISH_ITSELF, Languages
from evsed.frontends.web.http.assets import FOR_READERS, PARTS, Assets, parts
from tests.frontends.web.web_world import CHARGING, FAULTED, served

HTML = {"Accept": "text/html"}
WEB = resources.files("evsed.frontends.web")
STATIC = WEB / "static"


def page() -> str:
    return Assets().edition(ENGLISH_ITSELF).page("").asset.plain.body.decode()


def test_the_whole_page_weighs_less_than_160_kb() -> None:
    assets = Assets()
    assert 30_000 < assets.sent < assets.weight < 160_000


@pytest.mark.source
def test_no_text_of_a_script_goes_over_two_lines_where_its_indentation_would_be_lost() -> None:
    for script in (file for file in (WEB / "static").iterdir() if file.name.endswith(".js")):
        for number, line in enumerate(script.read_text().splitlines(), 1):
            assert line.replace('"`"', "").count("`") % 2 == 0, (script.name, number)


@pytest.mark.source
def test_no_text_of_a_script_looks_like_a_comment_that_is_left_out() -> None:
    for script in (file for file in (WEB / "static").iterdir() if file.name.endswith(".js")):
        for number, line in enumerate(script.read_text().splitlines(), 1):
            code = line.encode()[
                : next((m.start() for m in FOR_READERS.finditer(line.encode())), 0)
            ]
            assert code.count(b'"') % 2 == 0, (script.name, number)
            assert code.count(b"`") % 2 == 0, (script.name, number)


def test_the_parts_of_other_hands_are_the_very_bytes_that_are_pinned() -> None:
    pins = tomllib.loads((WEB / "parts.toml").read_text())
    files = {name: pin for part in pins.values() for name, pin in part["files"].items()}
    assert set(files) == set(PARTS)
    for name, pin in files.items():
        assert hashlib.sha512((WEB / "vendor" / name).read_bytes()).hexdigest() == pin["sha512"]


def test_a_checkout_without_the_parts_says_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(WebError, match=r"uPlot.*missing.*nothing was started.*make setup"):
        parts(tmp_path)


@pytest.mark.source
def test_a_build_refuses_a_part_that_is_not_as_pinned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hatch_build, "VENDOR", tmp_path)
    wanted = hatch_build.parts()
    hatch_build.bring(wanted)
    assert {file.name for file in tmp_path.iterdir()} == set(PARTS)
    for file in tmp_path.iterdir():
        file.unlink()
    for pin in wanted["uplot"]["files"].values():
        pin["sha512"] = pin["sha512"][::-1]
    with pytest.raises(SystemExit, match=r"is not what .*parts.toml pins; nothing was built"):
        hatch_build.bring(wanted)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.source
def test_a_build_without_the_wheel_that_carries_a_part_says_so() -> None:
    wanted = hatch_build.parts()
    for pin in wanted["uplot"]["files"].values():
        pin["wheel"] = "no-such-wheel"
    with pytest.raises(SystemExit, match=r"no-such-wheel, which is not installed.*make setup"):
        hatch_build.bring(wanted)


def test_the_licence_of_the_charts_can_be_read_from_the_page() -> None:
    asset = Assets().get("/" + re.findall(r'href="([^"]+\.LICENSE)"', page())[0])
    assert asset is not None
    assert b"Permission is hereby granted" in asset.plain.body


def test_the_page_loads_nothing_from_elsewhere_and_has_nothing_inline() -> None:
    body = page()
    assert re.findall(r'(?:src|href)="(https?:)?//', body) == []
    assert re.findall(r"<script(?![^>]*src=)", body) == []
    assert re.findall(r"<style|style=|\son\w+=", body) == []
    for file in STATIC.iterdir():
        if file.name.endswith((".js", ".css")):
            text = file.read_text(encoding="utf-8")
            for harmless in ("http://www.w3.org", "http-equiv"):
                text = text.replace(harmless, "")
            assert "http" not in text


def test_every_word_the_page_uses_is_in_the_one_file_and_every_word_there_is_used() -> None:
    words = json.loads((STATIC / "words.en.json").read_text(encoding="utf-8"))
    scripts = "".join(
        file.read_text(encoding="utf-8") for file in STATIC.iterdir() if file.name.endswith(".js")
    )
    in_html = set(
        re.findall(r"\{\{ (\w+) \}\}", (STATIC / "page.html").read_text(encoding="utf-8"))
    )
    in_scripts = set(re.findall(r'"([a-z_]+)"', scripts)) | {"lang", "locale"}
    fixed = ("owner_", "recovery_", "mode_", "reason_", "band_", "fault_", "done_by_")
    made_up = {word for word in words if word.startswith(fixed)} | {"error"}
    assert in_html - {"static", "now_in_words", "languages"} <= set(words)
    assert set(words) <= in_html | in_scripts | made_up
    assert set(re.findall(r'\bt\("([a-z_]+)"', scripts)) <= set(words)


def test_every_owner_of_a_limit_has_a_label_and_no_other_has() -> None:
    words = json.loads((STATIC / "words.en.json").read_text(encoding="utf-8"))
    assert [word for word in words if word.startswith("owner_")] == [
        f"owner_{o}" for o in OWNER_NAMES
    ]


def test_every_fault_has_a_title() -> None:
    words = json.loads((STATIC / "words.en.json").read_text(encoding="utf-8"))
    named = {f"fault_{fault.value}" for fault in Fault}
    others = {"fault_todo", "fault_done", "fault_since"}
    assert {word for word in words if word.startswith("fault_")} == named | others


def test_every_reason_for_the_end_of_a_session_has_its_words_and_no_other_has() -> None:
    words = json.loads((STATIC / "words.en.json").read_text(encoding="utf-8"))
    named = {f"reason_{reason.value.replace(' ', '_')}" for reason in EndReason}
    assert {word for word in words if word.startswith("reason_")} == named


def test_every_id_the_script_writes_to_is_in_the_page() -> None:
    scripts = "".join(
        file.read_text(encoding="utf-8") for file in STATIC.iterdir() if file.name.endswith(".js")
    )
    written = set(re.findall(r'(?:byId|put|putWatts|getElementById|list|run)\("(\w+)"', scripts))
    settings = (STATIC / "settings.html").read_text(encoding="utf-8")
    present = set(re.findall(r'id="(\w+)"', page() + settings))
    assert written
    assert written <= present


async def test_each_file_the_page_names_is_served_for_ever_and_in_its_kind() -> None:
    async with served() as evsed, aiohttp.ClientSession(evsed.url) as client:
        async with client.get("/", headers=HTML) as answer:
            names = re.findall(r'(?:src|href)="(static/[^"]+)"', await answer.text())
        assert len(names) >= 6
        for name in names:
            async with client.get(f"/{name}") as answer:
                assert answer.status == 200
                assert "immutable" in answer.headers["Cache-Control"]
                assert answer.content_type in {
                    "text/css",
                    "text/javascript",
                    "image/svg+xml",
                    "text/plain",
                    "application/manifest+json",
                }


async def test_the_script_reads_its_words_as_a_module() -> None:
    async with (
        served() as evsed,
        aiohttp.ClientSession(evsed.url) as client,
        client.get(f"{Assets(languages=Languages().offered).prefix}words.js") as answer,
    ):
        body = await answer.text()
    assert json.loads(body.removeprefix("export default ").removesuffix(";\n"))["title"] == "evsed"


async def test_a_browser_that_has_the_page_already_is_told_so() -> None:
    async with served() as evsed, aiohttp.ClientSession(evsed.url) as client:
        async with client.get("/", headers=HTML) as answer:
            etag = answer.headers["ETag"]
        async with client.get("/", headers={**HTML, "If-None-Match": etag}) as answer:
            assert answer.status == 304
            assert await answer.read() == b""


def test_no_address_of_the_page_begins_at_the_root_so_that_a_proxy_may_serve_it_anywhere() -> None:
    scripts = "".join(
        file.read_text(encoding="utf-8") for file in STATIC.iterdir() if file.name.endswith(".js")
    )
    assert "api/v1/events" in scripts
    assert re.findall(r"""["'`]/(?:api|static)""", scripts) == []
    assert re.findall(r'(?:src|href)="/(?:api|static|line)', page()) == []


async def test_without_javascript_the_page_tells_the_state_and_leads_programs_to_the_line() -> None:
    async with (
        served(openevse=True) as evsed,  # with it, /status is JSON
        aiohttp.ClientSession(evsed.url) as client,
    ):
        plain = ""
        for status, expected in (
            (CHARGING, "Charging from the sun. 2.2 kW to spare: following it with 9.4 A. 2.2 kW"),
            (FAULTED, "DiodeFault: the diode in the car is not seen; the contactor was opened."),
        ):
            evsed.hub.show(status)
            async with client.get("/", headers=HTML) as answer:
                whole = await answer.text()
            # A text browser shows what is hidden.
            assert "demo" not in re.sub(r"<[^>]*>", "", whole)
            plain = re.findall(r"<noscript>(.*)</noscript>", whole)[0]
            assert expected in plain
        link = re.findall(r'href="([^"]+)"', plain)[0]
        async with client.get(f"/{link}", headers=HTML) as answer:
            assert (await answer.text()).startswith("Timestamp ")


async def test_a_browser_that_has_the_page_of_another_state_gets_the_new_one() -> None:
    async with served() as evsed, aiohttp.ClientSession(evsed.url) as client:
        async with client.get("/", headers=HTML) as answer:
            etag = answer.headers["ETag"]
        evsed.hub.show(FAULTED)
        async with client.get("/", headers={**HTML, "If-None-Match": etag}) as answer:
            assert answer.status == 200


async def test_the_page_stands_in_no_frame_but_of_the_sites_that_the_owner_names() -> None:
    for sites, expected in (
        ((), "frame-ancestors 'none'"),
        (("http://homeassistant.local:8123",), "frame-ancestors http://homeassistant.local:8123"),
    ):
        async with served(frame_ancestors=sites) as evsed:
            wire = await evsed.wire()
            _, headers, _ = await wire.ask("GET /", "Accept: text/html")
            assert headers["content-security-policy"].endswith(expected)
            _, headers, _ = await wire.ask("GET /api/v1/status")
            assert headers["content-security-policy"].endswith("frame-ancestors 'none'")


async def test_files_are_compressed_for_those_who_can_read_that() -> None:
    name = f"{Assets(languages=Languages().offered).prefix}page.css"
    async with served() as evsed, aiohttp.ClientSession(evsed.url) as client:
        async with client.get(name, headers={"Accept-Encoding": "identity"}) as answer:
            plain = await answer.read()
            assert "Content-Encoding" not in answer.headers
        async with client.get(name, headers={"Accept-Encoding": "gzip"}) as answer:
            assert await answer.read() == plain
            assert answer.headers["Content-Encoding"] == "gzip"
            assert int(answer.headers["Content-Length"]) < len(plain)


def test_the_page_can_be_installed_and_its_manifest_leads_back_to_it_under_any_path() -> None:
    assets = Assets()
    found = assets.get(f"{assets.prefix}manifest.webmanifest")
    assert found is not None
    manifest = json.loads(found.plain.body)
    # From /static/<hash>/manifest.webmanifest, two folders up is where the page is.
    assert {manifest[key] for key in ("id", "start_url", "scope")} == {"../../"}
    assert all(assets.get(assets.prefix + icon["src"]) for icon in manifest["icons"])
    assert 'rel="manifest"' in page()
