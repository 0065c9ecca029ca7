# SPDX-License-Identifier: GPL-3.0-or-later
"""The service worker: beside the page, with its words filled in, and never kept for ever."""

from __future__ import annotations

from evsed.frontends.web.http.assets import Assets
from tests.frontends.web.web_world import served


async def test_it_is_served_beside_the_page_so_that_it_may_serve_all_of_it() -> None:
    async with served() as evsed:
        wire = await evsed.wire()
        status, headers, body = await wire.ask("GET /service-worker.js")
    assert (status, headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert headers["cache-control"] == "no-cache"
    assert b"evsed is not reachable since {0}" in body
    assert b"{{" not in body


def test_it_is_no_file_of_the_static_folder() -> None:
    assets = Assets()
    assert assets.get(f"{assets.prefix}service-worker.js") is None
    assert assets.weight < 160_000
