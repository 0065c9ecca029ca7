# SPDX-License-Identifier: GPL-3.0-or-later
"""Rigs for one test, and stories that several tests ask about; all of them beside each other."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.processes.rig import Rig
from tests.processes.stories import Stories, story_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Story = Callable[[Rig], Any]

OWN = pytest.StashKey["Story"]()
"""The story that a test with a rig of its own is by itself."""

SLOWEST = pytest.StashKey[list[tuple[float, str]]]()
"""How long each story took, the longest first."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "story(function): what the test asks about")
    config.addinivalue_line("markers", "long: takes half a minute or more, so it begins first")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Make a story of every test with a rig of its own.

    The filters for warnings belong to the whole process, so a test that has some of its own runs
    where pytest sets them: in the main thread.
    """
    for item in items:
        if isinstance(item, pytest.Function) and "rig" in item.fixturenames:
            if item.get_closest_marker("filterwarnings"):
                continue
            given = item.callspec.params if hasattr(item, "callspec") else {}
            story: Story = partial(item.function, **given)
            item.stash[OWN] = story


def _story(item: pytest.Item) -> Story | None:
    return item.stash.get(OWN, None) or story_of(item)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Wait for what came of a test that is a story, instead of running it here."""
    story = pyfuncitem.stash.get(OWN, None)
    if story is None:
        return None
    stories = pyfuncitem.funcargs["rig"]
    assert isinstance(stories, Stories)
    stories.outcome(story)
    return True


@pytest.fixture(scope="session")
def stories(request: pytest.FixtureRequest) -> Iterator[Stories]:
    items = sorted(request.session.items, key=lambda item: not item.get_closest_marker("long"))
    wanted = (_story(item) for item in items)
    stories = Stories(story for story in wanted if story is not None)
    yield stories
    stories.close()
    request.config.stash[SLOWEST] = sorted(
        ((took_s, _name(story)) for story, took_s in stories.took_s.items()), reverse=True
    )


def _name(story: Story) -> str:
    given = getattr(story, "keywords", {}) or getattr(story, "args", ())
    name: str = getattr(story, "func", story).__name__
    return f"{name} {given or ''}".rstrip()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show how long the stories took, where pytest is asked for the slowest tests."""
    config = terminalreporter.config
    if count := config.getoption("durations", 0):
        terminalreporter.section("slowest stories")
        for took_s, name in config.stash.get(SLOWEST, [])[:count]:
            terminalreporter.line(f"{took_s:.1f}s {name}")


@pytest.fixture
def outcome(request: pytest.FixtureRequest, stories: Stories) -> Any:  # noqa: ANN401 - as the story
    story = story_of(request.node)
    assert story is not None, "mark it with stories.of(...)"
    return stories.outcome(story)


@pytest.fixture
def rig(request: pytest.FixtureRequest, stories: Stories) -> Iterator[Rig | Stories]:
    """A rig; for a test that is a story, what gives each story its own."""
    if OWN in request.node.stash:
        yield stories
        return
    rig = Rig()
    yield rig
    rig.close()
