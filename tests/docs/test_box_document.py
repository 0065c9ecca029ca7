# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/box.md shows the light's table as it is in the code."""

from __future__ import annotations

import pytest

from tests.docs.box_document import BEGIN, PAGE, page


@pytest.mark.source
def test_the_document_has_the_table_of_the_code() -> None:
    """`python -m tests.docs.box_document` writes it."""
    assert BEGIN in PAGE.read_text()
    assert PAGE.read_text() == page()
