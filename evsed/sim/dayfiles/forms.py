# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of forms: one row for each program or portal whose files need more than their words.

Most files need no row: names, units and figures say what the columns are. A row is for what a
file does not say: a sign, a unit, a role, the order of the date, or that it holds no power at all.
Another form is another row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from evsed.sim.dayfiles.options import DateOrder
from evsed.sim.dayfiles.words import Role, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form of files.

    `needs` are patterns that names of columns have to match, all of them; `columns` give roles (and
    `units` units) to the columns whose names match. `signed` says that the grid's import is
    positive. `changes` says that a row is written only when a value changes. `refusal` says what
    the file lacks. `headless` are patterns of the cells of a file without a header, and `names`
    what its columns are then called. `begins` is a pattern of the first line of a file that is no
    table at all.
    """

    name: str
    needs: Sequence[str] = ()
    columns: Mapping[str, Role] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    order: DateOrder | None = None
    signed: bool = False
    changes: bool = False
    refusal: str = ""
    headless: Sequence[str] = ()
    names: Sequence[str] = ()
    begins: str = ""


_NUMBER: Final = r"-?[\d.]*|nan|NaN"

FORMS: Final = (
    Form(
        name="evcc's list of sessions",
        needs=(
            r"charge ?point|ladepunkt|point de charge|punto de carga|punto di ricarica|laadpunt|ladestander|stacja",
            r"vehicle|fahrzeug|vehicule|vehiculo|veicolo|voertuig|kjoretoy|fordon|pojazd",
            r"energy|energie|energia|energi",
        ),
        refusal="it has the energy of each charge, but not the power that was spare. Export the grid power "
        "that evcc stores in InfluxDB, or your meter's",
    ),
    Form(
        name="PVOutput, a day",
        needs=(r"^efficiency", r"^normali[sz]ed", r"^power used"),
        columns={r"^power used": Role.CONSUMPTION, r"^power( w)?$": Role.PRODUCTION,
                 r"^energy|^average": Role.OTHER},
        units={r"^power": "W"},
        order="dmy",  # pvoutput.org writes 14/06/26
    ),
    Form(
        name="PVOutput, getstatus",  # https://pvoutput.org/help/api_specification.html, history
        headless=(r"20\d{6}", r"\d{1,2}:\d\d", *(_NUMBER,) * 9),
        names=("Date", "Time", "Energy generation (Wh)", "Energy efficiency (kWh/kW)", "Power generation (W)",
               "Average power (W)", "Normalised output (kW/kW)", "Energy consumption (Wh)",
               "Power consumption (W)", "Temperature (C)", "Voltage (V)"),
        columns={r"^average|^energy": Role.OTHER},
    ),
    Form(
        name="Shelly EM",  # emdata of the Gen 1 meters; the clamp sits at the house's connection
        needs=(r"^active energy", r"^returned energy"),
        columns={r"^active energy": Role.IMPORT, r"^returned energy": Role.EXPORT},
        units={r"energy": "Wh"},
    ),
    Form(
        name="Shelly Pro EM",  # EMData.GetData as CSV
        needs=(r"total act energy", r"total act ret energy"),
        columns={r"fund act": Role.OTHER, r"lag react|lead react": Role.OTHER,
                 r"total act ret energy": Role.EXPORT, r"total act energy": Role.IMPORT},
        units={r"total act": "Wh"},
    ),
    Form(
        name="SMA Sunny Explorer",
        needs=(r"^dd mm yyyy|^mm dd yyyy", r"^kwh$", r"^kw$"),
        columns={r"^kwh$": Role.PRODUCTION, r"^kw$": Role.PRODUCTION},
    ),
    Form(
        name="SMA Sunny Portal",
        needs=(r"(power|leistung|puissance|potencia|potenza) (mean values|mittelwerte|valeurs moyennes|valores medios|valori medi)",),
        columns={r"mean values|mittelwerte|valeurs moyennes|valores medios|valori medi": Role.PRODUCTION},
    ),
    Form(
        name="Fronius Solar.web",
        needs=(r"energy to grid|energie ins netz|energie vers le reseau|energia immessa",
               r"energy from grid|energie vom netz|energie du reseau|energia prelevata"),
        units={r"energ|produ|verbrauch|consum|consom": "Wh"},  # Solar.web's reports are in Wh where no unit stands
    ),
    Form(
        name="DSMR-reader",  # dsmr_datalogger.DsmrReading: counters in kWh, powers in kW
        needs=(r"^electricity (currently )?delivered", r"^electricity (currently )?returned"),
        columns={r"electricity currently delivered": Role.IMPORT,
                 r"electricity currently returned": Role.EXPORT},
        units={r"currently": "kW", r"(delivered|returned) [12]$": "kWh"},
    ),
    Form(
        name="Victron VRM",
        needs=(r"^system overview",),
        signed=True,  # com.victronenergy.system /Ac/Grid: import is positive
    ),
    Form(
        name="OpenEMS",
        needs=(r"^sum grid active power",),
        columns={r"grid active power": Role.GRID, r"production active power$": Role.PRODUCTION,
                 r"consumption active power$": Role.CONSUMPTION, r"ess active power$": Role.BATTERY,
                 r"active power l\d|min active|max active|active energy": Role.OTHER},
        units={r"active power": "W"},
        signed=True,  # OpenEMS: _sum/GridActivePower is positive for buying
    ),
    Form(
        name="Tesla",
        needs=(r"^home kw|^home w|^home$", r"solar", r"powerwall", r"grid"),
        signed=True,  # the app's "From Grid" is negative while power goes to the grid
    ),
    Form(
        name="evcc in InfluxDB",
        needs=(r"grid power", r"pv power", r"home power"),
        units={r"power": "W"},
        signed=True,  # evcc: grid power is positive for import
    ),
    Form(
        name="OpenEVSE's current shaper",
        needs=(r"^live (power|pwr)|shaper live",),
        columns={r"live (power|pwr)": Role.CONSUMPTION, r"max pwr|max power": Role.OTHER},
    ),
    Form(
        name="Home Assistant, history",
        needs=(r"^entity id$", r"^state$", r"^last (changed|updated)$"),
        changes=True,
    ),
    Form(
        name="Solar-Log",  # min_day files: Pac is the inverter's output, DaySum its Wh since midnight
        needs=(r"^inv$", r"^pac$", r"^day ?sum$"),
        columns={r"^pac$": Role.PRODUCTION, r".": Role.OTHER},
        units={r"^pac$": "W"},
    ),
    Form(
        name="the Spanish grid operators",  # energia activa entrante and saliente
        needs=(r"^ae kwh", r"^as kwh"),
        columns={r"^ae kwh": Role.IMPORT, r"^as kwh": Role.EXPORT, r"autocons": Role.OTHER},
    ),
    Form(
        name="NEM12",  # AEMO, Meter Data File Format Specification: a day of 5 to 30 minutes in each 300 row
        begins=r"(100,NEM12,|200,[^,\n]*,([A-Z]\d)+,)",
        refusal="each of its rows is a day of one register, and evsed reads a row as a moment. Write it as "
        "time,import_kwh,export_kwh: E registers are import, B registers are export",
    ),
    Form(
        name="FHEM's log",
        begins=r"\d{4}-\d\d-\d\d_\d\d:\d\d:\d\d \S+ ",
        refusal="it has a device and a reading on each line instead of columns. Keep the lines of the meter's "
        "power, and write them as time,surplus_w: export is positive",
    ),
    Form(
        name="InfluxDB's line protocol",
        begins=r"[^\s,]+(,[^\s=]+=[^\s,]+)* [^\s=]+=\S+ \d{10,19}\s*$",
        refusal="it is made for writing into a database. Query the same figures as CSV: "
        "influx query --raw, or Grafana's table as CSV",
    ),
    Form(name="Home Assistant, statistics", needs=(r"^statistic id$",)),
)  # fmt: skip

PLAIN: Final = Form(name="a table")


def find_form(names: Sequence[str]) -> Form:
    """The first form whose columns are all there; `PLAIN` where none is."""
    texts = [plain(name) for name in names]
    for form in FORMS:
        if form.needs and all(any(re.search(need, text) for text in texts) for need in form.needs):
            return form
    return PLAIN


def find_textual(text: str) -> Form | None:
    """The form of a file that is no table, by its first line."""
    first = text.lstrip()[:500].partition("\n")[0].strip()
    return next((form for form in FORMS if form.begins and re.match(form.begins, first)), None)


def find_headless(cells: Sequence[str]) -> Form | None:
    """The form of a file without a header, by its first row."""
    for form in FORMS:
        if (
            form.headless
            and len(form.headless) == len(cells)
            and all(
                re.fullmatch(pattern, cell)
                for pattern, cell in zip(form.headless, cells, strict=True)
            )
        ):
            return form
    return None


def first_match(patterns: Mapping[str, object], name: str) -> str | None:
    """The first pattern that a name matches."""
    text = plain(name)
    return next((pattern for pattern in patterns if re.search(pattern, text)), None)
