# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/proxy.md: each recipe serves the page under a path by TLS, with orders and streams."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import ssl
import subprocess
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import pytest

from tests.frontends.openevse_world import QUICK
from tests.frontends.web.web_world import IN_TIME_S, PASSWORD, served
from tests.processes.test_controls import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

TEXT = (Path(__file__).parents[3] / "docs" / "proxy.md").read_text()
NAME = "home.example.org"
CLIENT = "127.0.0.9"
"""The address of the browser; the proxy has another one."""

WHERE = os.environ.get("PATH", "") + ":/usr/sbin"


def recipe(which: str) -> str:
    """The recipe for *which*."""
    found = re.search(rf"<!-- recipe: {which} -->\n```\w+\n(.*?)```", TEXT, re.DOTALL)
    assert found is not None
    return found[1]


def replaced(text: str, *pairs: tuple[str, str]) -> str:
    """*text* with each pair replaced, all of which it must have."""
    for before, after in pairs:
        assert before in text, before
        text = text.replace(before, after)
    return text


def nginx(folder: Path, port: int, evsed: int) -> list[str]:
    """The command that runs nginx by its recipe."""
    server = replaced(
        recipe("nginx"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
        (f"/etc/ssl/{NAME}", f"{folder}/{NAME}"),
        ("http://evsed.local/;", f"http://127.0.0.1:{evsed}/;"),
    )
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "\n".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    file = folder / "nginx.conf"
    file.write_text(
        f"pid {folder}/pid;\ndaemon off;\nerror_log stderr;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{temporary}\n{server}\n}}\n"
    )
    return ["nginx", "-p", str(folder), "-e", "stderr", "-c", str(file)]


def caddy(folder: Path, port: int, evsed: int) -> list[str]:
    """The command that runs caddy by its recipe."""
    tls = f"tls {folder}/{NAME}.pem {folder}/{NAME}.key"
    site = replaced(
        recipe("caddy"),
        (f"{NAME} {{", f"https://{NAME}:{port} {{\n{tls}"),
        ("evsed.local:80", f"127.0.0.1:{evsed}"),
    )
    file = folder / "Caddyfile"
    file.write_text(f"{{\nadmin off\nauto_https disable_redirects\n}}\n{site}")
    return ["caddy", "run", "--config", str(file), "--adapter", "caddyfile"]


def certificate(folder: Path) -> None:
    """Make a certificate that is its own authority."""
    command = (
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
        f"-subj /CN={NAME} -addext subjectAltName=DNS:{NAME} "
        f"-keyout {folder}/{NAME}.key -out {folder}/{NAME}.pem"
    )
    subprocess.run(command.split(), check=True, capture_output=True)


async def answers(port: int) -> bool:
    """Tell whether something listens on *port*."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


@asynccontextmanager
async def running(command: list[str], port: int, folder: Path) -> AsyncIterator[None]:
    """Run *command* until the end of the block, from when it answers on *port*."""
    environment = {"PATH": WHERE, "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    with (folder / "said").open("wb") as said:
        process = await asyncio.create_subprocess_exec(
            *command, env=environment, stdout=said, stderr=said
        )
        try:
            async with asyncio.timeout(IN_TIME_S):
                while not await answers(port):
                    assert process.returncode is None, (folder / "said").read_text()
                    await asyncio.sleep(0.05)
            yield
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


@pytest.mark.source
@pytest.mark.parametrize("proxy", [nginx, caddy])
async def test_a_recipe_serves_all_of_the_page_under_a_path_by_tls(
    proxy: Callable[[Path, int, int], list[str]], tmp_path: Path, password_file: Path
) -> None:
    if shutil.which(proxy.__name__, path=WHERE) is None:
        pytest.skip(f"no {proxy.__name__} here: sudo apt install {proxy.__name__}")
    certificate(tmp_path)
    port = free_port()
    here = {"Host": f"{NAME}:{port}"}
    own = {**here, "Origin": f"https://{NAME}:{port}", "Sec-Fetch-Site": "same-origin"}
    tls = ssl.create_default_context(cafile=str(tmp_path / f"{NAME}.pem"))
    async with (
        served(
            password_file=password_file,
            names=(NAME,),
            openevse=True,
            limits=QUICK,
            trusted_proxies=("127.0.0.1",),
        ) as evsed,
        running(proxy(tmp_path, port, evsed.port), port, tmp_path),
        aiohttp.ClientSession(
            f"https://127.0.0.1:{port}/evsed/",
            connector=aiohttp.TCPConnector(ssl=tls, local_addr=(CLIENT, 0)),
            timeout=aiohttp.ClientTimeout(total=IN_TIME_S),
        ) as browser,
    ):

        async def ask(
            method: str, path: str, headers: dict[str, str], body: object = None
        ) -> tuple[int, str, str]:
            """Ask; status, text and cookie of the answer."""
            async with browser.request(
                method,
                path,
                headers=headers,
                json=body,
                server_hostname=NAME,
                allow_redirects=False,
            ) as answer:
                cookie = answer.headers.get("Set-Cookie", "")
                return answer.status, await answer.text(), cookie

        status, page, _ = await ask("GET", "", {**here, "Accept": "text/html"})
        assert status == 200
        for name in re.findall(r'(?:src|href)="(static/[^"]+)"', page):
            assert (await ask("GET", name, here))[0] == 200

        status, _, cookie = await ask("POST", "api/v1/login", own, {"password": PASSWORD})
        assert status == 200
        assert "; Secure" in cookie
        order = {**own, "Cookie": cookie.partition(";")[0]}
        assert (await ask("PATCH", "api/v1/controls", order, {"mode": "fast"}))[0] == 200
        assert evsed.hub.changed_by == [CLIENT]

        async with browser.get("api/v1/events", server_hostname=NAME, headers=here) as stream:
            lines = [(await stream.content.readline())[:6] for _ in range(2)]
            assert lines == [b"retry:", b"data: "]
        async with browser.ws_connect("ws", server_hostname=NAME, headers=here) as wire:
            assert (await wire.receive_json(timeout=IN_TIME_S))["state"] == 3
