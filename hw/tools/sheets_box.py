# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of the box: a light and a button for people, and the relay in the pilot's line."""

from __future__ import annotations

from hw.tools.kicad import Sheet

R, C = "Device:R", "Device:C"
SMALL_FET = "Transistor_FET:BSS138"
TERMINAL = "Connector:Screw_Terminal_01x02"


def box(s: Sheet) -> None:
    """What may be there or not; none of it stands between a car and the mains."""
    _light(s)
    _button(s)
    _relay(s)
    s.note(
        "None of this is a barrier. Light: common anode, 15 mA a colour. Button: pressed = low.\n"
        "K701 energised opens the pilot's line: to evsed and to the car it is unplugged.\n"
        "Without K701 put the bridge on J703; with K701 leave it off.",
        (18, 14),
    )


def _light(s: Sheet) -> None:
    """Three colours, a transistor and a resistor each."""
    rows = (
        (38, "LIGHT_RED", "R701", "R702", "Q701", "R703"),
        (58, "LIGHT_GREEN", "R704", "R705", "Q702", "R706"),
        (78, "LIGHT_BLUE", "R707", "R708", "Q703", "R709"),
    )
    plug = s.part("J701", "Connector:Screw_Terminal_01x04", (104, 52), text="above+8,-3")
    pins = [plug[n] for n in ("1", "2", "3", "4")]
    s.wire(pins[0], (96, pins[0][1]), (96, 44))
    s.supply("+12V", (96, 44))
    for (y, net, gate, down, q, led), pin, x in zip(rows, pins[1:], (92, 90, 88), strict=True):
        _switch(s, net, gate, down, q, y)
        r = s.part(led, R, (62, y - 8), turn=90, text="split")
        s.wire((50, y - 4), (50, y - 8), r["1"])
        s.wire(r["2"], (x, y - 8), (x, pin[1]), pin)


def _switch(s: Sheet, net: str, gate: str, down: str, q: str, y: int) -> None:
    """A pin of the Pi that switches a transistor to ground, whose drain is left at (50, y - 4)."""
    s.label(net, (20, y), "left")
    r = s.part(gate, R, (28, y), turn=90, text="split")
    s.wire((20, y), r["1"])
    pull = s.part(down, R, (36, y + 7))
    s.wire(r["2"], (36, y), pull["1"])
    s.supply("GND", pull["2"])
    part = s.part(q, SMALL_FET, (48, y), text="right+2,0")
    s.wire((36, y), part["1"])
    s.join((36, y))
    s.supply("GND", part["2"])


def _button(s: Sheet) -> None:
    """A contact to ground, as the optional inputs are wired."""
    j = s.part("J702", TERMINAL, (142, 52), turn=180, text="above+0,-3")
    s.wire(j["1"], (150, 52), (150, 55))
    s.supply("GND", (150, 55))
    pull = s.part("R710", R, (158, 42))
    s.wire(pull["1"], (158, 37))
    s.supply("+3V3", (158, 37))
    s.wire(j["2"], (158, 50), pull["2"])
    r = s.part("R711", R, (168, 50), turn=90, text="split")
    s.wire((158, 50), r["1"])
    c = s.part("C701", C, (180, 57))
    s.wire(r["2"], (180, 50), c["1"])
    s.supply("GND", c["2"])
    s.join((158, 50), (180, 50))
    s.wire((180, 50), (190, 50))
    s.label("BUTTON", (190, 50), "right")


def _relay(s: Sheet) -> None:
    """The pilot's line through a contact that is closed at rest."""
    y = 112
    _switch(s, "CP_RELAY", "R712", "R713", "Q704", y)
    relay = s.part("K701", "Relay:G5V-1", (96, y), text="right+8,0")
    free = s.part("D701", "Device:D", (80, y), turn=270, text="left+-0.5,0")
    s.wire(
        (50, y - 4), (50, y - 12), (66, y - 12), (66, y + 9), (80, y + 9), (92, y + 9), relay["9"]
    )
    s.wire(free["2"], (80, y + 9))
    s.wire((80, y - 14), free["1"])
    s.wire((80, y - 10), (92, y - 10), relay["2"])
    s.supply("+12V", (80, y - 14))
    s.join((80, y - 10), (80, y + 9))
    s.wire(relay["1"], (98, y - 14))
    s.label("CP", (98, y - 14), "up")
    s.unused(relay["10"])
    s.wire(relay["5"], (100, y + 10), (136, y + 10))
    s.label("CP_CAR", (136, y + 10), "right")
    bridge = s.part("J703", "Connector_Generic:Conn_01x02", (132, y - 4), text="right+0,1")
    s.wire((98, y - 10), (120, y - 10), (120, bridge["1"][1]), bridge["1"])
    s.wire(bridge["2"], (116, bridge["2"][1]), (116, y + 10))
    s.join((98, y - 10), (116, y + 10))
