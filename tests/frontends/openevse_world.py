# SPDX-License-Identifier: GPL-3.0-or-later
"""evcc as it asks by OpenEVSE's interface, and what the tests of that interface share."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, replace
from typing import Any

import aiohttp

from tests.frontends.web.web_world import PASSWORD, PATIENT

QUICK = replace(PATIENT, socket_every_s=0.01)
EVCC_CLAIM = "/claims/262145"


def basic(password: str = PASSWORD) -> str:
    return "Basic " + base64.b64encode(f"evcc:{password}".encode()).decode()


@dataclass
class Evcc:
    """evcc's requests, one by one."""

    session: aiohttp.ClientSession
    url: str
    header: str = basic()

    async def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        headers = {"Authorization": self.header} if self.header else {}
        async with self.session.request(
            method, self.url + path, json=body, headers=headers
        ) as answer:
            text = await answer.text()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, text
