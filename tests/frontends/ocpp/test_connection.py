# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection: lost, half-open, refused, secured, flooded; and what holds meanwhile."""

from __future__ import annotations

import asyncio
import json
import ssl
import subprocess
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import pytest

from evsed.core.energy.sessions import EndReason
from evsed.errors import SourceError
from evsed.frontends.ocpp.connection import agreed, pause_s, tls
from evsed.frontends.ocpp.rpc import LARGEST_BYTES, LostError
from tests.frontends.ocpp.central import CentralSystem
from tests.frontends.ocpp.charger import EMPTY, Box, charger, config
from tests.frontends.ocpp.test_v16_profiles import profile, put
from tests.frontends.web.web_world import ShownHub


@pytest.fixture
async def central() -> AsyncIterator[CentralSystem]:
    async with CentralSystem() as running:
        yield running
        assert running.invalid == []


def trouble(box: Box) -> str:
    shown = box.hub.shown.ocpp
    return shown.trouble if shown is not None else ""


def in_transaction(box: Box) -> bool:
    shown = box.hub.shown.ocpp
    return shown is not None and shown.id_tag is not None


async def test_what_happened_without_the_central_system_is_told_in_order_once(
    central: CentralSystem, tmp_path: Path
) -> None:
    async with charger(central, tmp_path) as box:
        box.plug_in()
        await central.seen("StartTransaction")
        await central.stop()
        for _ in range(2):
            box.count(500.0)
            box.unplug()
            await box.until(lambda: not in_transaction(box))
            box.plug_in()
            await box.until(lambda: in_transaction(box))
    # As after a kill: the queue is on the disk, the process is another.
    async with charger(central, tmp_path, box):
        await central.start()
        await central.seen("StopTransaction", 2)
        await central.seen("StartTransaction", 3)
    told = [c for c in central.came if c.action in ("StartTransaction", "StopTransaction")]
    assert [c.action[:5] for c in told] == ["Start", "StopT", "Start", "StopT", "Start"]
    assert len({c.message_id for c in told}) == 5
    assert [c.payload.get("transactionId") for c in told] == [None, 7, None, 8, None]
    registers = [c.payload.get("meterStart", c.payload.get("meterStop")) for c in told]
    assert registers == [1000, 1500, 1500, 2000, 2000]


async def test_the_plan_holds_the_profile_for_the_keep_time_and_then_the_offline_limit(
    central: CentralSystem, tmp_path: Path
) -> None:
    async with charger(central, tmp_path, offline_keep_s=100.0, offline_max_a=6.0) as box:
        box.plug_in()
        await central.seen("StartTransaction")
        await put(central, profile((0, 20.0)))
        await box.until(lambda: box.max_a() == 20.0)
        assert box.max_a(in_s=90.0) == 20.0
        assert box.max_a(in_s=101.0) == 6.0
        await central.stop()
        await box.until(lambda: trouble(box) != "")
        assert box.max_a() == 20.0
        assert box.max_a(in_s=101.0) == 6.0


async def test_a_central_system_that_falls_silent_is_given_up_and_called_again(
    central: CentralSystem, tmp_path: Path
) -> None:
    async with charger(central, tmp_path, offline_keep_s=4.0):
        await central.seen("StatusNotification", 2)
        central.mute = True  # until the next connection
        await central.seen("BootNotification", 2)


@pytest.mark.parametrize(("password", "wanted"), [("right", True), ("wrong", False)])
async def test_a_password_opens_or_the_refusal_is_named(
    tmp_path: Path,
    password: str,
    wanted: bool,  # noqa: FBT001 - a row of the table
) -> None:
    (tmp_path / "password").write_text(f"{password}\n")
    file = str(tmp_path / "password")
    async with (
        CentralSystem(password="right") as central,
        charger(central, tmp_path, password_file=file) as box,
    ):
        if wanted:
            await central.seen("BootNotification")
        else:
            await box.until(lambda: "refuses the identity" in trouble(box))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 that signs itself, and its key, in one file."""
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    key, cert = file.with_name("key.pem"), file.with_name("cert.pem")
    asked = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
    asked += f"-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -keyout {key} -out {cert}"
    subprocess.run(["openssl", *asked.split()], check=True, capture_output=True)
    file.write_text(key.read_text() + cert.read_text())
    return file


async def test_a_certificate_that_nobody_vouches_for_is_not_trusted(
    tmp_path: Path, certificate: Path
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    async with CentralSystem(tls=context) as central:
        async with charger(central, tmp_path) as box:
            await box.until(lambda: "certificate" in trouble(box).lower())
        assert central.connections == 0
        async with charger(central, tmp_path, box, ca_file=str(certificate.with_name("cert.pem"))):
            await central.seen("BootNotification")


async def test_a_client_shows_its_certificate(tmp_path: Path, certificate: Path) -> None:
    ca_file = str(certificate.with_name("cert.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=ca_file)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(certificate)
    async with CentralSystem(tls=context) as central:
        async with charger(central, tmp_path, ca_file=ca_file, client_certificate=str(certificate)):
            await central.seen("BootNotification")
        with pytest.raises(SourceError, match="client_certificate"):
            tls(config(central, tmp_path, client_certificate=str(tmp_path / "none.pem")))


async def test_a_central_system_of_another_version_is_named(tmp_path: Path) -> None:
    async with (
        CentralSystem(protocols=("ocpp1.5",)) as central,
        charger(central, tmp_path) as box,
    ):
        await box.until(lambda: "speaks none of" in trouble(box))


def test_a_version_counts_only_where_it_was_offered() -> None:
    assert agreed("ocpp1.6", "auto") == "1.6"
    with pytest.raises(LostError, match="nothing that it names"):
        agreed(None, "1.6")
    with pytest.raises(LostError, match=r"ocpp1\.6"):
        agreed("ocpp2.0.1", "1.6")


async def test_null_members_and_nonsense_do_not_end_the_connection(
    central: CentralSystem, tmp_path: Path
) -> None:
    async with charger(central, tmp_path):
        await central.seen("StatusNotification", 2)
        answers = len(central.raw)
        for text in (
            "",
            "{",
            "[]",
            "[9]",
            "[3]",
            "[4,1]",
            '[3,"nobody",{}]',
            "[2]",
            "null",
            "[" * 9999,
        ):
            await central.send_text(text)
        waiting = central.expect("n1", "n2", "n3", "n4", "n5")
        await central.send_text(
            '[2,"n1","RemoteStartTransaction",{"idTag":"A","connectorId":null}]'
        )
        await central.send_text('[2,"n2","RemoteStopTransaction",{"transactionId":"7"}]')
        await central.send_text('[2,"n3","ChangeConfiguration",{}]')
        await central.send_text('[2,"n4","../../etc/passwd",{}]')
        await central.send_text('[2,"n5","Reset",[]]')
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert results[0] == {"status": "Accepted"}
        assert [getattr(r, "code", "") for r in results[1:]] == [
            "TypeConstraintViolation",
            "ProtocolError",
            "NotImplemented",
            "FormationViolation",
        ]
        assert len(central.raw) == answers + 5
    assert central.connections == 1


async def test_a_flood_is_read_slowly_and_a_giant_ends_the_connection(
    central: CentralSystem, tmp_path: Path
) -> None:
    async with charger(central, tmp_path) as box:
        box.plug_in()
        await central.seen("StartTransaction")
        loop = asyncio.get_running_loop()
        waiting, began_at = central.expect(*map(str, range(100))), loop.time()
        for n in range(100):
            await central.send_text(json.dumps([2, str(n), "GetLocalListVersion", {}]))
        await asyncio.gather(*waiting)
        assert loop.time() - began_at > 1.5  # 60 at once, then 20 a second
        await central.send_text('[2,"x","DataTransfer",{"vendorId":"' + "x" * LARGEST_BYTES + '"}]')
        await box.until(lambda: trouble(box) != "" or central.connections > 1)


def test_a_thousand_charge_points_come_back_spread_over_a_minute() -> None:
    pauses = sorted(pause_s(0, n / 999) for n in range(1000))
    assert pauses[0] >= 1.0
    assert 59.0 <= pauses[-1] <= 61.0
    assert max(b - a for a, b in pairwise(pauses)) < 0.1
    assert pause_s(100, 0.0) == 30.0


async def test_a_car_that_left_while_evsed_was_off_ends_its_transaction(
    central: CentralSystem, tmp_path: Path
) -> None:
    async with charger(central, tmp_path) as box:
        box.plug_in()
        await central.seen("StartTransaction")
    box.unplug(EndReason.POWER_CUT)
    async with charger(central, tmp_path, box):
        assert (await central.seen("StopTransaction")).payload["reason"] == "PowerLoss"


async def test_after_a_long_loss_the_old_profile_does_not_come_back_at_once(
    central: CentralSystem, tmp_path: Path
) -> None:
    ahead = [0.0]
    loop = asyncio.get_running_loop()
    box = Box(ShownHub(shown=EMPTY), lambda: loop.time() + ahead[0])
    async with charger(central, tmp_path, box, offline_keep_s=30.0, offline_max_a=6.0):
        box.plug_in()
        await central.seen("StartTransaction")
        await put(central, profile((0, 20.0)))
        await box.until(lambda: box.max_a() == 20.0)
        await central.stop()
        await box.until(lambda: trouble(box) != "")
        ahead[0] = 40.0  # it is lent to another meanwhile
        await central.start()
        await box.until(lambda: "is back" in box.why)
        assert box.max_a() == 6.0
        await put(central, profile((0, 8.0)))
        await box.until(lambda: box.max_a() == 8.0)
