# SPDX-License-Identifier: GPL-3.0-or-later
"""Single faults of parts, as changes of a netlist's lines: open, short, stuck, drifted.

What a part can do to the circuit follows from its kind alone, so the list is made from the netlist:
a part that is added to it is in the FMEA without a second list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

OPEN_OHM = "1e11"
SHORT_OHM = "10m"
# A gate that is lifted off floats. Both ends of what it may drift to are tried.
CHARGED_V = "5"

_TWO_LEGS = re.compile(r"^(X?)([RCD]\d{3})[ab]?$")
_TRANSISTOR = re.compile(r"^X(Q\d{3})$")
_AMPLIFIER = re.compile(r"^X(U\d{3})$")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: `element` of the netlist is replaced by `lines`, `params` are set.

    `part` is its reference on the schematic, `mode` what happened to it, for people.
    """

    part: str
    mode: str
    element: str = ""
    lines: tuple[str, ...] = ()
    params: Mapping[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Part and mode."""
        return f"{self.part} {self.mode}"


NONE = Fault("none", "all well")


def of_line(line: str, *, drift: bool = False) -> Iterator[Fault]:
    """Every single fault of the part that *line* of a netlist stands for; none for a source.

    *drift*: resistors also at half and twice their value.
    """
    words = line.split()
    if not words:
        return
    if found := _TWO_LEGS.match(words[0]):
        yield from _two_legs(words, drift=drift and found[2].startswith("R"))
    elif _TRANSISTOR.match(words[0]):
        yield from _transistor(words)


def _two_legs(words: list[str], *, drift: bool) -> Iterator[Fault]:
    element, a, b = words[:3]
    part = element.removeprefix("X")
    yield Fault(part, "open", element, (f"Rfault {a} {b} {OPEN_OHM}",))
    yield Fault(part, "short", element, (f"Rfault {a} {b} {SHORT_OHM}",))
    if drift:
        for mode, factor in (("at half its value", 0.5), ("at twice its value", 2.0)):
            value = words[3].strip("{}")
            yield Fault(part, mode, element, (f"{element} {a} {b} {{{value}*{factor}}}",))


def _transistor(words: list[str]) -> Iterator[Fault]:
    """Each pair of terminals shorted, each terminal open; a gate that floats, either way."""
    element, drain, gate, source, *_ = words
    part = element.removeprefix("X")
    whole = " ".join(words)

    def lifted(terminal: int) -> str:
        changed = words.copy()
        changed[terminal] = "lifted"
        return " ".join(changed)

    yield Fault(part, "drain-source short", element, (whole, f"Rfault {drain} {source} 10m"))
    yield Fault(part, "gate-drain short", element, (whole, f"Rfault {gate} {drain} 10m"))
    yield Fault(part, "gate-source short", element, (whole, f"Rfault {gate} {source} 10m"))
    for terminal, node, word in ((1, drain, "drain"), (3, source, "source")):
        fault = f"Rfault {node} lifted {OPEN_OHM}"
        yield Fault(part, f"{word} open", element, (lifted(terminal), fault))
    lost = f"Rfault {gate} 0 {OPEN_OHM}"  # what is left on the net stays a circuit
    yield Fault(
        part,
        "gate open, charged",
        element,
        (lifted(2), f"Vfault lifted {source} {CHARGED_V}", lost),
    )
    yield Fault(part, "gate open, empty", element, (lifted(2), f"Rempty lifted {source} 1", lost))


def of_amplifier(line: str, modes: Mapping[str, str]) -> Iterator[Fault]:
    """The op-amp of *line* with its output replaced by each of *modes*: mode -> volts expression.

    `out` in an expression is the output that the amplifier itself would have given.
    """
    words = line.split()
    if not words or not _AMPLIFIER.match(words[0]):
        return
    element, out = words[0], words[3]
    changed = words.copy()
    changed[3] = "unloaded"
    for mode, volts in modes.items():
        level = volts.replace("out", "V(unloaded)")
        yield Fault(
            element.removeprefix("X"),
            mode,
            element,
            (
                " ".join(changed),
                "Runload unloaded 0 1meg",
                f"Bfault f 0 V={level}",
                f"Rfault f {out} 50",
            ),
        )
