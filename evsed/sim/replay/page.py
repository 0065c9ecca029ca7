# SPDX-License-Identifier: GPL-3.0-or-later
"""One HTML file with everything about the replayed days: figures, pictures, reasons, reading."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from evsed import __version__
from evsed.sim.replay.report import Prices, Result, comparison, table

_STYLE: Final = (
    "body{font:15px/1.45 sans-serif;max-width:1250px;margin:1em auto;padding:0 1em;color:#222;"
    "background:#fff}pre{overflow-x:auto}svg{width:100%;height:auto}table{border-collapse:collapse}"
    "td,th{text-align:left;padding:.15em .8em .15em 0;vertical-align:top}td.n{text-align:right}"
    "tr:nth-child(even){background:#f6f4ee}h2{margin-top:2em}"
)


def page(results: Sequence[Result], rules: str, prices: Prices) -> str:
    """The page. It needs nothing beside itself: no script, no font, no network."""
    several = len({result.settings for result in results}) > 1
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        f"<title>evsed replay</title><style>{_STYLE}</style></head><body>",
        f"<h1>evsed replay</h1><p>{escape(rules)}</p>",
        f"<pre>{escape(comparison(results, prices))}</pre>" if several else "",
        f"<pre>{escape(table(results, prices))}</pre>",
        *(part for result in results for part in _day(result)),
        f"<p>evsed {escape(__version__)}</p></body></html>",
    ]
    return "\n".join(part for part in parts if part) + "\n"


def _day(result: Result) -> Iterable[str]:
    """One day."""
    yield f"<h2>{escape(f'{result.name} {result.settings}'.strip())}</h2>"
    yield result.picture
    yield "<details open><summary>Why</summary><table>"
    yield "<tr><th>from<th>to<th>what<th>kWh<th>reason</tr>"
    for line in result.lines:
        yield (
            f"<tr><td>{line.from_at:%H:%M:%S}<td>{line.to_at:%H:%M:%S}<td>{escape(line.kind)}"
            f'<td class="n">{line.kwh:.2f}<td>{escape(line.text)}</tr>'
        )
    yield "</table></details>"
    for title, lines in (
        ("How the file was read", result.read_as),
        ("Recorded and replayed", result.differences),
    ):
        if lines:
            items = "".join(f"<li>{escape(line)}" for line in lines)
            yield f"<details><summary>{title}</summary><ul>{items}</ul></details>"
