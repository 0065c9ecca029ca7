# SPDX-License-Identifier: GPL-3.0-or-later
"""All parts of the package are there, and its pages know every command and every section."""

from __future__ import annotations

import re
import subprocess
from datetime import date
from importlib import metadata
from pathlib import Path

import pytest

from deb.build_deb import FILES, HERE, PAGES, SCRIPTS, version
from deb.release import numbers, released
from evsed import __version__
from evsed.cli.commands import parser
from evsed.settings import Settings

ROOT = Path(__file__).parents[2]


def commands() -> list[str]:
    return re.findall(r"^    ([a-z]+) ", parser().format_help(), re.MULTILINE)


@pytest.mark.parametrize("name", [*FILES, *PAGES])
def test_every_file_that_is_installed_is_in_the_source(name: str) -> None:
    assert (ROOT / name).is_file()


@pytest.mark.parametrize("name", ["evsed", "rtupdate", *SCRIPTS])
def test_every_script_is_one_that_the_shell_understands(name: str) -> None:
    subprocess.run(["sh", "-n", HERE / name], check=True)


@pytest.mark.source
def test_the_package_the_wheel_and_the_program_have_one_version() -> None:
    assert version() == metadata.version("evsed") == __version__


def test_a_release_turns_the_unreleased_section_into_one_of_its_own() -> None:
    before = "# Changelog\n\n## [Unreleased]\n\n- New.\n\n## [0.1.0] - 2026-01-01\n\n- Old.\n"

    after = released(before, "0.2.0", date(2026, 12, 1))

    assert after.index("[Unreleased]") < after.index("[0.2.0] - 2026-12-01") < after.index("- New.")
    assert after.index("- New.") < after.index("[0.1.0]")


@pytest.mark.parametrize("text", ["# Changelog\n", "## [Unreleased]\n\n## [0.1.0]\n- Old.\n"])
def test_nothing_to_release_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="nothing to release"):
        released(text, "0.2.0", date(2026, 12, 1))


@pytest.mark.parametrize("text", ["", "v1", "1.2", "1.2.3rc1"])
def test_a_version_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a version"):
        numbers(text)


def test_the_manual_names_every_command() -> None:
    page = (HERE / "evsed.8").read_text().replace("\\-", "-")
    assert len(commands()) >= 8
    for command in commands():
        assert re.search(rf'^\.(B|BR|BI) "?{command}\b', page, re.MULTILINE), command


def test_the_manual_of_the_settings_names_every_section() -> None:
    page = (HERE / "evsed.toml.5").read_text()
    for section in Settings.model_fields:
        assert f"[{section}]" in page


def test_the_completion_finds_the_commands_in_the_help() -> None:
    script = (HERE / "completion.bash").read_text()
    pattern = re.search(r"sed -n '([^']+)'", script)
    assert pattern is not None
    said = subprocess.run(
        ["sed", "-n", pattern[1]],
        input=parser().format_help(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.split() == commands()
