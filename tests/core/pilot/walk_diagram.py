# SPDX-License-Identifier: GPL-3.0-or-later
"""The state diagram of ARCHITECTURE.md, drawn from the steps that the walk really takes.

An arrow stands for steps in which one thing happens: the car moves, the limit comes or goes, a time
runs out, something is wrong. Steps in which several things happen in the same tick are walked, but
not drawn. C stands for D, too, where ventilation is allowed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from evsed.core.pilot.faults import Fault
from tests.core.pilot.walk import Walk
from tests.core.pilot.walk_key import name
from tests.core.pilot.walk_world import IN_A, IN_B, IN_C, LOST, NO_DIODE, SHORT, Given, World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.core.pilot.walk_key import Moment

BEGIN: Final = "<!-- drawn by make diagram -->\n"
END: Final = "<!-- end of the drawing -->\n"
PAGE: Final = Path(__file__).parents[3] / "ARCHITECTURE.md"

WORLD: Final = World(
    pilots=(IN_A, IN_B, IN_C, LOST, NO_DIODE, SHORT),
    limits=(0.0, 16.0),
    reports=(None, Fault.TEMPERATURE),
    orders=(),
)
NODES: Final = {
    "A": "A: no car",
    "B1": "B1: connected",
    "B2": "B2: offered",
    "C1 open": "C1: asks",
    "C2 open": "C2: offered, asks",
    "C2 closed": "C2: CHARGING",
    "C1 closed": "C1: let go, still closed",
}
LET_GO, SHOWN, OPEN = "fault x1 closed", "fault F", "fault x1"
FAULTS: Final = {
    LET_GO: "+12 V, closed up to 6 s",
    SHOWN: "-12 V (F) for 300 ms, open",
    OPEN: "+12 V, open",
}
CAR: Final = {
    ("A", "B1"): "plugged in",
    ("A", "B2"): "back within 0.5 s",
    ("B", "A"): "unplugged",
    ("C", "A"): "unplugged",
    ("B", "C"): "asks",
    ("C", "B"): "stops asking",
}


@dataclass(slots=True)
class Drawing(Walk):
    """A walk that notes why the machine went from one named state to another."""

    arrows: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    def arrive(self, place: int, after: Moment) -> None:
        """Note the arrow, too."""
        Walk.arrive(self, place, after)  # slots=True makes a second class: no bare super()
        before = self.moments[place]
        here, there = name(before.memory), name(after.memory)
        if here != there and isinstance(after.by, Given) and (words := _why(before, after)):
            self.arrows.setdefault((here, there), set()).add(words)

    def lines(self, sources: dict[str, str], goals: dict[str, str]) -> Iterator[str]:
        """An arrow for each way from one of *sources* to one of *goals*, in their order."""
        for here in sources:
            for there in goals:
                if words := self.arrows.get((here, there)):
                    yield f"{_identity(here)} --> {_identity(there)}: {', '.join(sorted(words))}"


def _identity(node: str) -> str:
    return node.replace(" ", "_")


def _why(before: Moment, after: Moment) -> str:
    """The cause of this step, where it was a single one; else ""."""
    here, there = name(before.memory), name(after.memory)
    if here in FAULTS:
        return _why_in_a_fault(before, after, here, there)
    if there in FAULTS:
        kind = next(iter(after.memory["_details"])).kind
        if kind.shows_f:
            return "a fault that is shown to the car"
        return "another fault" if kind.at_once else "a fault that lets the car go first"
    if before.memory["settled"] is not after.memory["settled"]:
        move = CAR.get((here, there)) or CAR.get((here[0], there[0]), "")
        return move if there == "A" or before.wires.pwm is after.wires.pwm else ""
    same_offer = before.wires.pwm is after.wires.pwm
    if before.wires.closed is not after.wires.closed:
        if not same_offer:
            return ""
        if after.wires.closed:
            return "half a second, diode seen"
        if isinstance(after.by, Given) and after.by.pilot.lost:
            return "unread for 60 ms"
        return "6 s"
    return "offer" if after.wires.pwm else "offer ends"


def _why_in_a_fault(before: Moment, after: Moment, here: str, there: str) -> str:
    if there not in FAULTS:
        return "over" if here == OPEN else ""
    if before.memory["_details"] != after.memory["_details"]:
        return ""
    return "lets go, or 6 s" if here == LET_GO else "then"


def drawn_in(page: str) -> str:
    """The block between the markers of *page*, markers included; "" when there is none."""
    before, begin, rest = page.partition(BEGIN)
    drawing, end, _ = rest.partition(END)
    return begin + drawing + end if before and end else ""


def redraw() -> None:
    """Put the diagram into ARCHITECTURE.md."""
    page = PAGE.read_text()
    PAGE.write_text(page.replace(drawn_in(page), mermaid()))


def mermaid() -> str:
    """The diagram in Mermaid's words, between its markers, as it stands in ARCHITECTURE.md."""
    drawing = Drawing(WORLD)
    drawing.run()
    into = {
        words
        for (here, there), all_words in drawing.arrows.items()
        if here in NODES and there in (SHOWN, OPEN)
        for words in (f"{_identity(there)}: {each}" for each in all_words)
        if "first" not in words
    }
    closed = {node: words for node, words in NODES.items() if node.endswith("closed")}
    indent = "\n        "
    return (
        "\n".join(
            [
                BEGIN + "```mermaid",
                "stateDiagram-v2",
                "    [*] --> A",
                '    state "no fault" as well {',
                *(f'        state "{words}" as {_identity(node)}' for node, words in NODES.items()),
                indent[1:] + indent.join(drawing.lines(NODES, NODES)),
                "    }",
                '    state "fault" as faults {',
                *(
                    f'        state "{words}" as {_identity(node)}'
                    for node, words in FAULTS.items()
                ),
                indent[1:] + indent.join(drawing.lines(FAULTS, FAULTS)),
                "    }",
                *(f"    well --> {words}" for words in sorted(into)),
                *(f"    {line}" for line in drawing.lines(closed, {LET_GO: ""})),
                f"    {_identity(OPEN)} --> well: over",
                "```",
            ]
        )
        + "\n"
        + END
    )
