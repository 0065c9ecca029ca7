# SPDX-License-Identifier: GPL-3.0-or-later
"""The store writer keeps what could not be written, in its order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from evsed.daemon.store_writer import StoreWriter
from evsed.errors import StoreError
from evsed.store import Store

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_job_that_fails_stays_first_and_is_run_again(tmp_path: Path) -> None:
    writer = StoreWriter(Store(tmp_path / "evsed.db"))
    ran: list[str] = []

    def full_at_first() -> None:
        ran.append("first")
        if len(ran) == 1:
            raise StoreError("the disk is full")

    writer.submit(full_at_first)
    writer.submit(lambda: ran.append("second"))
    with pytest.raises(StoreError):
        await writer.flush()
    await writer.flush()
    await writer.close()

    assert ran == ["first", "first", "second"]
