# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of hypothesis (no deadline, the same examples in every run); a time zone."""

import os
import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# A slow or busy machine must never fail a test, so nothing is measured against a wall clock.
# derandomize: a failure seen in CI is seen by whoever repeats it. HYPOTHESIS_PROFILE=search looks
# for new examples instead, as long as you like.
_unhurried = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile(
    "repeatable", deadline=None, derandomize=True, database=None, suppress_health_check=_unhurried
)
settings.register_profile(
    "search", deadline=None, max_examples=2000, suppress_health_check=_unhurried
)
settings.register_profile(
    "emulated", parent=settings.get_profile("repeatable"), max_examples=10
)  # `make arm-suite`: emulated, a Pi is twenty times slower than this machine
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


@pytest.fixture
def vienna() -> Iterator[None]:
    """The local time of Vienna, where the clocks are set in March and in October."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Europe/Vienna")
        time.tzset()
        yield
    time.tzset()
