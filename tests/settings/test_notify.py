# SPDX-License-Identifier: GPL-3.0-or-later
"""[notify]: addresses hold secrets, and no message about them shows one."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from evsed.frontends.languages import Languages
from evsed.settings.messages import describe
from evsed.settings.notify import NotifySettings
from tests.settings.test_devices import complaint, settings

SECRET = "c0ffee"


def test_without_an_address_there_are_no_notices(tmp_path: Path) -> None:
    assert settings(tmp_path, "").notify.config() is None


def test_an_address_and_the_time_of_the_evening(tmp_path: Path) -> None:
    text = f'[notify]\nurls = ["ntfys://ntfy.sh/{SECRET}"]\nnot_plugged_at = "21:30"\n'
    found = settings(tmp_path, text)
    config = found.notify.config()
    assert config is not None
    assert (config.urls, config.remind_min) == ((f"ntfys://ntfy.sh/{SECRET}",), 21 * 60 + 30)
    assert 'urls = "***"' in describe(found)
    never = settings(tmp_path, text.replace("21:30", "")).notify.config()
    assert never is not None
    assert never.remind_min is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f'urls = ["{SECRET}"]', "notify.urls[0] = ***: must be a list of addresses of apprise"),
        (f'urls = "ntfy://{SECRET}"', "notify.urls = ***: must be a list of addresses of apprise"),
        ('not_plugged_at = "25:00"', 'must be a time such as "22:00", or "" for never'),
    ],
)
def test_what_is_wrong_is_said_without_the_secret(tmp_path: Path, text: str, words: str) -> None:
    line = complaint(tmp_path, f"[notify]\n{text}\n")
    assert words in line
    assert SECRET not in line


def test_the_languages_of_messages_are_those_that_there_are() -> None:
    offered = get_args(NotifySettings.model_fields["language"].annotation)
    assert sorted(offered) == sorted(Languages().offered)
