# SPDX-License-Identifier: GPL-3.0-or-later
"""Is what is simulated what is drawn?  Compares KiCad's netlist with the SPICE sub-circuits.

`python3 -m hw.tools.same_circuit NETLIST`. Every part that both have (by its reference) must touch
the same other parts, pin by pin where the pins differ. Exit 1 and a list when they do not.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from hw.tools.kicad import Node, children, read
from hw.tools.ngspice import SPICE

# which .subckt of which file is drawn, and what its nodes are called when they are put together
DRAWN = {
    "front_end.inc": ("generator", "source", "receiver", "monitor"),
    "contactor.inc": ("contactor",),
    "inputs.inc": ("contacts", "proximity", "transformer", "coil_supply", "outputs"),
}
# the generator's output node has two names where a test source may be put in between; the Pi's
# header and its series resistors hang on the outer nodes
JOINED = {"drv": "opo"}
SHARED = ("0", "vref", "vp", "vn", "v12", "v33", "opo", "cp", "loop")
# SPICE's node order -> the pins of the symbol
FET_PINS = ("3", "1", "2")  # drain, gate, source
DOUBLE_DIODE = {"a": ("1", "3"), "b": ("3", "2")}  # lower and upper diode: anode, cathode
DIODE_PINS = ("2", "1")  # anode, cathode

Nets = set[frozenset[str]]


def spice_nets() -> tuple[Nets, set[str]]:
    """Each net of the netlists as the set of pins on it, and the parts they know."""
    nets: dict[str, set[str]] = {}
    for file, names in DRAWN.items():
        text = (SPICE / file).read_text()
        for name in names:
            body = re.search(rf"(?ms)^\.subckt {name} .*?$(.*?)^\.ends", text)
            if body is None:
                raise ValueError(f"{file} has no .subckt {name}")
            for line in body[1].splitlines():
                for node, pin in _pins(line.split()):
                    node = JOINED.get(node, node)  # noqa: PLW2901 - one name for one node
                    # ground and supplies are one net everywhere, inner nodes belong to their block
                    shared = node in SHARED
                    nets.setdefault(node if shared else f"{name}.{node}", set()).add(pin)
    found = {frozenset(n) for n in nets.values()}
    return found, {pin.split(".")[0] for net in found for pin in net}


def _pins(words: list[str]) -> list[tuple[str, str]]:
    """The (node, pin) pairs of one line, as far as the part is a drawn one."""
    if not words:
        return []
    if found := re.fullmatch(r"([RC]\d{3})", words[0]):
        return [(words[1], found[1]), (words[2], found[1])]
    if found := re.fullmatch(r"X(Q\d{3})", words[0]):
        return [(words[1 + n], f"{found[1]}.{pin}") for n, pin in enumerate(FET_PINS)]
    if found := re.fullmatch(r"(D\d{3})([ab])", words[0]):
        pins = DOUBLE_DIODE[found[2]]
        return [(words[1], f"{found[1]}.{pins[0]}"), (words[2], f"{found[1]}.{pins[1]}")]
    if found := re.fullmatch(r"(D\d{3})", words[0]):
        return [
            (words[1], f"{found[1]}.{DIODE_PINS[0]}"),
            (words[2], f"{found[1]}.{DIODE_PINS[1]}"),
        ]
    if found := re.fullmatch(r"X(D\d{3})", words[0]):  # clamp and suppressor: cathode first
        return [
            (words[1], f"{found[1]}.{DIODE_PINS[1]}"),
            (words[2], f"{found[1]}.{DIODE_PINS[0]}"),
        ]
    return []


def kicad_nets(netlist: Path, known: set[str]) -> Nets:
    """Each net of KiCad's netlist as the set of pins on it, of the parts in *known*."""
    found: Nets = set()
    tree = read(netlist.read_text())
    for net in children(next(children(tree, "nets")), "net"):
        pins = set()
        for node in children(net, "node"):
            ref, pin = (_word(node, key) for key in ("ref", "pin"))
            if ref in known:
                pins.add(ref if ref[0] in "RC" else f"{ref}.{pin}")
        if pins:
            found.add(frozenset(pins))
    return found


def _word(node: list[Node], key: str) -> str:
    return str(next(children(node, key))[1]).strip('"')


def main() -> int:
    """Compare, print what differs."""
    if len(sys.argv) != 2:
        print("usage: python3 -m hw.tools.same_circuit NETLIST", file=sys.stderr)
        return 2
    simulated, known = spice_nets()
    drawn = kicad_nets(Path(sys.argv[1]), known)
    for title, nets in (
        ("simulated, not drawn", simulated - drawn),
        ("drawn, not simulated", drawn - simulated),
    ):
        for net in sorted(sorted(n) for n in nets):
            print(f"hw: {title}: {' '.join(net)}", file=sys.stderr)
    if simulated != drawn:
        return 1
    print(f"hw: drawn as simulated: {len(known)} parts on {len(drawn)} nets", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
