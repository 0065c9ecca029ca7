# SPDX-License-Identifier: GPL-3.0-or-later
"""One day as further programs, portals and grid operators write it.

Headers and rows follow the makers' documentation and public programs that read these files. A row
of the table is the text above the rows and the rows of one stretch: a program with two rows for a
quarter of an hour has two lines. Fields in braces are what `_fields` gives.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tests.sim.dayfiles.variants import Stretch, day


@dataclass(frozen=True)
class Portal:
    """A portal's form of a day; `comma` for a decimal comma, `refusal` where it has no surplus."""

    head: str
    row: str
    step_min: int = 15
    comma: bool = False
    refusal: str = ""
    encoding: str = "utf-8"


PORTALS = {
    # -- grid operators and smart meters ---------------------------------------------------------
    "Fluvius (BE), two registers": Portal(
        "Van (datum);Van (tijdstip);Tot (datum);Tot (tijdstip);EAN-code;Meter;Metertype;Register;"
        "Volume;Eenheid;Validatiestatus;Omschrijving",
        '{at:%d-%m-%Y};{at:%H:%M:%S};{end:%d-%m-%Y};{end:%H:%M:%S};="541448";1SAG1;Digitale meter;'
        "Afname Dag;{import_kwh:.3f};kWh;Uitgelezen;\n"
        '{at:%d-%m-%Y};{at:%H:%M:%S};{end:%d-%m-%Y};{end:%H:%M:%S};="541448";1SAG1;Digitale meter;'
        "Injectie Dag;{export_kwh:.3f};kWh;Uitgelezen;", comma=True),
    "Fluvius (BE), four registers": Portal(
        "Van (datum);Van (tijdstip);Tot (datum);Tot (tijdstip);EAN-code;Meter;Metertype;Register;"
        "Volume;Eenheid;Validatiestatus;Omschrijving",
        '{at:%d-%m-%Y};{at:%H:%M:%S};{end:%d-%m-%Y};{end:%H:%M:%S};="541448";1SAG1;Digitale meter;'
        "Afname {tariff};{import_kwh:.3f};kWh;Uitgelezen;\n"
        '{at:%d-%m-%Y};{at:%H:%M:%S};{end:%d-%m-%Y};{end:%H:%M:%S};="541448";1SAG1;Digitale meter;'
        "Injectie {tariff};{export_kwh:.3f};kWh;Uitgelezen;", comma=True),
    "Green Button (PG&E)": Portal(
        'Name,JANE DOE\nAddress,"123 MAIN ST, BRISBANE CA 94005"\nAccount Number,1234567890\n'
        "Service,Service 2\n\nTYPE,DATE,START TIME,END TIME,IMPORT (kWh),EXPORT (kWh),COST,NOTES",
        "Electric usage,{at:%Y-%m-%d},{at:%H:%M},{last:%H:%M},{import_kwh:.2f},{export_kwh:.2f},"
        "$0.12,"),
    "Southern California Edison": Portal(
        'Energy usage: 1 Main St\n"Received from utility"\nStart,End,Delivered (kWh),'
        "Received (kWh)",
        "{at:%m/%d/%Y %H:%M},{end:%m/%d/%Y %H:%M},{import_kwh:.3f},{export_kwh:.3f}",
        refusal="no name says"),
    "Octopus (UK), consumption": Portal(
        "Consumption (kwh), Estimated Cost Inc. Tax (p), Standing Charge Inc. Tax (p), Start, End",
        "{import_kwh:.3f}, 4.1, 0.78, {at:%Y-%m-%dT%H:%M:%S}+01:00, {end:%Y-%m-%dT%H:%M:%S}+01:00",
        step_min=30, refusal="neither export nor production"),
    "Datadis (ES), hours": Portal(
        "CUPS;Fecha;Hora;Consumo_kWh;Metodo_obtencion",
        "ES00;{at:%d/%m/%Y};{hour_end};{import_kwh:.3f};R", step_min=60, comma=True,
        refusal="neither export nor production"),
    "i-DE (ES), with excess": Portal(
        "CUPS;Fecha;Hora;AE_kWh;AS_kWh;AE_AUTOCONS_kWh;REAL/ESTIMADO",
        "ES00;{at:%d/%m/%Y};{hour_end};{import_kwh:.3f};{export_kwh:.3f};0;R", step_min=60,
        comma=True, refusal="too coarse"),
    "Enedis (FR), load curve": Portal(
        "Identifiant PRM;Type de donnees;Grandeur physique;Unite\n123;Courbe de charge;Energie "
        "active;W\nHorodate;Valeur",
        "{at:%Y-%m-%dT%H:%M:%S}+02:00;{import_w:.0f}", step_min=30, refusal="replayed"),
    "Eloverblik (DK)": Portal(
        "MålepunktsID;Fra_dato;Til_dato;Mængde;Måleenhed;Kvalitet;Type",
        "5713;{at:%d-%m-%Y %H:%M:%S};{end:%d-%m-%Y %H:%M:%S};{import_kwh:.2f};KWH;Målt;Tidsserie",
        step_min=60, comma=True, refusal="replayed"),
    "Netz NÖ (AT)": Portal(
        "Messzeitpunkt;Verbrauch (kWh);Qualität;Restnetzbezug (kWh)",
        "{at:%d.%m.%Y %H:%M};{import_kwh:.6f};L1;{import_kwh:.6f}", comma=True,
        refusal="neither export nor production"),
    "Wiener Netze (AT), both directions": Portal(
        "Datum;Zeit von;Zeit bis;Bezug [kWh];Einspeisung [kWh]",
        "{at:%d.%m.%Y};{at:%H:%M:%S};{end:%H:%M:%S};{import_kwh:.6f};{export_kwh:.6f}", comma=True),
    "EDA (AT), community": Portal(
        "Zählpunkt;Zeitstempel;Gesamtverbrauch (kWh);Überschuss (kWh)",
        "AT00;{at:%d.%m.%Y %H:%M};{load_kwh:.6f};{export_kwh:.6f}", comma=True),
    "BKW (CH)": Portal(
        "Von;Bis;Bezug 1.8.0 (kWh);Rücklieferung 2.8.0 (kWh)",
        "{at:%d.%m.%Y %H:%M};{end:%d.%m.%Y %H:%M};{import_kwh:.3f};{export_kwh:.3f}",
        encoding="cp1252"),
    "Discovergy (DE), milliwatts": Portal(
        "Zeit;Leistung (mW);Leistung L1 (mW);Leistung L2 (mW);Leistung L3 (mW)",
        "{at:%d.%m.%Y %H:%M:%S};{grid_mw:.0f};0;0;{grid_mw:.0f}", step_min=5,
        refusal="replayed"),
    "Tauron (PL)": Portal(
        "Data;Wartość kWh;Rodzaj",
        "{at:%Y-%m-%d} {hour_end}:00;{import_kwh:.3f};pobór\n"
        "{at:%Y-%m-%d} {hour_end}:00;{export_kwh:.3f};oddanie", step_min=60, comma=True,
        refusal="too coarse"),
    "Elhub (NO)": Portal(
        "Fra;Til;KWH 60 Forbruk;Kvalitet",
        "{at:%d.%m.%Y %H:%M};{end:%d.%m.%Y %H:%M};{import_kwh:.3f};Målt", step_min=60, comma=True,
        refusal="neither export nor production"),
    "DSMR reader": Portal(
        "read_at,electricity_delivered_1,electricity_returned_1,electricity_delivered_2,"
        "electricity_returned_2,electricity_currently_delivered,electricity_currently_returned",
        "{at:%Y-%m-%d %H:%M:%S}+00:00,{import_total_kwh:.3f},{export_total_kwh:.3f},100.000,"
        "200.000,{import_kw:.3f},{export_kw:.3f}", step_min=1),
    "Slimme meter portal": Portal(
        "Datum;Tijd;Levering Laag;Levering Normaal;Teruglevering Laag;Teruglevering Normaal",
        "{at:%d-%m-%Y};{at:%H:%M};0;{import_kwh:.3f};0;{export_kwh:.3f}", comma=True,
        refusal="replayed"),
    "Hungarian meter": Portal(
        "Időpont;+A (kWh);-A (kWh)",
        "{at:%Y.%m.%d. %H:%M:%S};{import_kwh:.3f};{export_kwh:.3f}", comma=True),
    "Emporia (solar)": Portal(
        "Time Bucket (America/Los_Angeles),Solar (kWatts),Net Grid (kWatts),Usage (kWatts)",
        "{at:%m/%d/%Y %H:%M:%S},{sun_kw:.4f},{grid_kw:.4f},{load_kw:.4f}", step_min=1),
    # -- inverters, batteries, energy managers ------------------------------------------------
    "E3/DC": Portal(
        '"Zeitstempel";"Ladezustand [%]";"Solarproduktion [W]";"Batterie Laden [W]";'
        '"Batterie Entladen [W]";"Netzeinspeisung [W]";"Netzbezug [W]";"Hausverbrauch [W]";'
        '"Abregelungsgrenze [W]"',
        "{at:%d.%m.%Y %H:%M:%S};50;{sun_w:.0f};0;0;{export_w:.0f};{import_w:.0f};{load_w:.0f};"
        "5000"),
    "FoxESS cloud": Portal(
        "time,generationPower(kW),feedinPower(kW),loadsPower(kW),gridConsumptionPower(kW),"
        "batChargePower(kW),batDischargePower(kW),SoC(%)",
        "{at:%Y-%m-%d %H:%M:%S} CEST+0200,{sun_kw:.3f},{export_kw:.3f},{load_kw:.3f},"
        "{import_kw:.3f},0.000,0.000,44", step_min=5),
    "AlphaESS": Portal(
        "Time,PV Power(W),Load Power(W),SOC(%),Feed-in(W),Grid Consumption(W)",
        "{at:%Y-%m-%d %H:%M:%S},{sun_w:.1f},{load_w:.1f},80.4,{export_w:.1f},{import_w:.1f}",
        step_min=5),
    "GivEnergy": Portal(
        "Time,PV Power (W),Grid Power (W),Battery Power (W),Consumption Power (W),Battery SOC (%)",
        "{at:%Y-%m-%d %H:%M:%S},{sun_w:.0f},{surplus_w:.0f},0,{load_w:.0f},51", step_min=5),
    "Solis cloud": Portal(
        "Time,Total DC Input Power(kW),AC Active Power (kW),Meter Total Active Power (kW),"
        "Total Consumption Power(kW)",
        "{at:%d/%m/%Y %H:%M:%S},{sun_kw:.3f},{sun_kw:.3f},{surplus_kw:.3f},{load_kw:.3f}",
        step_min=5, refusal="can be import positive"),
    "Sunsynk": Portal(
        "Time,PV,Grid,Load,Battery,SOC",
        "{at:%Y-%m-%d %H:%M},{sun_w:.0f},{grid_w:.0f},{load_w:.0f},0,61", step_min=5),
    "Sonnen": Portal(
        "timestamp,Production_W,Consumption_W,GridFeedIn_W,Pac_total_W,USOC",
        "{at:%Y-%m-%d %H:%M:%S},{sun_w:.0f},{load_w:.0f},{surplus_w:.0f},0,77", step_min=5),
    "Kostal Plenticore": Portal(
        "Zeit\tPV-Leistung [W]\tHausverbrauch [W]\tNetzbezug [W]\tNetzeinspeisung [W]",
        "{at:%d.%m.%Y %H:%M}\t{sun_w:.0f}\t{load_w:.0f}\t{import_w:.0f}\t{export_w:.0f}",
        step_min=5),
    "Solar-Log, day": Portal(
        "#Datum;Uhrzeit;INV;Pac;DaySum;Status;Error;Pdc1;Udc1;Uac",
        "{at:%d.%m.%y};{at:%H:%M:%S};1;{sun_w:.0f};{sun_day_wh:.0f};7;0;{sun_w:.0f};380;231",
        step_min=5, refusal="production of the panels"),
    "SolarEdge, site": Portal(
        "Time,Production (W),Self-consumption (W),Consumption (W),Export (W),Import (W)",
        "{at:%d/%m/%Y %H:%M},{sun_w:.1f},{own_w:.1f},{load_w:.1f},{export_w:.1f},{import_w:.1f}"),
    "Enphase, net": Portal(
        "Date/Time,Energy Produced (Wh),Energy Consumed (Wh),Exported to Grid (Wh),"
        "Imported from Grid (Wh)",
        "{at:%Y-%m-%d %H:%M:%S} -0700,{sun_wh:.0f},{load_wh:.0f},{export_wh:.0f},{import_wh:.0f}"),
    "Huawei, Spanish": Portal(
        "Hora de inicio;Potencia FV (kW);Consumo (kW);Potencia del contador (kW)",
        "{at:%Y-%m-%d %H:%M:%S};{sun_kw:.3f};{load_kw:.3f};{surplus_kw:.3f}", step_min=5,
        comma=True),
    "Growatt, noon in 12 hours": Portal(
        "Time,PV(W),Load(W),Import from grid(W),Export to grid(W)",
        "{at:%Y-%m-%d %I:%M %p},{sun_w:.0f},{load_w:.0f},{import_w:.0f},{export_w:.0f}",
        step_min=5),
    "Victron by node-red": Portal(
        "timestamp,N/id/system/0/Ac/Grid/L1/Power,N/id/system/0/Dc/Pv/Power,"
        "N/id/system/0/Ac/Consumption/L1/Power",
        "{ms},{grid_w:.0f},{sun_w:.0f},{load_w:.0f}", step_min=1),
    "sun behind a feed-in limit": Portal(
        "time,PV power (W),Feed-in limit (W),Grid power (W)",
        "{at:%Y-%m-%d %H:%M},{sun_w:.0f},5000,{grid_w:.0f}", step_min=5),
    # -- automation and databases ----------------------------------------------------------------
    "openHAB, item": Portal(
        "time;state;name",
        "{at:%Y-%m-%dT%H:%M:%S.000+0200};{grid_w:.1f} W;Netz_Leistung", step_min=5),
    "ioBroker, JSON lines": Portal(
        '{{"ts":1}}', '{{"ts":{ms},"val":{grid_w:.0f}}}', refusal="JSON"),
    "FHEM log": Portal(
        "", "{at:%Y-%m-%d_%H:%M:%S} Zaehler power: {grid_w:.0f}", step_min=5, refusal="FHEM's log"),
    "Domoticz": Portal(
        "Date;Usage (W);Delivery (W)", "{at:%Y-%m-%d %H:%M};{import_w:.0f};{export_w:.0f}",
        step_min=5, refusal="neither export nor production"),
    "Volkszähler": Portal(
        "# uuid: 4f1\n# title: Netz Einspeisung\n# unit: W\ntimestamp;Einspeisung W;quality",
        "{ms};{export_w:.1f};1", step_min=1),
    "Prometheus, range": Portal(
        "timestamp,metric,value",
        '{epoch},"power_watts{{sensor=""grid_import""}}",{import_w:.1f}\n'
        '{epoch},"power_watts{{sensor=""grid_export""}}",{export_w:.1f}', step_min=5),
    "Influx line protocol": Portal(
        "", "power,meter=grid value={grid_w:.1f} {ns}", step_min=5, refusal="line protocol"),
    "Home Assistant, statistics by hour": Portal(
        "statistic_id,start,mean,min,max,unit",
        "sensor.grid_power,{at:%Y-%m-%d %H:%M:%S},{grid_w:.1f},{grid_w:.1f},{grid_w:.1f},W",
        step_min=60, refusal="too coarse"),
    "Markdown table": Portal(
        "| Zeit | Netzbezug (W) | Einspeisung (W) |\n|---|---|---|",
        "| {at:%d.%m.%Y %H:%M} | {import_w:.0f} | {export_w:.0f} |"),
    "SQLite, box mode": Portal(
        "time|grid_export_w|grid_import_w", "{at:%Y-%m-%d %H:%M:%S}|{export_w:.1f}|{import_w:.1f}",
        step_min=5),
    "a spreadsheet in Excel's days and commas": Portal(
        "Zeit;Überschuss kW", "{excel:.6f};{surplus_kw:.3f}", step_min=5, comma=True,
        encoding="utf-16"),
    "Arabic digits for the hour only": Portal(
        "date,hour,export_wh,import_wh",
        "{at:%Y-%m-%d},{at:%H},{export_wh:.0f},{import_wh:.0f}", step_min=60,
        refusal="too coarse"),
    "NEM12 (AU)": Portal(
        "100,NEM12,202606150000,MDP,RETAILER\n200,NMI,E1B1,1,E1,N1,METER,kWh,30,",
        "300,{at:%Y%m%d},{import_kwh:.3f},{export_kwh:.3f},0.1,0.2,A", step_min=60,
        refusal="is NEM12"),
    "Sense": Portal(
        "# Please note that there may be discrepancies between your electric bill and what Sense "
        "reports\nDateTime,Device ID,Name,Device Type,Device Make,Device Model,Device Location,"
        "Avg Wattage,kWh",
        "{at:%Y-%m-%d %H:%M:%S},mains,Total Usage,Mains,,,,{load_w:.3f},{load_kwh:.3f}\n"
        "{at:%Y-%m-%d %H:%M:%S},solar,Solar Production,Solar,,,,{minus_sun_w:.3f},"
        "{minus_sun_kwh:.3f}", step_min=60, refusal="replayed"),
    "eGauge": Portal(
        "Date & Time,Usage [kW],Generation [kW],Kitchen [kW],Grid [kW]",
        "{at:%Y-%m-%d %H:%M:%S},{load_kw:.4f},{sun_kw:.4f},0.1,{grid_kw:.4f}", step_min=1),
    "ISO with an offset west of Greenwich": Portal(
        "time,grid_power (W)", "{at:%Y-%m-%dT%H:%M:%S}-04:00,{grid_w:.0f}", step_min=5),
    "ranges for a time": Portal(
        "Zeitraum;Bezug (kWh);Einspeisung (kWh)",
        "{at:%d.%m.%Y %H:%M}-{end:%H:%M};{import_kwh:.3f};{export_kwh:.3f}", comma=True),
}  # fmt: skip


def file_of(portal: Portal) -> bytes:
    """The day as the portal writes it."""
    sums = {"export_total_kwh": 4021.5, "import_total_kwh": 977.25, "sun_day_wh": 0.0}
    lines = [portal.head] if portal.head else []
    for stretch in day(portal.step_min):
        fields = _fields(stretch, portal, sums)
        lines.extend(line.format(**fields) for line in portal.row.split("\n"))
    return ("\n".join(lines).replace("{{", "{").replace("}}", "}") + "\n").encode(portal.encoding)


class _Figure(float):
    """A number that a portal with a decimal comma writes with one."""

    def __format__(self, spec: str) -> str:
        return super().__format__(spec).replace(".", ",")


def _fields(stretch: Stretch, portal: Portal, sums: dict[str, float]) -> dict[str, object]:
    """Everything that a row may name."""
    at, end = stretch.at, stretch.at + timedelta(minutes=portal.step_min)
    spare_w = stretch.surplus_w
    watts = {
        "sun": stretch.solar_w, "load": stretch.load_w, "surplus": spare_w, "grid": -spare_w,
        "export": max(0.0, spare_w), "import": max(0.0, -spare_w),
        "own": min(stretch.solar_w, stretch.load_w), "minus_sun": -stretch.solar_w,
    }  # fmt: skip
    hours = portal.step_min / 60
    sums["export_total_kwh"] += watts["export"] * hours / 1000
    sums["import_total_kwh"] += watts["import"] * hours / 1000
    sums["sun_day_wh"] += watts["sun"] * hours
    figures = {
        **{f"{name}_{unit}": value * factor for name, value in watts.items() for unit, factor in
           (("w", 1.0), ("kw", 1e-3), ("mw", 1e3), ("wh", hours), ("kwh", hours / 1000))},
        **sums,
        "excel": (at - datetime(1899, 12, 30, tzinfo=UTC)) / timedelta(days=1),
    }  # fmt: skip
    number = _Figure if portal.comma else float
    return {
        **{name: number(value) for name, value in figures.items()},
        "at": at, "end": end, "last": end - timedelta(minutes=1), "hour_end": at.hour + 1,
        "tariff": "Dag" if 7 <= at.hour < 22 else "Nacht",
        "epoch": int(at.timestamp()), "ms": int(at.timestamp()) * 1000,
        "ns": int(at.timestamp()) * 1_000_000_000,
    }  # fmt: skip
