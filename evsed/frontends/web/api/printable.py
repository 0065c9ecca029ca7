# SPDX-License-Identifier: GPL-3.0-or-later
"""The charges of a month as a page to print, such as for an employer who pays them."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from evsed.core.energy.sessions import SessionRecord

LEAST_WH: Final = 5.0
"""A car that took less, 0.00 kWh as it is shown, was only plugged in."""


def month_page(
    records: Iterable[SessionRecord], month: date, static: str, currency: str = ""
) -> str:
    """Return the charges of *records*, the newest first, as the page of *month*.

    *static* is the folder of the style sheets. Times are those of the charger's clock. What charges
    cost is shown, in *currency*, where the price of any of them was known.
    """
    charges = [each for each in records if each.energy_wh >= LEAST_WH]
    title = f"Charges in {month:%B %Y}"
    total_kwh = sum(each.energy_wh for each in charges) / 1000
    measured = all(each.measured for each in charges)
    note = (
        "Measured by a meter."
        if measured
        else "≈: an estimate from the current that was offered; there was no meter."
    )
    priced = any(each.cost is not None for each in charges)
    head = total = ""
    if priced:
        unit = f", {escape(currency)}" if currency else ""
        head = f'<th scope="col">Cost{unit}</th><th scope="col">Saved{unit}</th>'
        sums = (
            sum(each.cost or 0.0 for each in charges),
            sum(each.savings or 0.0 for each in charges),
        )
        total = "".join(f"<td>{amount:.2f}</td>" for amount in sums)
        note += " Cost: of what came from the grid. Saved: the sun's part at the same prices."
    rows = "\n".join(_row(each, priced=priced) for each in reversed(charges))
    return f"""\
<!doctype html>
<html lang="en">
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
<thead><tr><th scope="col">Plugged in</th><th scope="col">Unplugged</th>\
<th scope="col">kWh</th><th scope="col">of that, sun</th>{head}</tr></thead>
<tbody>
{rows}
</tbody>
<tfoot><tr><th scope="row" colspan="2">{len(charges)} in all</th>\
<td>{total_kwh:.2f}</td><td></td>{total}</tr></tfoot>
</table>
<p>{note}</p>
</section>
</main>
</body>
</html>
"""


def _row(record: SessionRecord, *, priced: bool) -> str:
    ended = f"{record.ended.astimezone():%Y-%m-%d %H:%M}" if record.ended else "goes on"
    sun = "–" if record.solar_wh is None else f"{record.solar_wh / 1000:.2f}"
    about = "" if record.measured else "≈ "
    amounts = (record.cost, record.savings) if priced else ()
    money = "".join(f"<td>{'–' if each is None else f'{each:.2f}'}</td>" for each in amounts)
    return (
        f"<tr><td>{record.started.astimezone():%Y-%m-%d %H:%M}</td><td>{ended}</td>"
        f"<td>{about}{record.energy_wh / 1000:.2f}</td><td>{sun}</td>{money}</tr>"
    )
