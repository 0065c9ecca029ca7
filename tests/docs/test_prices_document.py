# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/prices.md: every example is sound, and reads what its source answers."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evsed.settings import load_settings
from evsed.sources.price_rows import RowReader

pytestmark = pytest.mark.source

TEXT = (Path(__file__).parents[2] / "docs" / "prices.md").read_text()
EXAMPLES = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
AT = datetime(2026, 11, 28, 13, tzinfo=UTC).timestamp()
FORMS: dict[str, tuple[object, float]] = {
    "awattar": (
        {
            "object": "list",
            "data": [
                {
                    "start_timestamp": int(AT * 1000),
                    "end_timestamp": int((AT + 3600) * 1000),
                    "marketprice": 80.0,
                    "unit": "Eur/MWh",
                }
            ],
        },
        0.23,
    ),
    "energy-charts": (
        {"unix_seconds": [AT, AT + 900], "price": [100.0, 120.0], "unit": "EUR / MWh"},
        0.28,
    ),
    "tariff/grid": (
        {"rates": [{"start": "2026-11-28T13:00:00Z", "end": "2026-11-28T13:15:00Z", "value": 0}]},
        0.0,
    ),
    "nordpool": (
        {
            "attributes": {
                "raw_today": [
                    {
                        "start": "2026-11-28T14:00:00+01:00",
                        "end": "2026-11-28T15:00:00+01:00",
                        "value": 0.3,
                    }
                ],
                "raw_tomorrow": [],
            }
        },
        0.3,
    ),
    "home/prices": (
        [{"start": "2026-11-28T13:00Z", "end": "2026-11-28T14:00Z", "price": 0.2}],
        0.2,
    ),
}


def test_every_form_has_an_example() -> None:
    assert len(EXAMPLES) == len(FORMS)


@pytest.mark.parametrize("name", FORMS)
def test_an_example_reads_its_list(name: str, tmp_path: Path) -> None:
    (example,) = (text for text in EXAMPLES if name in text)
    file = tmp_path / "evsed.toml"
    file.write_text(example)
    config = load_settings(file, environ={}).prices.source(UTC)
    assert config is not None
    answer, price = FORMS[name]
    assert RowReader(config.rows).read(answer).price_at(AT) == pytest.approx(price)
