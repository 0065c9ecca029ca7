# SPDX-License-Identifier: GPL-3.0-or-later
"""Real devices of a real Linux: udev gives them to evsed's groups, and evsed's ioctls are heard.

`make vm-test`. Debian's kernels have no simulated GPIO or SPI. But qemu has hardware that their
drivers take on request: a GPIO card's driver takes the memory of a SCSI card for its registers,
and a SPI controller of four wires sits at the parallel port. No PWM can be had like that, and no
chip with the name of a Pi's.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.deb.systems.machine import Machine
from tests.deb.systems.rig import prepare
from tests.processes.rig import wait_until

HARDWARE = (
    "-device", "lsi53c895a,addr=0x10",
    "-chardev", "null,id=wires", "-device", "isa-parallel,chardev=wires",
)  # fmt: skip
CARD = "0000:00:10.0"
GPIO_CARD = f"""\
modprobe gpio-pci-idio-16
cd /sys/bus/pci/devices/{CARD}
[ ! -e driver ] || echo {CARD} >driver/unbind
echo pci-idio-16 >driver_override
echo {CARD} >/sys/bus/pci/drivers/pci-idio-16/bind
"""
SPI_AT_THE_PARALLEL_PORT = """\
modprobe parport_pc
modprobe spi-butterfly
cd /sys/bus/spi/devices/spi42.1
echo spidev >driver_override
[ -e driver ] || echo spi42.1 >/sys/bus/spi/drivers/spidev/bind
"""
GPIO = f"""\
import os, sys
sys.path.insert(0, "/usr/lib/evsed")
from evsed.boards.kernel import sysfs as kernel_sys
from evsed.boards.kernel.sysfs import LINE_OUTPUT, Kernel, Line, consumer_of
from evsed.errors import BoardError
kernel_sys.CHIPS = ("{CARD}",)
kernel = Kernel()
if child := os.fork():
    os.waitpid(child, 0)
else:
    line = Line(kernel, 3, LINE_OUTPUT, "evsed")
    print(line.get(), consumer_of(kernel, 3))
    line.set(True)
    print(line.get())
    try:
        Line(kernel, 3, LINE_OUTPUT, "another")
    except BoardError as error:
        print(str(error).partition(";")[0], flush=True)
    os.kill(os.getpid(), 9)
print(repr(consumer_of(kernel, 3)))
"""
SPI = """\
import os, random, sys
sys.path.insert(0, "/usr/lib/evsed")
from evsed.boards.kernel.spi import SPI_MODE, Burst, message
from evsed.boards.kernel.sysfs import Kernel
kernel = Kernel()
fd = kernel.open("dev/spidev42.1")
kernel.ioctl(fd, SPI_MODE, bytearray(1))
burst = Burst(0, 1_000_000, 32, random.Random(1))
print(kernel.ioctl(fd, message(32), burst.transfers), len(burst.codes()))
"""


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """A machine with a GPIO chip and a SPI device, and with evsed installed before they come."""
    with Machine(*HARDWARE) as item:
        item.boot("2026-12-01T11:00:00")
        prepare(item, pigpiod=False)
        item.run("dpkg", "-i", "/root/evsed.deb")
        item.run("sh", "-e", "-c", GPIO_CARD)
        item.run("sh", "-e", "-c", SPI_AT_THE_PARALLEL_PORT)
        item.run("udevadm", "settle")
        yield item


@pytest.mark.parametrize(
    ("device", "group"), [("/dev/gpiochip0", "gpio"), ("/dev/spidev42.1", "spi")]
)
def test_udev_gives_a_device_to_the_group_that_evsed_is_in(
    machine: Machine, device: str, group: str
) -> None:
    belongs = ("stat", "-c", "%U %G %a", device)
    wait_until(group, lambda: machine.output(*belongs) == f"root {group} 660")


def test_a_gpio_is_taken_driven_and_let_go_at_the_death_of_its_holder(machine: Machine) -> None:
    said = machine.output("setpriv", "--reuid=evsed", "--regid=gpio", "--clear-groups",
                       "python3", "-c", GPIO).splitlines()  # fmt: skip
    assert said == ["False evsed", "True", 'GPIO 3 is held by "evsed"', "''"]


def test_a_burst_of_conversions_is_one_ioctl(machine: Machine) -> None:
    said = machine.output("setpriv", "--reuid=evsed", "--regid=spi", "--clear-groups",
                       "python3", "-c", SPI)  # fmt: skip
    assert said == f"{32 * 3} 32"
