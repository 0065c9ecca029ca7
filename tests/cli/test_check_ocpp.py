# SPDX-License-Identifier: GPL-3.0-or-later
"""`evsed check --ocpp`: off, a central system that answers, and one that does not."""

from __future__ import annotations

import asyncio
from pathlib import Path

from evsed.cli.ocpp import show
from evsed.frontends.ocpp import OcppConfig
from tests.frontends.ocpp.central import CentralSystem


def test_without_an_address_it_is_off() -> None:
    lines: list[str] = []
    assert show(None, "", lines.append)
    assert "is empty" in lines[0]


async def test_the_version_is_shown_and_a_refusal_named(tmp_path: Path) -> None:
    nowhere = str(tmp_path / "evsed.sock")
    async with CentralSystem(protocols=("ocpp2.0.1", "ocpp1.6")) as central:
        config = OcppConfig(url=central.url, path=tmp_path / "ocpp.db", identity="CP1")
        lines: list[str] = []
        assert await asyncio.to_thread(show, config, nowhere, lines.append)
        assert lines == [f"{central.url}/CP1: it speaks OCPP 2.0.1"]
        central.password = "wanted"
        lines.clear()
        assert not await asyncio.to_thread(show, config, nowhere, lines.append)
        assert "refuses the identity or the password" in lines[0]
