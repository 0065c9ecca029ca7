# SPDX-License-Identifier: GPL-3.0-or-later
"""The mark `untraced`: a test that runs without the tracing of its branches."""

import sys
from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Run a test that is marked `untraced` without the tracer.

    The mark of pytest-cov, `no_cover`, does nothing in the workers of pytest-xdist.
    """
    if item.get_closest_marker("untraced") is None:
        return (yield)
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(tracer)
