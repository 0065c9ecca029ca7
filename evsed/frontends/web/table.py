# SPDX-License-Identifier: GPL-3.0-or-later
"""The one table of operations: a new one is a row in its own file, a new file a line here."""

from __future__ import annotations

from evsed.frontends.web import history, orders, reads
from evsed.frontends.web.operation import Operation

OPERATIONS: tuple[Operation, ...] = (
    *reads.OPERATIONS,
    *history.OPERATIONS,
    *orders.OPERATIONS,
)
