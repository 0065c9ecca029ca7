# SPDX-License-Identifier: GPL-3.0-or-later
"""Rigs for one test, and stories that several tests ask about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.processes.rig import Rig
from tests.processes.stories import Stories, story_of

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "story(function): what the test asks about")


@pytest.fixture(scope="session")
def stories(request: pytest.FixtureRequest) -> Iterator[Stories]:
    wanted = (story_of(item) for item in request.session.items)
    stories = Stories(story for story in wanted if story is not None)
    yield stories
    stories.close()


@pytest.fixture
def told(request: pytest.FixtureRequest, stories: Stories) -> Any:  # noqa: ANN401 - as the story
    story = story_of(request.node)
    assert story is not None, "mark it with stories.of(...)"
    return stories.told(story)


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.close()
