# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of the optional inputs."""

from __future__ import annotations

from hw.tools.kicad import Sheet

R, C = "Device:R", "Device:C"
REFERENCE = "VREF"
SMALL_FET = "Transistor_FET:BSS138"
TERMINAL = "Connector:Screw_Terminal_01x02"


def inputs(s: Sheet) -> None:
    """What may be there or not."""
    rows = (
        (
            30,
            "J601",
            "R601",
            "R602",
            "C601",
            "FEEDBACK",
            "mirror contact (NC): high = contactor closed",
        ),
        (
            54,
            "J602",
            "R603",
            "R604",
            "C602",
            "RCD_TRIP",
            "NC contact: high = tripped, or wire cut",
        ),
        (
            78,
            "J603",
            "R605",
            "R606",
            "C603",
            "E_STOP",
            "second NC contact: high = pressed, or wire cut",
        ),
    )
    for y, plug, up_ref, series, cap, net, caption in rows:
        j = s.part(plug, TERMINAL, (24, y + 2), turn=180, text="above+0,-3")
        s.wire(j["1"], (32, y + 2), (32, y + 5))
        s.supply("GND", (32, y + 5))
        pull = s.part(up_ref, R, (40, y - 8))
        s.wire(pull["1"], (40, y - 13))
        s.supply("+3V3", (40, y - 13))
        s.wire(j["2"], (40, y), pull["2"])
        r = s.part(series, R, (50, y), turn=90, text="split")
        s.wire((40, y), r["1"])
        c = s.part(cap, C, (62, y + 7))
        s.wire(r["2"], (62, y), c["1"])
        s.supply("GND", c["2"])
        s.join((40, y), (62, y))
        s.wire((62, y), (72, y))
        s.label(net, (72, y), "right")
        s.note(caption, (48, y - 9), size=1.2)
    # self-test of the residual current device
    s.label("RCD_TEST", (20, 112), "left")
    r = s.part("R607", R, (28, 112), turn=90, text="split")
    s.wire((20, 112), r["1"])
    pull = s.part("R608", R, (36, 119))
    s.wire(r["2"], (36, 112), pull["1"])
    s.supply("GND", pull["2"])
    q = s.part("Q601", SMALL_FET, (48, 112), text="right+2,0")
    s.wire((36, 112), q["1"])
    s.join((36, 112))
    s.supply("GND", q["2"])
    j = s.part("J604", TERMINAL, (72, 104), text="above+-6,-1")
    s.wire(q["3"], (50, 104), j["1"])
    s.wire(j["2"], (62, 106), (62, 109))
    s.supply("GND", (62, 109))
    # temperature
    j = s.part("J605", "Connector:Screw_Terminal_01x03", (124, 30), turn=180, text="above+0,-4")
    by_y = sorted(j.values(), key=lambda p: p[1])
    s.wire(by_y[0], (140, by_y[0][1]), (140, 20))
    s.supply("+3V3", (140, 20))
    s.wire(by_y[2], (132, by_y[2][1]), (132, 35))
    s.supply("GND", (132, 35))
    pull = s.part("R609", R, (150, 24))
    s.wire(pull["1"], (150, 19))
    s.supply("+3V3", (150, 19))
    s.wire(by_y[1], (150, by_y[1][1]), pull["2"])
    r = s.part("R610", R, (160, by_y[1][1]), turn=90, text="split")
    s.wire((150, by_y[1][1]), r["1"])
    s.join((150, by_y[1][1]))
    s.wire(r["2"], (172, by_y[1][1]))
    s.label("ONE_WIRE", (172, by_y[1][1]), "right")
    # current transformer, on half the reference
    j = s.part("J606", TERMINAL, (124, 62), turn=180, text="above+0,-3")
    s.wire(j["2"], (142, 60))
    burden = s.part("R611", R, (142, 68))
    s.wire((142, 60), burden["1"])
    s.wire(j["1"], (134, 62), (134, 76), (142, 76))
    s.wire(burden["2"], (142, 76))
    r = s.part("R614", R, (156, 60), turn=90, text="split")
    s.wire((142, 60), r["1"])
    c = s.part("C605", C, (168, 68))
    s.wire(r["2"], (168, 60), c["1"])
    s.supply("GND", c["2"])
    clamp = s.part("D601", "Diode:BAV99", (184, 60), turn=90, mirror="y", text="right+0.5,3")
    s.wire((168, 60), clamp["3"])
    s.wire(clamp["2"], (184, 50))
    s.label(REFERENCE, (184, 50), "up")
    s.supply("GND", clamp["1"])
    s.wire((178, 60), (178, 78), (196, 78))
    s.label("CT_ADC", (196, 78), "right")
    s.join((142, 60), (142, 76), (168, 60), (178, 60))
    up = s.part("R612", R, (106, 90))
    s.wire(up["1"], (106, 84))
    s.label(REFERENCE, (106, 84), "up")
    down = s.part("R613", R, (106, 104))
    s.wire(up["2"], (106, 97), down["1"])
    s.supply("GND", down["2"])
    c = s.part("C604", C, (116, 104))
    s.wire((106, 97), (116, 97), c["1"])
    s.supply("GND", c["2"])
    amp = s.part(
        "U301", "Amplifier_Operational:MCP6002-xSN", (134, 94), unit=2, text="above+-3,-2.4"
    )
    s.wire((116, 97), (122, 97), (122, 92), amp["5"])
    s.join((106, 97), (116, 97))
    s.wire(amp["6"], (126, 96), (126, 102), (142, 102), (142, 94), amp["7"])
    s.wire((142, 94), (142, 76))
    s.join((142, 94))
    # the coil's supply, watched behind the safety loop; two resistors above, so that a short of
    # one harms nothing
    first = s.part("R615", R, (160, 94))
    s.wire(first["1"], (160, 88))
    s.label("LOOP", (160, 88), "up")
    second = s.part("R617", R, (160, 104))
    s.wire(first["2"], second["1"])
    down = s.part("R616", R, (160, 118))
    s.wire(second["2"], (160, 110), down["1"])
    s.supply("GND", down["2"])
    c = s.part("C606", C, (172, 118))
    s.wire((160, 110), (172, 110), c["1"])
    s.supply("GND", c["2"])
    s.wire((172, 110), (182, 110))
    s.label("COIL_SUPPLY_ADC", (182, 110), "right")
    s.join((160, 110), (172, 110))
    s.note(
        "Each of these may stay empty. Contacts carry 3.3 mA: take ones good for small loads.",
        (20, 136),
    )
