# SPDX-License-Identifier: GPL-3.0-or-later
"""The structures and numbers are those of the kernel's own headers."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from evsed.boards.kernel import spi as kernel_spi
from evsed.boards.kernel import sysfs as kernel_sys
from evsed.boards.kernel.pwm import PilotPwm, find_channel
from evsed.errors import BoardError
from tests.boards.kernel.fake_kernel import PI_3, PI_4, PI_5, PI_ZERO, FakeKernel

HEADERS = """
#include <stddef.h>
#include <stdio.h>
#include <linux/gpio.h>
#include <linux/spi/spidev.h>
#define L(x) printf("%ld ", (long)(x))
int main(void) {
    L(GPIO_GET_CHIPINFO_IOCTL); L(GPIO_V2_GET_LINEINFO_IOCTL); L(GPIO_V2_GET_LINE_IOCTL);
    L(GPIO_V2_LINE_GET_VALUES_IOCTL); L(GPIO_V2_LINE_SET_VALUES_IOCTL);
    L(GPIO_V2_LINE_FLAG_INPUT); L(GPIO_V2_LINE_FLAG_OUTPUT); L(GPIO_V2_LINE_FLAG_BIAS_PULL_UP);
    L(sizeof(struct gpiochip_info)); L(sizeof(struct gpio_v2_line_request));
    L(sizeof(struct gpio_v2_line_values)); L(sizeof(struct gpio_v2_line_info));
    L(offsetof(struct gpio_v2_line_request, consumer));
    L(offsetof(struct gpio_v2_line_request, config.flags));
    L(offsetof(struct gpio_v2_line_request, num_lines));
    L(offsetof(struct gpio_v2_line_request, fd));
    L(offsetof(struct gpio_v2_line_info, consumer)); L(offsetof(struct gpio_v2_line_info, offset));
    L(SPI_IOC_WR_MODE); L(SPI_IOC_MESSAGE(32)); L(sizeof(struct spi_ioc_transfer));
    L(offsetof(struct spi_ioc_transfer, len)); L(offsetof(struct spi_ioc_transfer, delay_usecs));
    L(offsetof(struct spi_ioc_transfer, cs_change));
    return 0;
}
"""


@pytest.mark.skipif(
    shutil.which("cc") is None or not Path("/usr/include/linux/spi/spidev.h").exists(),
    reason="no C compiler, or none of the kernel's headers (Debian: gcc, linux-libc-dev)",
)
def test_the_kernels_headers_agree(tmp_path: Path) -> None:
    program = tmp_path / "headers"
    subprocess.run(["cc", "-xc", "-", "-o", str(program)], input=HEADERS, text=True, check=True)
    said = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    numbers = [int(number) & 0xFFFFFFFF for number in said.split()]
    assert numbers == [
        kernel_sys.GPIO_GET_CHIPINFO,
        kernel_sys.GPIO_GET_LINEINFO,
        kernel_sys.GPIO_GET_LINE,
        kernel_sys.GPIO_LINE_GET_VALUES,
        kernel_sys.GPIO_LINE_SET_VALUES,
        kernel_sys.LINE_INPUT,
        kernel_sys.LINE_OUTPUT,
        kernel_sys.LINE_PULL_UP,
        kernel_sys.CHIP_INFO.size,
        kernel_sys.LINE_REQUEST.size,
        kernel_sys.LINE_VALUES.size,
        kernel_sys.LINE_INFO.size,
        *(256, 288, 560, 588),
        *(32, 64),
        kernel_spi.SPI_MODE,
        kernel_spi.message(32),
        kernel_spi.TRANSFER.size,
        *(16, 24, 27),
    ]


def test_the_fields_of_the_structures_lie_where_the_headers_have_them() -> None:
    request = kernel_sys.LINE_REQUEST.pack(*[7] * 64, b"C" * 32, 0x11, 0, 0x22, 0, 0x33)
    assert request[256:288] == b"C" * 32
    assert request[288:296] == (0x11).to_bytes(8, "little")
    assert request[560:564] == (0x22).to_bytes(4, "little")
    assert request[588:592] == (0x33).to_bytes(4, "little")
    info = kernel_sys.LINE_INFO.pack(b"", b"C" * 32, 0x11, 0, 0)
    assert info[32:64] == b"C" * 32
    assert info[64:68] == (0x11).to_bytes(4, "little")
    transfer = kernel_spi.TRANSFER.pack(1, 2, 3, 4, 0x1234, 8, 1, 0, 0, 0)
    assert transfer[16:20] == (3).to_bytes(4, "little")
    assert transfer[24:26] == (0x1234).to_bytes(2, "little")
    assert transfer[26:28] == bytes([8, 1])


@pytest.mark.parametrize(
    ("model", "chip", "channels"),
    [
        (PI_ZERO, "pwmchip0", {12: 0, 13: 1, 18: 0, 19: 1}),
        (PI_3, "pwmchip0", {12: 0, 13: 1, 18: 0, 19: 1}),
        (PI_4, "pwmchip0", {12: 0, 13: 1, 18: 0, 19: 1}),
        (PI_5, "pwmchip2", {12: 0, 13: 1, 18: 2, 19: 3}),
    ],
)
def test_the_pwm_is_found_by_its_device_on_every_model(
    tmp_path: Path, model: tuple[str, str], chip: str, channels: dict[int, int]
) -> None:
    kernel = FakeKernel(tmp_path).boot(model, chip)
    for gpio, channel in channels.items():
        assert find_channel(kernel, gpio) == (f"sys/class/pwm/{chip}", channel)


def test_without_the_overlay_the_line_for_config_txt_is_named(tmp_path: Path) -> None:
    kernel = FakeKernel(tmp_path).boot(("soc/1234.pwm", "pinctrl-bcm2835"))
    with pytest.raises(BoardError, match="dtoverlay=pwm-2chan"):
        find_channel(kernel, 18)


def test_a_channel_that_udev_gives_late_is_waited_for(tmp_path: Path) -> None:
    kernel = FakeKernel(tmp_path).boot()
    kernel.refused_s = 0.1
    PilotPwm(kernel, 18).acquire()
    assert kernel.duty() == 1.0


def test_a_channel_of_an_earlier_life_is_taken_as_it_is(tmp_path: Path) -> None:
    kernel = FakeKernel(tmp_path).boot()
    earlier = PilotPwm(kernel, 18)
    earlier.acquire()
    earlier.set(533_333)
    later = PilotPwm(kernel, 18)
    later.acquire()
    assert later.get() == 1_000_000


@pytest.mark.parametrize(("period", "duty"), [(20_000_000, 1_500_000), (500_000, 400_000)])
def test_a_channel_of_another_program_gets_our_period(
    tmp_path: Path, period: int, duty: int
) -> None:
    kernel = FakeKernel(tmp_path).boot()
    PilotPwm(kernel, 18).acquire()
    (kernel.pwm() / "period").write_text(f"{period}\n")
    (kernel.pwm() / "duty_cycle").write_text(f"{duty}\n")
    (kernel.pwm() / "enable").write_text("0\n")
    (kernel.pwm() / "polarity").write_text("inversed\n")

    PilotPwm(kernel, 18).acquire()

    read = {name: (kernel.pwm() / name).read_text().split()[0] for name in ("period", "duty_cycle")}
    assert read == {"period": "1000000", "duty_cycle": "1000000"}
    assert (kernel.pwm() / "polarity").read_text().startswith("normal")
    assert kernel.duty() == 1.0


@pytest.mark.parametrize(("name", "value"), [("enable", "0"), ("period", "20000000")])
def test_a_pilot_that_is_taken_away_is_noticed(tmp_path: Path, name: str, value: str) -> None:
    kernel = FakeKernel(tmp_path).boot()
    pilot = PilotPwm(kernel, 18)
    pilot.acquire()
    (kernel.pwm() / name).write_text(f"{value}\n")
    with pytest.raises(BoardError, match="took the pilot"):
        pilot.get()
