# SPDX-License-Identifier: GPL-3.0-or-later
"""Headers of devices and portals that have no row in the table of forms: words and figures do."""

from __future__ import annotations

from functools import cache

import pytest

from evsed.sim.dayfiles import AmbiguousDay, ReadOptions
from tests.sim.dayfiles.text_days import days_of
from tests.sim.dayfiles.variants import Stretch, Variant, day, figure, outcome, surplus_kwh

STRETCHES = day(5)
TRUTH_KWH = surplus_kwh(STRETCHES, 5)

# Name: header, what its columns hold, unit (kWh+ is a running total).
DEVICES = {
    "Huawei FusionSolar": (
        "Statistical Period,PV Yield (kWh),Inverter Yield (kWh),Export (kWh),Import (kWh)",
        "sun sun export import", "kWh"),
    "GoodWe SEMS, export positive": (
        "Time,PV(W),Battery(W),Grid (W),Load (W),SOC(%)", "sun none -grid load soc", "W"),
    "Growatt": (
        "Time,PV Output (W),Load Consumption (W),Imported From Grid (W),Exported To Grid (W)",
        "sun load import export", "W"),
    "SolaX": (
        "Update time,AC power(W),Feed-in power(W),Battery power(W)", "sun -grid none", "W"),
    "Sungrow": (
        "Time,PV Power(W),Load Power(W),Purchased Power(W),Feed-in Power(W)",
        "sun load import export", "W"),
    "Senec": (
        "Uhrzeit;Netzbezug [kW];Netzeinspeisung [kW];Stromverbrauch [kW];Akkubeladung [kW]",
        "import export load none", "kW"),
    "HomeWizard, two tariffs": (
        "time,Import T1 kWh,Import T2 kWh,Export T1 kWh,Export T2 kWh",
        "import none export none", "kWh+"),
    "Dutch smart meter": ("time,currently_delivered,currently_returned", "import export", "kW"),
    "IoTaWatt": ("Time,Grid,Solar,House", "grid sun load", "W"),
    "Emporia, split phase": (
        "Time Bucket (America/New_York),Mains_A (kWatts),Mains_B (kWatts)", "grid none", "kW"),
    "Solarman": (
        "Time,Generation Power(W),Consumption Power(W),Purchasing Power(W),Feed-in Power(W)",
        "sun load import export", "W"),
    "myenergi": ("Time,Importing (W),Exporting (W),Generating (W)", "import export sun", "W"),
    "ioBroker": ("ts,javascript.0.Netzleistung,modbus.0.PV_Leistung", "grid sun", "W"),
    "three phases": (
        "time,Grid power L1 (W),Grid power L2 (W),Grid power L3 (W)", "grid none none", "W"),
    "OBIS": ("Zeit;1.8.0 (kWh);2.8.0 (kWh)", "import export", "kWh+"),
    "OBIS, power": ("Zeit;16.7.0 [W]", "grid", "W"),
    "net export": ("time,Net export (W)", "-grid", "W"),
    "export below zero": ("time,Netzbezug (W),Einspeisung (W)", "import -export", "W"),
    "Finnish": ("Aika;Tuotanto (W);Kulutus (W)", "sun load", "W"),
    "Czech": (
        "Čas;Výroba (W);Spotřeba (W);Dodávka do sítě (W);Odběr ze sítě (W)",
        "sun load export import", "W"),
    "Polish": ("Czas;Produkcja (W);Zużycie (W)", "sun load", "W"),
    "Portuguese": (
        "Data;Produção (W);Consumo (W);Injetado na rede (W);Importado da rede (W)",
        "sun load export import", "W"),
    "Norwegian": ("Tidspunkt;Produksjon (W);Forbruk (W)", "sun load", "W"),
    "Dutch grid": ("Tijd;Van net (W);Naar net (W)", "import export", "W"),
    "French": ("Heure;Production (W);Consommation (W)", "sun load", "W"),
    "Chinese": (
        "时间,光伏发电功率(W),负载功率(W),上网功率(W),购电功率(W)", "sun load export import", "W"),
    "own use beside production": (
        "Zeit;PV-Erzeugung (W);Eigenverbrauch (W);Netzeinspeisung (W)", "sun own export", "W"),
    "a wallbox beside the grid": ("time,Wallbox Leistung (W),Netz (W)", "none grid", "W"),
    "volts first": ("time,Grid voltage (V),Grid power (W)", "volts grid", "W"),
    "reactive power first": (
        "time,Grid reactive power (var),Grid active power (W)", "volts grid", "W"),
    "a forecast first": ("time,Solar forecast (W),Grid power (W)", "sun grid", "W"),
    "capitals": ("TIME,GRID_POWER_KW", "grid", "kW"),
    "megawatts": ("time,surplus (MW)", "surplus", "MW"),
    "joules": ("time,surplus (kJ)", "surplus", "kJ"),
    "the unit as a word": ("time,Surplus in Kilowatt", "surplus", "kW"),
}  # fmt: skip

FACTORS = {"W": 1.0, "kW": 1e-3, "MW": 1e-6, "kWh": 1e-3 / 12, "kWh+": 1e-3 / 12, "kJ": 0.3}


def value(stretch: Stretch, what: str) -> float:
    """Watts of a column, or what it is instead."""
    if what == "none":
        return 0.0
    return -figure(stretch, what[1:]) if what[0] == "-" else figure(stretch, what)


@cache
def file_of(name: str) -> str:
    """The day as the device writes it."""
    header, columns, unit = DEVICES[name]
    separator = ";" if ";" in header else ","
    sums = [5000.0] * len(columns.split())
    lines = [header]
    for stretch in STRETCHES:
        cells = [f"{stretch.at:%Y-%m-%d %H:%M:%S}"]
        for at, what in enumerate(columns.split()):
            number = value(stretch, what) * (1.0 if what in ("soc", "volts") else FACTORS[unit])
            sums[at] += number
            text = f"{sums[at] if unit == 'kWh+' else number:.6f}"
            cells.append(text.replace(".", ",") if separator == ";" else text)
        lines.append(separator.join(cells))
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", DEVICES)
def test_the_device_is_read_right(name: str) -> None:
    assert outcome(Variant(name, file_of(name).encode(), TRUTH_KWH)) == "right"


REFUSED = {
    "a grid column that is export positive": ("time,Grid power (W)", "-grid", "--export"),
    "a meter without a direction": ("time,Meter active power (W)", "-grid", "--import"),
    "own use only": ("Fecha;Producción (W);Autoconsumo (W)", "sun own", "--consumption"),
    "consumption of a utility": ("Messzeitpunkt;Verbrauch (W)", "load", "--export"),
    "panels and state of charge": ("time,pv_power (W),battery_soc (%)", "sun soc", "--consumption"),
    "a name that says nothing": ("time,Leistung (W)", "grid", "--surplus"),
}  # fmt: skip


@pytest.mark.parametrize(("header", "columns", "option"), REFUSED.values(), ids=REFUSED)
def test_what_can_be_read_in_two_ways_is_refused_with_an_option(
    header: str, columns: str, option: str
) -> None:
    DEVICES["refused"] = (header, columns, "W")
    file_of.cache_clear()
    found = outcome(Variant(header, file_of("refused").encode(), None))
    del DEVICES["refused"]
    assert found.startswith("refused")
    assert option in found or "can be import positive" in found or "no name says" in found


@pytest.mark.parametrize("begin", [0, 144, 200])
def test_a_day_that_begins_at_any_hour_of_utc_is_never_turned_round(begin: int) -> None:
    """Export positive, in UTC, on the other side of the earth: a question, not a guess."""
    turned = [*STRETCHES[begin:], *STRETCHES[:begin]]
    rows = [
        f"{stretch.at:%Y-%m-%dT%H:%M:%SZ},{other.surplus_w:.0f}"
        for stretch, other in zip(STRETCHES, turned, strict=True)
    ]
    with pytest.raises(AmbiguousDay, match="import positive or export positive"):
        days_of("time,grid (W)\n" + "\n".join(rows), "day.csv", ReadOptions())


def test_a_meter_that_counts_whole_kilowatt_hours_is_too_coarse() -> None:
    sums, rows = 0.0, []
    for stretch in STRETCHES:
        sums += max(0.0, stretch.surplus_w) / 12_000
        rows.append(f"{stretch.at:%Y-%m-%d %H:%M},{int(sums)}")
    with pytest.raises(AmbiguousDay, match="counts in steps of 1000 Wh"):
        days_of("time,Export total (kWh)\n" + "\n".join(rows), "day.csv", ReadOptions())
