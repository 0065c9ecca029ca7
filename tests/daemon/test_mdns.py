# SPDX-License-Identifier: GPL-3.0-or-later
"""Being found in the network, where what that needs is not there."""

import sys

import pytest
from structlog.testing import capture_logs

from evsed.daemon.mdns import announce


async def test_without_the_library_it_says_what_to_install_and_charging_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(
        sys.modules, "evsed.daemon.mdns_responder", None
    )  # as where zeroconf is missing
    with capture_logs() as entries:
        await announce(80)
    (said,) = entries
    assert "pip install 'evsed[openevse]'" in said["event"]
    assert "openevse.announce = false" in said["event"]
