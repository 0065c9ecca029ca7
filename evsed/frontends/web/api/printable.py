# SPDX-License-Identifier: GPL-3.0-or-later
"""The charges of a month as a page to print, such as for an employer who pays them."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from evsed.core.text import text
from evsed.frontends.languages import ENGLISH_ITSELF

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from evsed.core.energy.sessions import SessionRecord
    from evsed.frontends.languages import Language

LEAST_WH: Final = 5.0
"""A car that took less, 0.00 kWh as it is shown, was only plugged in."""


MONTHS: Final = (
    text("January"),
    text("February"),
    text("March"),
    text("April"),
    text("May"),
    text("June"),
    text("July"),
    text("August"),
    text("September"),
    text("October"),
    text("November"),
    text("December"),
)


def month_page(
    records: Iterable[SessionRecord],
    month: date,
    static: str,
    currency: str = "",
    language: Language = ENGLISH_ITSELF,
) -> str:
    """Return the charges of *records*, the newest first, as the page of *month*.

    *static* is the folder of the style sheets; the page is in *language*. Times are those of the
    charger's clock. What charges cost is shown, in *currency*, where the price of any of them was
    known.
    """
    charges = [each for each in records if each.energy_wh >= LEAST_WH]
    written = language.sentence
    title = written(
        text("Charges in {month} {year}", month=MONTHS[month.month - 1], year=month.year)
    )
    total_kwh = sum(each.energy_wh for each in charges) / 1000
    suns = [each.solar_wh for each in charges if each.solar_wh is not None]
    # A sum that leaves charges out would be taken for the whole.
    sun = _number(language, sum(suns) / 1000) if suns and len(suns) == len(charges) else "–"
    measured = all(each.measured for each in charges)
    notes = [
        text("Measured by a meter.")
        if measured
        else text("≈: an estimate from the current that was offered; there was no meter.")
    ]
    priced = any(each.cost is not None for each in charges)
    head = total = ""
    if priced:
        unit = f", {escape(currency)}" if currency else ""
        names = (written(text("Cost")), written(text("Saved")))
        head = "".join(f'<th scope="col">{escape(name)}{unit}</th>' for name in names)
        sums = (
            sum(each.cost or 0.0 for each in charges),
            sum(each.savings or 0.0 for each in charges),
        )
        total = "".join(f"<td>{_number(language, amount)}</td>" for amount in sums)
        notes.append(
            text("Cost: of what came from the grid. Saved: the sun's part at the same prices.")
        )
    rows = "\n".join(_row(each, language, priced=priced) for each in reversed(charges))
    titles = "".join(
        f'<th scope="col">{escape(written(name))}</th>'
        for name in (text("Plugged in"), text("Unplugged"), text("kWh"), text("of that, sun"))
    )
    in_all = escape(written(text("{count} in all", count=len(charges))))
    note = escape(" ".join(map(written, notes)), quote=False)
    return f"""\
<!doctype html>
<html lang="{language.code}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<link rel="stylesheet" href="{static}page.css">
<link rel="stylesheet" href="{static}docs.css">
</head>
<body class="docs">
<main>
<section class="card month">
<h1>{escape(title)}</h1>
<table>
<thead><tr>{titles}{head}</tr></thead>
<tbody>
{rows}
</tbody>
<tfoot><tr><th scope="row" colspan="2">{in_all}</th>\
<td>{_number(language, total_kwh)}</td><td>{sun}</td>{total}</tr></tfoot>
</table>
<p>{note}</p>
</section>
</main>
</body>
</html>
"""


def _row(record: SessionRecord, language: Language, *, priced: bool) -> str:
    ended = escape(language.sentence(text("goes on")))
    if record.ended:
        ended = f"{record.ended.astimezone():%Y-%m-%d %H:%M}"
    sun = "–" if record.solar_wh is None else _number(language, record.solar_wh / 1000)
    about = "" if record.measured else "≈ "
    amounts = (record.cost, record.savings) if priced else ()
    money = "".join(
        f"<td>{'–' if each is None else _number(language, each)}</td>" for each in amounts
    )
    return (
        f"<tr><td>{record.started.astimezone():%Y-%m-%d %H:%M}</td><td>{ended}</td>"
        f"<td>{about}{_number(language, record.energy_wh / 1000)}</td><td>{sun}</td>{money}</tr>"
    )


def _number(language: Language, value: float) -> str:
    return language.number(value, ".2f")
