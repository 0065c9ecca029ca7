# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes KiCad 9 schematics: parts at grid points, wires between their pins.

The same drawing gives the same file, byte for byte.

KiCad's own symbols are copied out of its library into each sheet, so a sheet opens anywhere. A grid
step is 1.27 mm; x grows to the right, y downwards, as on the page.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from hw.tools.values import Part, Values

STEP_MM = 1.27
FORMAT = "20250114"  # KiCad 9.0
NAMESPACE = uuid.UUID("8f6b1c52-7c1e-5f0b-9d53-65767365644f")  # ours, so that ids never change
TEXT_MM = 1.27

Node = str | list["Node"]
Point = tuple[int, int]
Pins = dict[str, Point]

_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|[()]|[^\s()]+')
_TURN = {0: (1, 0, 0, 1), 90: (0, -1, 1, 0), 180: (-1, 0, 0, -1), 270: (0, 1, -1, 0)}
SUPPLIES = ("GND", "+3V3", "+5V", "+12V", "+15V", "-15V")


def read(text: str) -> list[Node]:
    """An s-expression file as nested lists; strings keep their quotes."""
    stack: list[list[Node]] = [[]]
    for word in _TOKEN.findall(text):
        if word == "(":
            stack.append([])
        elif word == ")":
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(word)
    first = stack[0][0]
    if isinstance(first, str):
        raise TypeError("not an s-expression")
    return first


def show(node: Node, depth: int = 0) -> str:
    """Nested lists as text, as KiCad lays it out: leaves on one line, the rest indented."""
    pad = "\t" * depth
    if isinstance(node, str):
        return pad + node
    if all(isinstance(n, str) for n in node):
        return f"{pad}({' '.join(n for n in node if isinstance(n, str))})"
    head = [n for n in node if isinstance(n, str)]
    rest = [show(n, depth + 1) for n in node if not isinstance(n, str)]
    return "\n".join([f"{pad}({' '.join(head)}", *rest, f"{pad})"])


def quoted(text: str) -> str:
    """A string as KiCad writes it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def millimetres(steps: float) -> str:
    """Grid steps as millimetres."""
    return f"{round(steps * STEP_MM, 3):g}"


def children(node: list[Node], name: str) -> Iterator[list[Node]]:
    """The lists in *node* that start with *name*."""
    for child in node:
        if isinstance(child, list) and child and child[0] == name:
            yield child


class Library:
    """KiCad's symbols, read as they are asked for."""

    def __init__(self, folder: Path) -> None:
        """*folder* holds the .kicad_sym files."""
        self._folder = folder
        self._files: dict[str, dict[str, list[Node]]] = {}

    def symbol(self, lib_id: str) -> list[Node]:
        """One symbol by `Library:Name`, derived ones filled in.  Raises KeyError when unknown."""
        lib, name = lib_id.split(":")
        if lib not in self._files:
            whole = read((self._folder / f"{lib}.kicad_sym").read_text())
            self._files[lib] = {str(s[1]).strip('"'): s for s in children(whole, "symbol")}
        found = read(show(self._files[lib][name]))
        parent = next(children(found, "extends"), None)
        if parent is not None:
            found = self._derived(found, read(show(self._files[lib][str(parent[1]).strip('"')])))
        found[1] = quoted(lib_id)
        return found

    @staticmethod
    def _derived(symbol: list[Node], parent: list[Node]) -> list[Node]:
        """A symbol that extends another: the parent's body with its own properties."""
        mine, old = str(symbol[1]).strip('"'), str(parent[1]).strip('"')
        own = {str(p[1]): p for p in children(symbol, "property")}
        out: list[Node] = ["symbol", quoted(mine)]
        for child in parent[2:]:
            node = child
            if isinstance(child, list) and child[0] == "property":
                node = own.pop(str(child[1]), child)
            elif isinstance(child, list) and child[0] == "symbol":
                child[1] = quoted(str(child[1]).strip('"').replace(old, mine, 1))
            out.append(node)
        # properties come first in KiCad's order
        last = max(n for n, c in enumerate(out) if isinstance(c, list) and c[0] == "property")
        return [*out[: last + 1], *own.values(), *out[last + 1 :]]


def pins_of(symbol: list[Node], unit: int) -> Iterator[tuple[str, float, float]]:
    """Number and place (millimetres, y up) of every pin of one unit."""
    for body in children(symbol, "symbol"):
        if int(str(body[1]).strip('"').rsplit("_", 2)[1]) not in (0, unit):
            continue
        for pin in children(body, "pin"):
            at = next(children(pin, "at"))
            number = next(children(pin, "number"))
            yield str(number[1]).strip('"'), float(str(at[1])), float(str(at[2]))


@dataclass
class Sheet:
    """One page of the schematic."""

    project: str
    name: str
    title: str
    page: int
    values: Values
    library: Library
    path: str = ""  # of the sheet's instance: /root/sheet; set by the drawing
    items: list[Node] = field(default_factory=list)
    symbols: dict[str, list[Node]] = field(default_factory=dict)
    _count: dict[str, int] = field(default_factory=dict)
    _wires: set[tuple[Point, Point]] = field(default_factory=set)
    _ends: set[Point] = field(default_factory=set)

    def uid(self, *what: object) -> Node:
        """An id that depends on nothing but its place in the drawing."""
        return ["uuid", quoted(str(uuid.uuid5(NAMESPACE, "/".join(map(str, (self.name, *what))))))]

    # ------------------------------------------------------------------ parts

    def part(
        self,
        ref: str,
        lib_id: str,
        at: Point,
        *,
        turn: int = 0,
        mirror: str = "",
        unit: int = 1,
        text: str = "right",
    ) -> Pins:
        """Place a part of values.toml (or a test point); its pins' places by number.

        *turn*: degrees anticlockwise. *mirror* "y" swaps left and right after the turn. *text*:
        where reference and value stand: right, left, above, below, split (above and below).
        """
        part = self.values.parts.get(ref)
        return self._place(ref, lib_id, at, turn, mirror, unit, text, part)

    def _place(
        self,
        ref: str,
        lib_id: str,
        at: Point,
        turn: int,
        mirror: str,
        unit: int,
        text: str,
        part: Part | None,
    ) -> Pins:
        if lib_id not in self.symbols:
            self.symbols[lib_id] = self.library.symbol(lib_id)
        pins: Pins = {}
        a, b, c, d = _TURN[turn]
        flip = -1 if mirror == "y" else 1
        for number, x, y in pins_of(self.symbols[lib_id], unit):
            px, py = flip * (a * x + b * y), c * x + d * y
            pins[number] = (at[0] + round(px / STEP_MM), at[1] - round(py / STEP_MM))
            self._ends.add(pins[number])
        value = part.label if part else lib_id.split(":")[1]
        fields: list[Node] = list(self._fields(ref, value, at, turn, text, part, mirror=mirror))
        head: list[Node] = [
            "symbol",
            ["lib_id", quoted(lib_id)],
            ["at", millimetres(at[0]), millimetres(at[1]), str(turn)],
        ]
        if mirror:
            head.append(["mirror", mirror])
        listed = "yes" if part else "no"
        self.items.append(
            [
                *head,
                ["unit", str(unit)],
                ["exclude_from_sim", "no"],
                ["in_bom", listed],
                ["on_board", "yes"],
                ["dnp", "no"],
                self.uid(ref, unit),
                *fields,
                *[["pin", quoted(n), self.uid(ref, unit, "pin", n)] for n in pins],
                [
                    "instances",
                    [
                        "project",
                        quoted(self.project),
                        [
                            "path",
                            quoted(self.path),
                            ["reference", quoted(ref)],
                            ["unit", str(unit)],
                        ],
                    ],
                ],
            ]
        )
        return pins

    def _fields(
        self,
        ref: str,
        value: str,
        at: Point,
        turn: int,
        text: str,
        part: Part | None,
        *,
        mirror: str,
    ) -> Iterator[Node]:
        """Reference, value and what the bill of materials needs."""
        places: dict[str, tuple[tuple[float, float], tuple[float, float], str]] = {
            "right": ((2.2, -1), (2.2, 1), "left"),
            "left": ((-2.2, -1), (-2.2, 1), "right"),
            "above": ((0, -4.4), (0, -2.6), ""),
            "below": ((0, 2.6), (0, 4.4), ""),
            "split": ((0, -2.2), (0, 2.2), ""),
            "tall": ((0, -3.2), (0, 3.4), ""),
            "hidden": ((0, 0), (0, 0), ""),
        }
        where, _, shift = text.partition("+")
        first, second, side = places[where]
        dx, dy = (float(s) for s in shift.split(",")) if shift else (0.0, 0.0)
        upright = "90" if turn in (90, 270) else "0"
        # KiCad turns and mirrors a field's justification with its symbol
        if side and ((turn in (90, 180)) != (mirror == "y")):
            side = "right" if side == "left" else "left"
        power = ref.startswith("#")

        def field_of(key: str, content: str, place: tuple[float, float], *, hide: bool) -> Node:
            effects: list[Node] = ["effects", ["font", ["size", f"{TEXT_MM}", f"{TEXT_MM}"]]]
            if side and not hide:
                effects.append(["justify", side])
            if hide:
                effects.append(["hide", "yes"])
            spot = [
                "at",
                millimetres(at[0] + place[0] + dx),
                millimetres(at[1] + place[1] + dy),
                upright,
            ]
            return ["property", quoted(key), quoted(content), list(spot), effects]

        yield field_of("Reference", ref, first, hide=power or where == "hidden")
        yield field_of(
            "Value", value, second, hide=where == "hidden" or ref.startswith(("#FLG", "TP"))
        )
        yield field_of("Footprint", part.footprint if part else "", (0, 0), hide=True)
        yield field_of("Datasheet", "~", (0, 0), hide=True)
        if part:
            yield field_of("Manufacturer", part.maker, (0, 0), hide=True)
            yield field_of("MPN", part.mpn, (0, 0), hide=True)
            yield field_of("Tolerance", f"{part.tol:.3%}" if part.tol else "", (0, 0), hide=True)
            yield field_of("Rating", part.rating, (0, 0), hide=True)

    def test_point(self, ref: str, at: Point, *, text: str = "above") -> None:
        """A test point at the end of a wire."""
        self._place(ref, "Connector:TestPoint", at, 0, "", 1, f"{text}+0,0.4", None)

    # ------------------------------------------------------------------ connections

    def wire(self, *points: Point) -> None:
        """A wire along *points*; a step that is not straight goes across first, then down."""
        for start, end in pairwise(points):
            corner = (end[0], start[1])
            for a, b in ((start, corner), (corner, end)):
                if a != b:
                    self._segment(a, b)

    def _segment(self, a: Point, b: Point) -> None:
        self._wires.add((min(a, b), max(a, b)))
        self._ends |= {a, b}

    def _drawn_wires(self) -> Iterator[Node]:
        """Every wire, cut where another ends on it: KiCad connects wires at their ends only."""
        pieces: set[tuple[Point, Point]] = set()
        for a, b in self._wires:
            axis = 0 if a[1] == b[1] else 1
            across = a[1 - axis]
            on = sorted(
                p[axis]
                for p in self._ends
                if p[1 - axis] == across and a[axis] <= p[axis] <= b[axis]
            )
            for near, far in pairwise(on):
                if near != far:
                    pieces.add(
                        ((near, across), (far, across))
                        if axis == 0
                        else ((across, near), (across, far))
                    )
        for one_end, other_end in sorted(pieces):
            xy: list[Node] = [
                ["xy", millimetres(p[0]), millimetres(p[1])] for p in (one_end, other_end)
            ]
            stroke: Node = ["stroke", ["width", "0"], ["type", "default"]]
            yield ["wire", ["pts", *xy], stroke, self.uid("wire", one_end, other_end)]

    def join(self, *points: Point) -> None:
        """Dots where wires meet."""
        for p in points:
            self._ends.add(p)
            at: Node = ["at", millimetres(p[0]), millimetres(p[1])]
            self.items.append(
                [
                    "junction",
                    at,
                    ["diameter", "0"],
                    ["color", "0", "0", "0", "0"],
                    self.uid("join", p),
                ]
            )

    def unused(self, *points: Point) -> None:
        """Pins that stay unconnected on purpose."""
        for p in points:
            self.items.append(
                ["no_connect", ["at", millimetres(p[0]), millimetres(p[1])], self.uid("nc", p)]
            )

    def supply(self, net: str, at: Point) -> None:
        """A supply's symbol, its tip at *at*: GND and negative ones hang, the others stand."""
        if net not in SUPPLIES:
            raise ValueError(f"{net} is not one of {SUPPLIES}")
        n = self._count["#PWR"] = self._count.get("#PWR", 0) + 1
        ref = f"#PWR{self.page}{n:02d}"
        turn = 180 if net == "-15V" else 0
        text = "below" if net in ("GND", "-15V") else "above"
        text += "+0,-0.6" if text == "below" else "+0,-0.7"
        self._place(ref, f"power:{net}", at, turn, "", 1, text, None)

    def flag(self, at: Point) -> None:
        """Tell the checker that this net is fed, though by no supply pin."""
        n = self._count["#FLG"] = self._count.get("#FLG", 0) + 1
        self._place(f"#FLG{self.page}{n:02d}", "power:PWR_FLAG", at, 0, "", 1, "above", None)

    def label(self, net: str, at: Point, side: str = "right") -> None:
        """A net that goes to another sheet, or across this one; *side*: where its text stands."""
        self._ends.add(at)
        angle, justify = {
            "right": ("0", "left"),
            "left": ("180", "right"),
            "up": ("90", "left"),
            "down": ("270", "right"),
        }[side]
        effects: Node = [
            "effects",
            ["font", ["size", f"{TEXT_MM}", f"{TEXT_MM}"]],
            ["justify", justify],
        ]
        place: Node = ["at", millimetres(at[0]), millimetres(at[1]), angle]
        self.items.append(
            [
                "global_label",
                quoted(net),
                ["shape", "passive"],
                place,
                effects,
                self.uid("label", net, at),
            ]
        )

    def note(self, text: str, at: Point, *, size: float = 1.5) -> None:
        """A remark on the page, its lines starting at *at*."""
        effects: Node = [
            "effects",
            ["font", ["size", f"{size}", f"{size}"]],
            ["justify", "left", "top"],
        ]
        place: Node = ["at", millimetres(at[0]), millimetres(at[1]), "0"]
        self.items.append(
            [
                "text",
                quoted(text),
                ["exclude_from_sim", "no"],
                place,
                effects,
                self.uid("note", text),
            ]
        )

    # ------------------------------------------------------------------ the file

    def text(self, own_uuid: str, trailer: list[Node]) -> str:
        """The whole file."""
        board = self.values["board"]
        doc: list[Node] = [
            "kicad_sch",
            ["version", FORMAT],
            ["generator", quoted("evsed")],
            ["generator_version", quoted("9.0")],
            ["uuid", quoted(own_uuid)],
            ["paper", quoted("A4")],
            [
                "title_block",
                ["title", quoted(self.title)],
                ["date", quoted(board["date"])],
                ["rev", quoted(board["revision"])],
                ["company", quoted(board["title"])],
                ["comment", "1", quoted("Simulated, never built: see README.md")],
                ["comment", "2", quoted("GPL-3.0-or-later")],
            ],
            ["lib_symbols", *self.symbols.values()],
            *self.items,
            *self._drawn_wires(),
            *trailer,
        ]
        return show(doc) + "\n"
