# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages through apprise to a real server, one that refuses, and one that never ends."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import queue
import socketserver
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from evsed.core.car.care import ASLEEP, FINISHED
from evsed.core.user.notices import Message, NoticeKind, Notices, Situation
from evsed.errors import NotifyError
from evsed.frontends.languages import Languages
from evsed.frontends.notify import NotifyConfig
from evsed.frontends.notify.frontend import NotifyFrontend, seen
from evsed.frontends.notify.sender import QUEUE_MAX, Sender
from evsed.frontends.notify.service import SentApart, SentHere, Service, open_service
from evsed.frontends.notify.trial import try_all
from evsed.frontends.views import PlanView, PricesView
from evsed.logs import Logs, LogsConfig
from tests.frontends.web.web_world import CHARGING, FAULTED, NOON, ShownHub
from tests.sources.devices import served

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest.importorskip("apprise", reason="apprise is not installed")

PATIENCE_S = 120.0
"""Far more than any of it takes; a test that waits so long has failed."""
NOTICE = Message(NoticeKind.DONE, "4.00 kWh; the car has finished")
SECRET = "c0ffee-token"


class Phone:
    """A server of apprise's json:// scheme, which answers with *answers*, then with 200."""

    def __init__(self, *answers: int) -> None:
        self.got: queue.Queue[dict[str, Any]] = queue.Queue()
        self.answers = list(answers)

    async def handle(self, request: web.Request) -> web.Response:
        self.got.put(json.loads(await request.text()))
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    def next(self) -> tuple[str, str]:
        found = self.got.get(timeout=PATIENCE_S)
        return found["title"], found["message"]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[io.StringIO]:
    """Everything that is logged, debug included."""
    text = io.StringIO()
    with Logs(LogsConfig(tmp_path / "log", "debug"), stdout=text, environ={}):
        yield text


def address(url: str) -> str:
    return f"json://me:{SECRET}@{url.removeprefix('http://')}/{SECRET}?+X-Key={SECRET}"


def outcomes(sender_of: Service, *tries_after_s: float) -> tuple[Sender, queue.Queue[bool]]:
    found: queue.Queue[bool] = queue.Queue()
    sender = Sender(
        [sender_of], lambda _, sent: found.put(sent), tries_after_s=tries_after_s or (0.0,)
    )
    return sender, found


@contextmanager
def processes_for_each_message(folder: Path) -> Iterator[Path]:
    """A socket that starts the sending process for each connection, as systemd does."""

    class Started(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            subprocess.run(
                [sys.executable, "-m", "evsed.frontends.notify"],
                stdin=self.request, stdout=self.request, check=False,
            )  # fmt: skip

    path = folder / "notify.sock"
    with socketserver.ThreadingUnixStreamServer(str(path), Started) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield path
        finally:
            server.shutdown()
            thread.join()


def test_a_notice_arrives_through_a_process_of_its_own(tmp_path: Path) -> None:
    phone = Phone(200, 500)
    with served(phone.handle) as url, processes_for_each_message(tmp_path) as socket:
        service = open_service(0, address(url), socket)
        assert isinstance(service, SentApart)
        assert service.name == "notify.urls[0] (json://)"
        assert service.send("evsed: Charge done", "4.00 kWh; voilà")
        assert phone.next() == ("evsed: Charge done", "4.00 kWh; voilà")
        assert not service.send("evsed: Charge done", "4.00 kWh")  # the server refuses it


def test_the_process_of_its_own_says_what_is_no_address(tmp_path: Path) -> None:
    with (
        processes_for_each_message(tmp_path) as socket,
        pytest.raises(NotifyError, match=r"notify.urls\[1\] \(nonsense://\) is no") as no,
    ):
        open_service(1, "nonsense://x", socket)
    assert (
        Languages()
        .get("de")
        .sentence(str(no.value))
        .startswith("notify.urls[1] (nonsense://) ist keine Adresse")
    )


def test_a_socket_at_which_nobody_listens_sends_nothing_and_raises_nothing(tmp_path: Path) -> None:
    (tmp_path / "left").touch()
    service = open_service(0, address("http://127.0.0.1:9"), tmp_path / "left")
    assert not service.send("evsed: Charge done", "4.00 kWh")


def test_without_the_socket_evsed_sends_by_itself(tmp_path: Path) -> None:
    assert isinstance(open_service(0, "json://h", tmp_path / "notify.sock"), SentHere)


def test_a_notice_is_in_the_language_that_is_set() -> None:
    phone = Phone()
    (notice,) = Notices(NOON.hour * 60).update(0.0, NOON, Situation(plugged=False))
    with served(phone.handle) as url:
        sender = Sender(
            [SentHere(0, address(url))], lambda _, __: None, language=Languages().get("fr")
        )
        sender.put(notice)
        assert phone.next() == (
            "evsed : Pas branchée",
            f"aucune voiture n'est branchée à {NOON:%H:%M}",
        )
        sender.stop()


def test_a_notice_arrives_with_its_title_and_its_text() -> None:
    phone = Phone()
    with served(phone.handle) as url:
        sender, found = outcomes(SentHere(0, address(url)))
        sender.put(NOTICE)
        assert phone.next() == ("evsed: Charge done", "4.00 kWh; the car has finished")
        assert found.get(timeout=PATIENCE_S)
        sender.stop()


def test_a_notice_that_is_refused_is_tried_again() -> None:
    phone = Phone(500, 503)
    with served(phone.handle) as url:
        sender, found = outcomes(SentHere(0, address(url)), 0.0, 0.0, 0.0)
        sender.put(NOTICE)
        assert found.get(timeout=PATIENCE_S)
        assert phone.got.qsize() == 3
        sender.stop()


def test_a_server_that_never_answers_holds_up_nothing() -> None:
    begun, end = threading.Event(), threading.Event()

    async def trickle(request: web.Request) -> web.StreamResponse:
        begun.set()
        response = web.StreamResponse()
        await response.prepare(request)
        while not end.is_set():
            await response.write(b" ")
            await asyncio.sleep(0.05)
        return response

    with served(trickle) as url:
        sender, found = outcomes(SentHere(0, address(url)))
        sender.put(NOTICE)
        assert begun.wait(PATIENCE_S)
        for _ in range(3 * QUEUE_MAX):
            sender.put(NOTICE)  # what does not fit is dropped
        sender.stop()  # and nothing waits for what is being sent
        assert found.empty()
        end.set()


@pytest.mark.parametrize("url", ["nonsense://example.org/x", "tgram://wrong"])
def test_an_address_that_apprise_does_not_understand_is_named_without_its_secret(url: str) -> None:
    with pytest.raises(NotifyError, match=r"notify.urls\[1\] \((nonsense|tgram)://\) is no") as no:
        SentHere(1, url)
    assert "wrong" not in str(no.value)


async def run_until(frontend: NotifyFrontend, hub: ShownHub, phone: Phone) -> tuple[str, str]:
    """Run *frontend* until its next message has come."""
    task = asyncio.create_task(frontend.run(hub))
    try:
        return await asyncio.to_thread(phone.next)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_the_frontend_sends_a_fault_and_logs_no_secret(
    journal: io.StringIO, tmp_path: Path
) -> None:
    phone = Phone()
    seconds = count(100.0, 60.0)
    with served(phone.handle) as url:
        config = NotifyConfig(("nonsense://x", address(url)), 22 * 60)
        frontend = NotifyFrontend(config, clock=lambda: next(seconds))
        title, text = await run_until(frontend, ShownHub(FAULTED), phone)
    assert title == "evsed: Fault"
    assert text.startswith("DiodeFault: ")
    assert SECRET not in repr(config)
    logging.getLogger("urllib3").warning(address(url))
    logged = journal.getvalue() + "".join(file.read_text() for file in (tmp_path / "log").iterdir())
    assert "notify.urls[0] (nonsense://) is no address" in logged
    assert SECRET not in logged


async def test_a_service_that_takes_nothing_is_reported_once(journal: io.StringIO) -> None:
    frontend = NotifyFrontend(NotifyConfig((), None))
    for sent in (False, False, True, True, False):
        frontend._on_outcome("notify.urls[0] (json://)", sent)  # noqa: SLF001 - the sender's call
    text = journal.getvalue()
    await asyncio.sleep(0)
    while text.count("could not be sent") < 2:
        await asyncio.sleep(0.01)
        text = journal.getvalue()
    assert (text.count("could not be sent"), text.count("are sent again")) == (2, 1)


def test_a_status_says_all_that_notices_need() -> None:
    due = NOON + timedelta(hours=8)
    plan = PlanView(
        20.0, due, 0.0, charges=False, begins=NOON + timedelta(hours=1), expected_wh=0.0,
        power_w=7000.0, reached=False, short=True, text="The plan", trouble="too little time",
    )  # fmt: skip
    prices = PricesView(0.3, "EUR", None, "", None)
    session = replace(CHARGING.session, energy_wh=4000.0, solar_wh=1000.0, cost=1.0, savings=0.5)
    found = seen(replace(CHARGING, session=session, plan=plan, prices=prices, at=NOON))
    assert (found.plugged, found.closed, found.session_wh) == (True, True, 4000.0)
    assert found.charge == "4.00 kWh, 25 % sun, 1.00 EUR, 0.50 EUR saved"
    assert found.plan is not None
    assert (found.plan.short, found.plan.begins_s, found.plan.due) == (
        True,
        3600.0,
        due.timestamp(),
    )
    assert seen(replace(CHARGING, summary=FINISHED)).finished
    assert seen(replace(CHARGING, summary=ASLEEP)).idle
    assert seen(replace(CHARGING, state="-")).plugged is None
    assert seen(replace(CHARGING, state="A")).plugged is False


def test_a_trial_shows_which_address_takes_a_message() -> None:
    phone, lines = Phone(), list[str]()
    with served(phone.handle) as url:
        config = NotifyConfig((address(url), "nonsense://x"), None)
        assert not try_all(config, lines.append)
    assert phone.next()[0] == "evsed: A trial"
    assert lines[0] == "notify.urls[0] (json://): sent"
    assert "notify.urls[1] (nonsense://) is no address" in lines[1]
    assert try_all(None, lines.append)
