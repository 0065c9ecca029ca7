# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTPS beside HTTP: certificates, cookies, and clients that never end their handshake."""

from __future__ import annotations

import asyncio
import io
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import pytest

from evsed.cli.certificate import https
from evsed.errors import WebError
from evsed.frontends.web import WebConfig, WebLimits
from evsed.frontends.web.auth.authenticator import COOKIE, SECURE_COOKIE
from evsed.frontends.web.http.tls_gate import HANDSHAKES_MAX
from evsed.frontends.web.server import WebFrontend
from evsed.frontends.web.tls import certificate_file, certificate_path, fingerprint, load_context
from evsed.logs import Logs, LogsConfig
from tests.frontends.web.web_world import PASSWORD, PATIENT, ShownHub

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="the program openssl is not installed"
)

PATIENCE_S = 120.0


@dataclass
class Site:
    """A frontend with HTTP and HTTPS, on sockets that were handed in."""

    frontend: WebFrontend
    config: WebConfig
    plain: str
    secure: str
    port: int

    def trusting(self) -> ssl.SSLContext:
        """A client's context that trusts the certificate in use."""
        return ssl.create_default_context(cafile=str(certificate_file(self.config)))


def listening() -> socket.socket:
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen(128)
    return sock


@asynccontextmanager
async def site(
    password_file: Path, limits: WebLimits = PATIENT, certificate: str = ""
) -> AsyncIterator[Site]:
    plain, secure = listening(), listening()
    port = secure.getsockname()[1]
    config = WebConfig(password_file=str(password_file), https_port=port, certificate=certificate)
    frontend = WebFrontend(config, limits=limits, handed=(plain, secure))
    frontend.listen()
    hub = ShownHub()
    await frontend.start(hub)
    running = asyncio.create_task(frontend.run(hub))
    try:
        yield Site(
            frontend, config, f"http://127.0.0.1:{plain.getsockname()[1]}",
            f"https://localhost:{port}", port,
        )  # fmt: skip
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await frontend.stop()
        frontend.close()


async def test_the_page_is_served_by_https_with_a_certificate_of_its_own_and_by_http(
    password_file: Path,
) -> None:
    async with site(password_file) as found, aiohttp.ClientSession() as client:
        for url in (found.plain, found.secure):
            async with client.get(f"{url}/api/v1/status", ssl=found.trusting()) as answer:
                assert answer.status == 200
        assert found.frontend.tls_port == found.port
        assert certificate_path(found.config).stat().st_mode & 0o777 == 0o600


async def test_a_login_by_tls_has_a_cookie_of_its_own_that_only_tls_carries(
    password_file: Path,
) -> None:
    async with site(password_file) as found, aiohttp.ClientSession() as client:
        names = {}
        for url in (found.secure, found.plain):
            login = client.post(
                f"{url}/api/v1/login", json={"password": PASSWORD}, ssl=found.trusting()
            )
            async with login as answer:
                assert answer.status == 200, await answer.text()
                names[url] = answer.headers["Set-Cookie"]
        assert names[found.secure].startswith(f"{SECURE_COOKIE}=")
        assert "; Secure" in names[found.secure]
        assert names[found.plain].startswith(f"{COOKIE}=")
        assert "Secure" not in names[found.plain]
        for url, cookie in names.items():
            headers = {"Cookie": cookie.partition(";")[0]}
            async with aiohttp.ClientSession(headers=headers) as own:
                async with own.post(f"{url}/api/v1/ack", ssl=found.trusting()) as answer:
                    assert answer.status == 200
                async with own.delete(f"{url}/api/v1/login", ssl=found.trusting()) as answer:
                    assert answer.headers["Set-Cookie"].startswith(cookie.partition("=")[0])
                async with own.post(f"{url}/api/v1/ack", ssl=found.trusting()) as answer:
                    assert answer.status == 401


async def test_clients_that_never_end_their_handshake_cost_nobody_the_page(
    password_file: Path,
) -> None:
    async with site(password_file, replace(PATIENT, head_s=1.0)) as found:
        silent = [
            await asyncio.open_connection("127.0.0.1", found.port)
            for _ in range(HANDSHAKES_MAX + 20)
        ]
        async with asyncio.timeout(PATIENCE_S):
            for reader, _ in silent:
                with suppress(ConnectionError):
                    assert await reader.read() == b""
        assert found.frontend.connections == 0
        async with aiohttp.ClientSession() as client:
            address = f"{found.secure}/api/v1/status"
            async with client.get(address, ssl=found.trusting()) as answer:
                assert answer.status == 200
        for _, writer in silent:
            writer.close()


async def test_plain_http_on_the_port_of_https_is_cut(password_file: Path) -> None:
    async with site(password_file) as found:
        reader, writer = await asyncio.open_connection("127.0.0.1", found.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(PATIENCE_S):
            with suppress(ConnectionError):
                assert b"HTTP" not in await reader.read()
        writer.close()


async def test_a_certificate_that_cannot_be_used_costs_https_alone(
    password_file: Path, tmp_path: Path
) -> None:
    journal = io.StringIO()
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("no certificate")
    with Logs(LogsConfig(tmp_path / "log"), stdout=journal, environ={}):
        async with (
            site(password_file, certificate=str(wrong)) as found,
            aiohttp.ClientSession() as client,
            client.get(f"{found.plain}/api/v1/status") as answer,
        ):
            assert answer.status == 200
            assert found.frontend.tls_port == 0
    assert f"the certificate {wrong} cannot be used" in journal.getvalue()


def test_the_fingerprint_is_the_one_that_a_browser_shows(tmp_path: Path) -> None:
    config = WebConfig(password_file=str(tmp_path / "password"), https_port=8443)
    assert list(https(replace(config, https_port=0))) == []
    assert "it is made at the first start" in next(https(config))
    path = certificate_file(config)
    command = ("openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in", str(path))
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith(f"={fingerprint(path)}")
    assert fingerprint(path) in next(https(config))
    missing = next(https(replace(config, certificate=str(tmp_path / "of-the-owner.pem"))))
    assert "of-the-owner.pem has no certificate" in missing
    assert "first start" not in missing
    again = path.read_text()
    load_context(config)
    assert path.read_text() == again  # it is kept


def test_a_certificate_that_has_ended_is_replaced(tmp_path: Path) -> None:
    config = WebConfig(password_file=str(tmp_path / "password"), https_port=8443)
    path = certificate_file(config)
    text = path.read_text()
    key = tmp_path / "key.pem"
    key.write_text(text[: text.index("-----BEGIN CERTIFICATE")])
    command = ("openssl", "req", "-x509", "-key", str(key), "-days", "10", "-subj", "/CN=x")
    made = subprocess.run(command, capture_output=True, text=True, check=True)
    path.write_text(key.read_text() + made.stdout)
    certificate_file(config)
    assert path.read_text() != key.read_text() + made.stdout


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    config = WebConfig(password_file=str(tmp_path / "none" / "password"), https_port=8443)
    with pytest.raises(WebError, match="cannot be kept"):
        certificate_file(config)
