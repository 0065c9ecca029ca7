# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of docs/box.md, from the code: `python -m tests.docs.box_document` writes it there."""

from __future__ import annotations

import re
from pathlib import Path

from evsed.core.box.light import LOOKS

PAGE = Path(__file__).parents[2] / "docs" / "box.md"
BEGIN, END = "<!-- table -->\n", "<!-- end of the table -->"


def table() -> str:
    """Return the table of the light's states."""
    rows = [
        f"| {look.colour.value} | {look.rhythm.words} | {look.meaning} | `{state.value}` |"
        for state, look in LOOKS.items()
    ]
    head = "| colour | rhythm | meaning | in JSON |\n|---|---|---|---|\n"
    return head + "\n".join(rows) + "\n"


def page() -> str:
    """Return docs/box.md with the table as it should be."""
    made = f"{BEGIN}{table()}{END}"
    return re.sub(f"{BEGIN}.*?{END}", lambda _: made, PAGE.read_text(), flags=re.DOTALL)


if __name__ == "__main__":
    PAGE.write_text(page())
