# SPDX-License-Identifier: GPL-3.0-or-later
"""Rigs for one test, and stories that several tests ask about; all of them beside each other."""

from __future__ import annotations

import inspect
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.processes.stories import Played, Stories, story_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.processes.rig import Rig

    Story = Callable[[Rig], Any]

OWN = pytest.StashKey["Story"]()
"""The story that a test with a rig of its own is by itself."""

PLAYED = pytest.StashKey[dict[str, list[Played]]]()
"""Every attempt at every story, by its name."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "story(function): what the test asks about")
    config.addinivalue_line("markers", "long: takes half a minute or more, so it begins first")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Make a story of every test with a rig of its own."""
    for item in items:
        if isinstance(item, pytest.Function) and "rig" in item.fixturenames:
            given = item.callspec.params if hasattr(item, "callspec") else {}
            story: Story = partial(item.function, **given)
            item.stash[OWN] = story


def _story(item: pytest.Item) -> Story | None:
    return item.stash.get(OWN, None) or story_of(item)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Judge what came of a story; the second play where the machine stood still in the first.

    A test that is a story by itself is not run here: its outcome is waited for.
    """
    story = _story(pyfuncitem)
    if story is None:
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    given = {name: pyfuncitem.funcargs[name] for name in names}
    stories = next(value for value in given.values() if isinstance(value, Stories))
    while True:
        try:
            outcome = stories.outcome(story)
            if OWN not in pyfuncitem.stash:
                pyfuncitem.obj(**{**given, "outcome": outcome})
        except Exception:
            if not stories.again(story):
                raise
        else:
            return True


@pytest.fixture(scope="session")
def stories(request: pytest.FixtureRequest) -> Iterator[Stories]:
    """All stories that the selected tests ask about, under way, those that take long first.

    The filters for warnings belong to the whole process, so a test that has some of its own is
    played where pytest sets them: in the main thread, when its turn comes.
    """
    items = [
        item for item in request.session.items if not item.get_closest_marker("filterwarnings")
    ]
    items.sort(key=lambda item: not item.get_closest_marker("long"))
    stories = Stories(story for item in items if (story := _story(item)) is not None)
    yield stories
    stories.close()
    request.config.stash[PLAYED] = {
        _name(story): played for story, played in stories.played().items()
    }


def _name(story: Story) -> str:
    given = getattr(story, "keywords", {}) or getattr(story, "args", ())
    name: str = getattr(story, "func", story).__name__
    return f"{name} {given or ''}".rstrip()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show which stories were played again, and how long all took where pytest is asked for it."""
    config = terminalreporter.config
    played = config.stash.get(PLAYED, {})
    for name, attempts in played.items():
        if len(attempts) > 1:
            terminalreporter.line(f"The machine stood still, played {len(attempts)} times: {name}")
    if count := config.getoption("durations", 0):
        terminalreporter.section("slowest stories")
        took = [(sum(each.took_s for each in plays), name) for name, plays in played.items()]
        for took_s, name in sorted(took, reverse=True)[:count]:
            terminalreporter.line(f"{took_s:.1f}s {name}")


@pytest.fixture
def outcome(stories: Stories) -> Stories:
    """Give a test the outcome of its story when it is judged."""
    return stories


@pytest.fixture
def rig(stories: Stories) -> Stories:
    """Give a test that is a story a rig of its own, when it is played."""
    return stories
