# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings changed on the page: checked, guarded, written, undone, tried and taken back."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from evsed import __version__
from evsed.core.car.care import CarCare
from evsed.daemon.limit_calculator import LimitCalculator
from evsed.daemon.live_settings import LiveSettings, feed_terms
from evsed.daemon.report import build_report, find_update
from evsed.daemon.settings_restart import ANSWERED_S, TRIAL_S, SettingsRestart
from evsed.daemon.settings_service import RAISED_WITHIN_S, PageSettings
from evsed.daemon.supervisor import Supervisor
from evsed.errors import ChangeRefused, SettingsError
from evsed.settings.catalogue import catalogue
from evsed.settings.load import read_layers
from evsed.settings.page_file import PageFile, SettingsTrial
from tests.daemon.daemon_world import life
from tests.daemon.test_summary import NO_CAR

if TYPE_CHECKING:
    from pathlib import Path

    from evsed.settings import Settings
    from evsed.settings.load import Layers
    from tests.daemon.daemon_world import World

OWNERS = "[supply]\nmax_current_a = 16.0\n"


class Box:
    """An installation in *folder*, switched on since `on_s`; it keeps every message."""

    def __init__(self, folder: Path, more: str = "") -> None:
        self.file = folder / "evsed.toml"
        self.file.write_text(f'[store]\npath = "{folder}/evsed.db"\n{OWNERS}{more}')
        self.page = folder / "settings.toml"
        self.on_s = 0.0
        self.asked: list[str] = []
        self.written: list[bool] = []
        began_with = self.read().settings()
        self.service = PageSettings(
            lambda: began_with,
            self.read,
            lambda: self.on_s,
            lambda who, what: self.asked.append(f"{who}: {what}"),
            self.written.append,
        )

    def read(self) -> Layers:
        return read_layers(self.file, environ={"EVSED_WEB__PORT": "8080"})

    def max_a(self) -> float:
        return self.read().settings().supply.max_current_a


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


async def test_a_change_is_kept_over_the_owners_file_which_stays_as_it_is(box: Box) -> None:
    owners = box.file.read_text()
    outcome = await box.service.change("me", {"supply.max_current_a": 20.0, "surplus.loan_wh": 100})
    assert "supply.max_current_a: 16.0 → 20.0" in outcome
    assert box.file.read_text() == owners
    assert box.max_a() == 20
    assert box.asked == ["me: supply.max_current_a: 16.0 → 20.0; surplus.loan_wh: 320.0 → 100.0"]
    assert box.written == [False]
    view = await box.service.view()
    shown = {setting.key: setting for setting in view.settings}
    assert shown["supply.max_current_a"].origin == "page"
    assert not shown["supply.max_current_a"].in_effect
    assert set(view.waiting) == {"supply.max_current_a", "surplus.loan_wh"}


async def test_a_change_that_evsed_check_would_refuse_changes_nothing(box: Box) -> None:
    with pytest.raises(SettingsError, match="6 to 80 A") as error:
        await box.service.change("me", {"supply.max_current_a": 160.0})
    assert error.value.keys == ("supply.max_current_a",)
    with pytest.raises(SettingsError, match="meter of the house"):
        await box.service.change("me", {"supply.main_fuse_a": 35.0})
    assert not box.page.exists()
    assert (box.asked, box.written) == ([], [])


@pytest.mark.parametrize("key", ["supply.max_curent_a", "store.path", "web.port"])
async def test_what_is_no_setting_of_the_page_is_refused_by_its_name(box: Box, key: str) -> None:
    with pytest.raises(ChangeRefused, match=key):
        await box.service.change("me", {key: 7})


async def test_a_dangerous_setting_is_raised_within_ten_minutes_and_lowered_at_any_time(
    box: Box,
) -> None:
    box.on_s = RAISED_WITHIN_S - 1
    await box.service.change("me", {"supply.max_current_a": 20.0})
    box.on_s = RAISED_WITHIN_S
    with pytest.raises(ChangeRefused, match="ten minutes") as error:
        await box.service.change("me", {"supply.max_current_a": 21.0, "surplus.loan_wh": 1})
    assert error.value.late
    await box.service.change("me", {"supply.max_current_a": 8.0})
    assert box.max_a() == 8
    with pytest.raises(ChangeRefused, match="ten minutes"):  # an undo may raise, too
        await box.service.change("me", None)
    with pytest.raises(ChangeRefused, match="ten minutes"):  # ... and so may the owner's file
        await box.service.change("me", {"supply.max_current_a": None})
    assert box.max_a() == 8
    await box.service.change("root", {"supply.max_current_a": 21.0}, at_the_box=True)
    assert box.max_a() == 21


async def test_a_wiring_is_changed_only_by_who_has_just_switched_the_box_on(box: Box) -> None:
    box.on_s = RAISED_WITHIN_S
    for change in (
        {"board.pigpio.contactor_gpios": [22]},
        {"inputs.current_a_per_v": 60.0},
        {"safety.allow_without_b": True},
        {"supply.phases": 3},
    ):
        with pytest.raises(ChangeRefused, match="ten minutes"):
            await box.service.change("me", change)


async def test_the_password_is_asked_for_again_where_it_matters(box: Box) -> None:
    guarded = box.service.guarded
    assert await guarded({"surplus.loan_wh": 1, "feed.url": "http://x/"}) == ()
    assert await guarded({"supply.phases": 1, "web.names": []}) == ("supply.phases", "web.names")
    await box.service.change("me", {"supply.max_current_a": 10.0})
    assert await guarded(None) == ("supply.max_current_a",)


async def test_the_last_change_is_undone_and_the_undo_as_well(box: Box) -> None:
    assert "nothing to undo" in await box.service.change("me", None)
    await box.service.change("me", {"surplus.loan_wh": 100.0})
    await box.service.change("me", None)
    assert box.read().origin("surplus.loan_wh") == "default"
    await box.service.change("me", None)
    assert box.read().settings().surplus.loan_wh == 100
    assert box.asked[1] == "me: undo: surplus.loan_wh: 100.0 → 320.0"


async def test_an_event_shows_no_secret(box: Box) -> None:
    await box.service.change("me", {"feed.url": "http://me:secret@host/x?key=secret"})
    assert "secret" not in box.asked[0]


# --- taking effect ---------------------------------------------------------------------------


def live(world: World, box: Box) -> tuple[LiveSettings, LimitCalculator]:
    """The settings of *box* in effect, without any part."""
    settings = box.read().settings()
    limits = LimitCalculator(
        feed_terms(settings), world.charger, world.recorder, CarCare(settings.car_care_config())
    )
    supervisor = Supervisor(world.charger)
    return LiveSettings(
        settings, world.charger, limits, supervisor, lambda _: (), world.logs
    ), limits


def restart(world: World, box: Box, begun: list[bool]) -> SettingsRestart:
    return SettingsRestart(
        live(world, box)[0],
        box.read,
        box.page,
        world.charger,
        world.hub,
        lambda: begun.append(True),
    )


def soon() -> float:
    """A moment when whoever asked has the answer."""
    return time.monotonic() + ANSWERED_S


def show(world: World, *, plugged: bool, closed: int, board_ok: bool = True) -> None:
    tick = replace(NO_CAR, at=soon(), plugged=plugged, closed=closed)
    world.charger.set(replace(world.charger.state, snapshot=replace(tick, board_ok=board_ok)))


async def test_a_change_waits_for_the_end_of_a_charge_and_not_without_one(
    tmp_path: Path, box: Box
) -> None:
    (tmp_path / "life").mkdir(exist_ok=True)
    async with life(tmp_path / "life") as world:
        begun: list[bool] = []
        watch = restart(world, box, begun)
        show(world, plugged=True, closed=1)
        watch.ask(False)  # noqa: FBT003
        await asyncio.sleep(0)
        watch.update(soon())
        show(world, plugged=True, closed=0)  # a cloud
        watch.update(soon())
        assert not begun
        show(world, plugged=False, closed=0)
        watch.update(soon())
        assert begun == [True]
        show(world, plugged=True, closed=0)
        watch.ask(False)  # noqa: FBT003
        await asyncio.sleep(0)
        watch.update(soon())
        assert begun == [True, True]


async def test_a_board_that_does_not_come_up_puts_the_settings_back(
    tmp_path: Path, box: Box
) -> None:
    await box.service.change("me", {"board.pigpio.port": 8889})
    (tmp_path / "life").mkdir(exist_ok=True)
    async with life(tmp_path / "life") as world:
        begun: list[bool] = []
        watch = restart(world, box, begun)
        began_at = time.monotonic()
        show(world, plugged=False, closed=0, board_ok=False)
        watch.update(began_at + TRIAL_S - 1)
        assert PageFile(box.page).trial() is not None
        watch.update(began_at + TRIAL_S + 1)
        assert box.read().origin("board.pigpio.port") == "default"
        assert watch.falling_back is not None
        await watch.falling_back
        watch.update(began_at + TRIAL_S + 3)
        assert begun == [True]
        assert "the board did not come up" in PageFile(box.page).fell_back()


async def test_a_feed_that_does_not_come_up_puts_the_settings_back_and_a_good_one_stays(
    tmp_path: Path, box: Box
) -> None:
    await box.service.change("me", {"feed.url": "http://127.0.0.1:9/"})
    (tmp_path / "life").mkdir(exist_ok=True)
    async with life(tmp_path / "life") as world:
        watch = restart(world, box, [])
        show(world, plugged=False, closed=0)
        watch.update(time.monotonic())
        assert PageFile(box.page).trial() == SettingsTrial(("feed.url",))
        later = time.monotonic() + 200
        tick = world.charger.state.snapshot
        assert tick is not None
        world.charger.set(
            replace(world.charger.state, snapshot=replace(tick, at=later), feed_error="refused")
        )
        watch.update(later)
        assert box.read().origin("feed.url") == "default"
        assert "refused" in PageFile(box.page).fell_back()
    await box.service.change("me", {"surplus.loan_wh": 50.0})
    (tmp_path / "life").mkdir(exist_ok=True)
    async with life(tmp_path / "life") as world:
        watch = restart(world, box, [])
        show(world, plugged=False, closed=0)
        watch.update(time.monotonic())
        assert PageFile(box.page).trial() is None
        assert box.read().origin("surplus.loan_wh") == "page"


# --- the report --------------------------------------------------------------------------------

ADDRESS = "http://me:{0}@host:1/a?apikey={0}&x=1"


def values_with(secret: str) -> dict[str, object]:
    """For every setting that can carry one, a value with *secret* where an owner would put it."""
    found: dict[str, object] = {}
    for key, info in catalogue().items():
        if info.secret:
            found[key] = [secret] if info.kind == "list" else secret
        elif info.kind == "text":
            found[key] = ADDRESS.format(secret)
        elif info.kind == "list":
            found[key] = [ADDRESS.format(secret)]
        elif info.kind == "table":
            found[key] = [{"request": f"/a?key={secret}", "path": "x"}, {"topic": "t"}]
    return found


def as_settings(values: dict[str, object]) -> SimpleNamespace:
    """*values* in the shape of `Settings`: their rules would refuse most of the secrets."""
    root = SimpleNamespace()
    for key, value in values.items():
        table = root
        *above, last = key.split(".")
        for part in above:
            table = vars(table).setdefault(part, SimpleNamespace())
        setattr(table, last, value)
    return root


def test_a_report_shows_no_secret_of_any_setting(tmp_path: Path, box: Box) -> None:
    (tmp_path / "log").mkdir()
    lines = f"20261127120000 {ADDRESS.format('hush')} failed\n"
    for name in ("events.log", "errors.log", "log.log"):
        (tmp_path / "log" / name).write_text(lines)
    secret = values_with("hush")
    assert len(secret) > 40

    values = {key: secret.get(key, info.default) for key, info in catalogue().items()}
    values["logs.dir"] = tmp_path / "log"
    text = build_report(cast("Settings", as_settings(values)), box.read())
    assert "hush" not in text
    assert "feed.url = " in text
    assert "failed" in text
    assert f"evsed {__version__}" in text


def test_apt_is_asked_for_a_newer_version_and_may_be_missing(tmp_path: Path) -> None:
    apt = tmp_path / "apt-cache"
    apt.write_text(
        "#!/bin/sh\necho 'evsed:'\necho '  Installed: 0.1.0'\necho '  Candidate: 0.2.0'\n"
    )
    apt.chmod(0o755)
    found = find_update([str(apt), "policy", "evsed"])
    assert (found.installed, found.candidate, found.newer) == ("0.1.0", "0.2.0", True)
    apt.write_text("#!/bin/sh\necho '  Installed: (none)'\necho '  Candidate: 0.2.0'\n")
    assert not find_update([str(apt)]).newer
    missing = find_update([str(tmp_path / "none")])
    assert (missing.version, missing.newer) == (__version__, False)
