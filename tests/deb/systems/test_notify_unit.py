# SPDX-License-Identifier: GPL-3.0-or-later
"""The process that sends messages into the world, under a real systemd; needs root and the package.

apprise is put where Debian's package puts it, from this machine's own. The phone is a server beside
the box, at an address of its network. That the unit does not reach this machine itself is not seen
here: the container may not load the filters of `IPAddressDeny=`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apprise
import pytest

from evsed.frontends.notify.service import SENDER_SOCKET
from tests.deb.systems.box import Box, root_of
from tests.deb.systems.rig import prepare
from tests.processes.rig import wait_until

PACKAGES = Path("/usr/lib/python3/dist-packages")
NEEDED = (
    *("apprise", "requests", "requests_oauthlib", "oauthlib", "urllib3", "certifi", "idna"),
    *("charset_normalizer", "yaml", "markdown", "click"),
)
PHONE = "192.0.2.10"  # of TEST-NET-1 (RFC 5737)
SERVER = """
import http.server, json, sys
class Phone(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        print(self.path, flush=True)
        self.send_response(200)
        self.end_headers()
server = http.server.HTTPServer(("", 0), Phone)
print(server.server_port, flush=True)
server.serve_forever()
"""
ASK = """
import socket, sys
asked = socket.socket(socket.AF_UNIX)
asked.connect(sys.argv[1])
asked.sendall(sys.argv[2].encode() + b"\\n")
print(asked.makefile().readline(), end="")
"""


@contextmanager
def phone(box: Box) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A server at every address of the box's network, and its port."""
    command = box.beside(sys.executable, "-c", SERVER)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdout is not None
        try:
            yield server, int(server.stdout.readline())
        finally:
            server.kill()


def sent(box: Box, user: str, url: str) -> str:
    """The answer to a message of *user* to the address *url*, or the error where there is none."""
    asked = json.dumps({"number": 0, "url": url, "title": "evsed: Charge done", "body": "4.00 kWh"})
    ids = (f"--reuid={user}", f"--regid={user}", "--clear-groups")
    command = ("python3", "-c", ASK, str(SENDER_SOCKET), asked)
    return box.run("setpriv", *ids, *command, check=False).stdout.strip()


@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
def test_evsed_alone_sends_into_the_world_by_a_unit_that_ends_with_its_message(suite: str) -> None:
    with Box(root_of(suite)) as box:
        prepare(box)
        box.run("ip", "address", "add", f"{PHONE}/32", "dev", "lo")
        box.run("dpkg", "-i", "/root/evsed.deb")
        for name in NEEDED:
            found = Path(apprise.__file__).parents[1] / name
            shutil.copytree(found, box.path(f"{PACKAGES}/{name}"), dirs_exist_ok=True)
        box.run("systemctl", "start", "evsed-notify.socket")
        with phone(box) as (server, port):
            assert sent(box, "evsed", f"json://{PHONE}:{port}/phone") == '{"sent": true}', (
                box.output("journalctl", "-o", "cat", "--no-pager", "-n", "30")
            )
            assert server.stdout is not None
            assert server.stdout.readline() == "/phone\n"
        assert "PermissionError" in sent(box, "mail", f"json://{PHONE}:{port}/phone")
        left = ("systemctl", "list-units", "--all", "--no-legend", "evsed-notify@*")
        wait_until("each process has ended with its message", lambda: box.output(*left) == "")
