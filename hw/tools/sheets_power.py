# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of power: supply and Pi header, contactor drive."""

from __future__ import annotations

from hw.tools.kicad import Point, Sheet

R, C = "Device:R", "Device:C"
REFERENCE = "VREF"
FET = "Transistor_FET:IRLML6244"  # the same pins as the IRLML6344, which the library lacks
SMALL_FET = "Transistor_FET:BSS138"
TERMINAL = "Connector:Screw_Terminal_01x02"

# header pin -> net; by BCM number in values.toml's [contract.gpio]
HEADER_GROUND = ("6", "9", "14", "20", "25", "30", "34", "39")
HEADER_PIN_OF_GPIO = {
    2: "3",
    3: "5",
    4: "7",
    14: "8",
    15: "10",
    17: "11",
    18: "12",
    27: "13",
    22: "15",
    23: "16",
    24: "18",
    10: "19",
    9: "21",
    25: "22",
    11: "23",
    8: "24",
    7: "26",
    0: "27",
    1: "28",
    5: "29",
    6: "31",
    12: "32",
    13: "33",
    19: "35",
    16: "36",
    26: "37",
    20: "38",
    21: "40",
}
NET_OF = {
    "pilot": "PILOT_PWM",
    "contactor": "ENABLE",
    "heartbeat": "HEARTBEAT",
    "contactor_feedback": "FEEDBACK",
    "ground_fault": "RCD_TRIP",
    "ground_fault_test": "RCD_TEST",
    "emergency_stop": "E_STOP",
    "one_wire": "ONE_WIRE",
    "light_red": "LIGHT_RED",
    "light_green": "LIGHT_GREEN",
    "light_blue": "LIGHT_BLUE",
    "button": "BUTTON",
    "cp_relay": "CP_RELAY",
}
SPI_NETS = {8: "SPI_CS0", 9: "SPI_MISO", 10: "SPI_MOSI", 11: "SPI_CLK"}


def header_nets(gpio: dict[str, int]) -> dict[str, str]:
    """Header pin -> net, for every pin that is used."""
    nets = {HEADER_PIN_OF_GPIO[g]: n for g, n in SPI_NETS.items()}
    nets |= {HEADER_PIN_OF_GPIO[gpio[name]]: net for name, net in NET_OF.items()}
    return nets


def supply(s: Sheet) -> None:
    """The Pi's header; 12 V for the coil; +-15 V and 3.3 V for the pilot."""
    pi = s.part("J101", "Connector_Generic:Conn_02x20_Odd_Even", (56, 66), text="hidden")
    s.note("J101  Raspberry Pi header", (44, 38))
    nets = header_nets(s.values["contract"]["gpio"])
    for pin, at in pi.items():
        odd = int(pin) % 2
        end = (at[0] - 4 if odd else at[0] + 4, at[1])
        if pin in nets:
            s.wire(at, end)
            s.label(nets[pin], end, "left" if odd else "right")
        elif pin not in (*HEADER_GROUND, "1", "2", "4"):
            s.unused(at)
    left, right = pi["1"][0] - 22, pi["2"][0] + 22
    for pin in HEADER_GROUND:
        x = left if int(pin) % 2 else right
        s.wire(pi[pin], (x, pi[pin][1]))
    for x, pins in ((left, ("9", "25", "39")), (right, ("6", "14", "20", "30", "34"))):
        bottom = (x, pi["39"][1] + 4)
        s.wire((x, pi[pins[0]][1]), bottom)
        s.supply("GND", bottom)
        s.join(*((x, pi[p][1]) for p in pins[1:]))
    s.wire(pi["1"], (pi["1"][0] - 8, pi["1"][1]), (pi["1"][0] - 8, pi["1"][1] - 4))
    s.supply("+3V3", (pi["1"][0] - 8, pi["1"][1] - 4))
    five = (pi["2"][0] + 8, pi["2"][1])
    s.wire(pi["2"], five, (five[0], five[1] - 4))
    s.wire(pi["4"], (five[0], pi["4"][1]), five)
    s.join(five)
    s.supply("+5V", (five[0], five[1] - 4))
    # 12 V for the coil
    plug = s.part("J102", TERMINAL, (104, 30), turn=180, text="above+0,-3")
    fuse = s.part("F101", "Device:Polyfuse", (124, 28), turn=90, text="split")
    s.wire(plug["2"], fuse["1"])
    s.wire(plug["1"], (112, 30), (112, 36))
    s.supply("GND", (112, 36))
    clamp = s.part("D101", "Device:D_Zener", (136, 36), turn=270, text="right+0.5,0")
    s.wire(fuse["2"], (136, 28), clamp["1"])
    s.supply("GND", clamp["2"])
    bulk = s.part("C101", "Device:C_Polarized", (154, 36))
    s.wire((136, 28), (154, 28), bulk["1"])
    s.supply("GND", bulk["2"])
    s.wire((154, 28), (168, 28), (168, 26))
    s.supply("+12V", (168, 26))
    s.wire((168, 28), (176, 28))
    s.flag((176, 28))
    s.test_point("TP101", (162, 28))
    s.join((136, 28), (154, 28), (162, 28), (168, 28))
    # +-15 V
    cin = s.part("C102", C, (112, 66))
    conv = s.part("U101", "Converter_DCDC:TMA-0515D", (140, 64), text="above+0,-3")
    s.wire((112, 58), (112, 62))
    s.wire((112, 62), cin["1"])
    s.wire((112, 62), conv["1"])
    s.supply("+5V", (112, 58))
    s.join((112, 62))
    s.wire(cin["2"], (112, 72), (126, 72), (126, conv["2"][1]), conv["2"])
    s.supply("GND", (119, 72))
    s.join((119, 72))
    plus, mid, minus = conv["6"], conv["5"], conv["4"]
    rail = 158
    for ref, lib, x in (("C103", C, rail), ("R101", R, rail + 14)):
        part = s.part(ref, lib, (x, 56))
        s.wire((x, 50), part["1"])
        s.wire(part["2"], (x, mid[1]))
    for ref, lib, x in (("C104", C, rail), ("R102", R, rail + 14)):
        part = s.part(ref, lib, (x, 72))
        s.wire((x, mid[1]), part["1"])
        s.wire(part["2"], (x, 78))
    s.wire(plus, (152, plus[1]), (152, 50), (rail + 26, 50), (rail + 26, 48))
    s.supply("+15V", (rail + 26, 48))
    s.wire(mid, (rail + 26, mid[1]), (rail + 26, mid[1] + 4))
    s.supply("GND", (rail + 26, mid[1] + 4))
    s.wire(minus, (152, minus[1]), (152, 78), (rail + 26, 78), (rail + 26, 80))
    s.supply("-15V", (rail + 26, 80))
    for x in (rail, rail + 14):
        s.join((x, 50), (x, mid[1]), (x, 78))
    s.test_point("TP102", (rail + 20, 50))
    s.join((rail + 20, 50))
    s.test_point("TP103", (rail - 3, 78))
    s.join((rail - 3, 78))
    # the reference
    cin = s.part("C105", C, (112, 104))
    vref = s.part("U102", "Reference_Voltage:REF3033", (132, 102), text="right+3,5")
    s.wire((112, 94), (130, 94))
    s.wire((112, 92), (112, 94))
    s.wire((112, 94), cin["1"])
    s.wire((130, 94), vref["1"])
    s.supply("+5V", (112, 92))
    s.join((112, 94))
    s.supply("GND", cin["2"])
    s.supply("GND", vref["3"])
    cout = s.part("C106", C, (150, 108))
    s.wire(vref["2"], (150, 102), cout["1"])
    s.supply("GND", cout["2"])
    bleed = s.part("R103", R, (164, 108))
    s.wire((150, 102), (176, 102))
    s.wire((164, 102), bleed["1"])
    s.supply("GND", bleed["2"])
    s.label(REFERENCE, (176, 102), "right")
    s.test_point("TP104", (170, 102))
    s.join((150, 102), (164, 102), (170, 102))
    for net, x in (
        ("+5V", 24),
        ("+3V3", 40),
    ):  # fed by the Pi, through pins that are no supply pins
        s.flag((x, 110))
        s.wire((x, 110), (x, 112), (x + 6, 112), (x + 6, 110))
        s.supply(net, (x + 6, 110))
    s.note(
        "VREF feeds the converter, its reference, the level shift and the divider:\n"
        "one voltage, so its error cancels. Pins without a net stay free: GPIO 5, 6, 7, 13, 19.",
        (20, 124),
    )


def contactor(s: Sheet) -> None:
    """Two transistors in series: ENABLE, and a charge pump that lives on the heartbeat."""
    # heartbeat, first half
    s.label("HEARTBEAT", (22, 60), "left")
    r = s.part("R403", R, (29, 60), turn=90, text="split")
    s.wire((22, 60), r["1"])
    pull = s.part("R404", R, (36, 68))
    s.wire(r["2"], (36, 60), pull["1"])
    s.supply("GND", pull["2"])
    q = s.part("Q403", SMALL_FET, (48, 60), text="right+2,0")
    s.wire((36, 60), q["1"])
    s.join((36, 60))
    s.supply("GND", q["2"])
    load = s.part("R405", R, (50, 42))
    s.wire(load["1"], (50, 36))
    s.supply("+12V", (50, 36))
    s.wire(load["2"], (50, 50), q["3"])
    _pump(s, y=50, start=(50, 50), at=81, refs=("R406", "C401", "C405", "C407", "D401", "D407"))
    # second half, upside down
    s.wire((66, 50), (66, 88))
    q = s.part("Q404", SMALL_FET, (74, 88), text="right+2,0")
    s.wire((66, 88), q["1"])
    s.join((50, 50), (66, 50))
    s.supply("GND", q["2"])
    load = s.part("R407", R, (76, 70))
    s.wire(load["1"], (76, 64))
    s.supply("+12V", (76, 64))
    s.wire(load["2"], (76, 78), q["3"])
    s.join((76, 78))
    _pump(s, y=78, start=(76, 78), at=81, refs=("R408", "C402", "C406", "C408", "D402", "D408"))
    # hold
    s.wire((134, 38), (134, 66))
    s.wire((134, 66), (134, 96))
    s.join((134, 66))
    s.wire((90, 96), (155, 96))
    # four of the six leaks here, two at the gate: with one open the contactor is late by a fifth
    for ref, lib, x in (
        ("C403", C, 102),
        ("R409", R, 112),
        ("R414", R, 122),
        ("R415", R, 132),
        ("R416", R, 142),
    ):
        part = s.part(ref, lib, (x, 104), text="left")
        s.wire((x, 96), part["1"])
        s.supply("GND", part["2"])
        s.join((x, 96))
    zener = s.part("D403", "Device:D_Zener", (150, 104), turn=270, text="right+0.5,0")
    s.wire((150, 96), zener["1"])
    s.supply("GND", zener["2"])
    s.test_point("TP401", (107, 96))
    s.join((107, 96), (134, 96), (150, 96))
    gate = s.part("R410", R, (161, 96), turn=90, text="split")
    s.wire((155, 96), gate["1"])
    lower = s.part("Q402", FET, (192, 96), text="right+2,0")
    s.wire(gate["2"], lower["1"])
    for ref, x in (("R412", 174), ("R413", 184)):
        part = s.part(ref, R, (x, 104), text="left")
        s.wire((x, 96), part["1"])
        s.supply("GND", part["2"])
        s.join((x, 96))
    s.supply("GND", lower["2"])
    # a rising 12 V rail empties the hold capacitor
    short = s.part("Q405", SMALL_FET, (88, 122), text="right+2,0")
    s.wire((90, 96), short["3"])
    s.supply("GND", short["2"])
    c = s.part("C404", C, (50, 122), turn=90, text="tall")
    s.wire(c["1"], (40, 122), (40, 120))
    s.supply("+12V", (40, 120))
    s.wire(c["2"], short["1"])
    down = s.part("R411", R, (62, 129))
    s.wire((62, 122), down["1"])
    s.supply("GND", down["2"])
    d = s.part("D404", "Device:D", (76, 129), turn=270, text="right+0.5,0")
    s.wire((76, 122), d["1"])
    s.supply("GND", d["2"])
    s.join((62, 122), (76, 122))
    # enable and coil
    upper = s.part("Q401", FET, (192, 72), text="right+2,0")
    s.wire(upper["2"], lower["3"])
    s.label("ENABLE", (148, 72), "left")
    r = s.part("R401", R, (156, 72), turn=90, text="split")
    s.wire((148, 72), r["1"])
    s.wire(r["2"], upper["1"])
    pull = s.part("R402", R, (170, 79))
    s.wire((170, 72), pull["1"])
    s.supply("GND", pull["2"])
    s.join((170, 72))
    loop = s.part("J401", TERMINAL, (146, 30), turn=180, text="above+0,-3")
    s.wire(loop["1"], (156, 30), (156, 40), (162, 40), (162, 38))
    s.supply("+12V", (162, 38))
    s.wire(loop["2"], (194, 28), (194, 34))
    tvs = s.part("D406", "Device:D_Zener", (194, 40), turn=90, text="right+0.5,0")
    s.wire((194, 34), tvs["2"])
    free = s.part("D405", "Device:D", (194, 52), turn=270, text="right+0.5,0")
    s.wire(tvs["1"], free["1"])
    s.wire(free["2"], (194, 60), upper["3"])
    coil = s.part("J402", TERMINAL, (220, 44), text="below+0,2")
    s.wire((194, 34), (210, 34), (210, 44), coil["1"])
    s.wire((194, 60), (210, 60), (210, 46), coil["2"])
    s.join((194, 34), (194, 60))
    s.flag((199, 34))
    s.wire((205, 34), (205, 26))
    s.label("LOOP", (205, 26), "up")
    s.join((199, 34), (205, 34))
    s.note(
        "The coil needs both: ENABLE high, and a heartbeat that toggles. Stuck, the pump dries.\n"
        "J401: contacts of emergency stop and residual current device, in series; else a bridge.",
        (18, 14),
    )


def _pump(s: Sheet, *, y: int, start: Point, at: int, refs: tuple[str, ...]) -> None:
    """One half of the pump in a row: resistor, three capacitors in series, two diodes up to hold.

    *start*: where the row begins; *at*: the resistor's left end.
    """
    resistor, *capacitors, lower, upper = refs
    r = s.part(resistor, R, (at + 3, y), turn=90, text="split")
    s.wire(start, r["1"])
    before = r["2"]
    for n, ref in enumerate(capacitors):
        c = s.part(ref, C, (at + 11 + 7 * n, y), turn=90, text="tall")
        s.wire(before, c["1"])
        before = c["2"]
    pump = s.part(lower, "Diode:BAV99", (118, y), turn=90, mirror="y", text="right+0.5,3")
    s.wire(before, pump["3"])
    s.supply("GND", pump["1"])
    out = s.part(upper, "Device:D", (125, y - 12), turn=180, text="split")
    s.wire(pump["2"], (118, y - 12), out["2"])
    s.wire(out["1"], (134, y - 12))
