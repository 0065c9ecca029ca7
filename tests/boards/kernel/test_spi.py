# SPDX-License-Identifier: GPL-3.0-or-later
"""Bursts over spidev: within its limits, in order, and at no pace that the pilot can hide from."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from evsed.boards.kernel.pwm import PilotPwm
from evsed.boards.kernel.spi import Adc
from evsed.core.pilot.j1772 import PilotState
from evsed.core.pilot.pilot_meter import FrontEnd, PilotMeter
from evsed.errors import BoardError
from evsed.sim.circuit import CAR_B_OHM, CAR_C_OHM, PARTS
from tests.boards.kernel.fake_kernel import FakeKernel


@pytest.fixture
def kernel(tmp_path: Path) -> FakeKernel:
    kernel = FakeKernel(tmp_path).boot()
    PilotPwm(kernel, 18).acquire()
    return kernel


@pytest.mark.parametrize(
    ("bufsiz", "count", "ioctls"),
    [(4096, 64, [32, 32]), (4096, 128, [32] * 4), (4096, 40, [32, 8]), (65536, 128, [128])],
)
def test_as_many_conversions_as_the_kernel_takes_go_into_one_ioctl(
    kernel: FakeKernel, bufsiz: int, count: int, ioctls: list[int]
) -> None:
    kernel.set_bufsiz(bufsiz)
    adc = Adc(kernel, 0, 1_000_000)
    assert len(adc.convert(0, count)) == count
    assert kernel.ioctls == ioctls
    adc.close()


def test_a_limit_that_shrinks_is_an_error_with_its_remedy(kernel: FakeKernel) -> None:
    adc = Adc(kernel, 0, 1_000_000)
    kernel.set_bufsiz(1024)
    with pytest.raises(BoardError, match=r"spidev\.bufsiz=65536"):
        adc.convert(0, 64)
    adc.close()


def test_where_spi_is_off_it_says_how_to_switch_it_on(kernel: FakeKernel) -> None:
    (kernel.root / "dev/spidev0.0").unlink()
    with pytest.raises(BoardError, match="raspi-config nonint do_spi 0"):
        Adc(kernel, 0, 1_000_000)


def test_the_channel_is_the_one_that_was_asked_for(kernel: FakeKernel) -> None:
    adc = Adc(kernel, 0, 1_000_000)
    assert adc.convert(1, 1) == [321]
    adc.close()


def test_no_two_bursts_keep_the_same_pace_and_none_keeps_one(kernel: FakeKernel) -> None:
    adc = Adc(kernel, 0, 1_000_000)
    paces = []
    for _ in range(5):
        kernel.conversions.clear()
        adc.convert(0, 32)
        gaps = [round((after - before) * 1e6) for before, after in pairwise(kernel.conversions)]
        assert min(gaps) >= 35
        assert max(gaps) <= 50
        assert len(set(gaps)) > 5
        paces.append(tuple(gaps))
    assert len(set(paces)) == 5
    adc.close()


@pytest.mark.parametrize(("car_ohm", "state"), [(CAR_B_OHM, "B"), (CAR_C_OHM, "C")])
@pytest.mark.parametrize("duty_ns", [100_000, 533_000, 960_000])
def test_the_pilot_is_understood_from_such_bursts(
    kernel: FakeKernel, car_ohm: float, state: str, duty_ns: int
) -> None:
    PilotPwm(kernel, 18).set(duty_ns)
    kernel.plug_in(car_ohm)
    adc = Adc(kernel, 0, 1_000_000)
    meter = PilotMeter(FrontEnd(PARTS.volts_at_code_0, PARTS.volts_per_code))
    duty = duty_ns / 1e6
    readings = [meter.update(tick * 0.02, adc.convert(0, 128), duty) for tick in range(100)]
    assert readings[-1].settled is PilotState(state)
    adc.close()
