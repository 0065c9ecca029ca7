# SPDX-License-Identifier: GPL-3.0-or-later
"""The state that earlier lives have left in the store, read in one piece; each function blocks."""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from evsed.daemon.orders import CLAIMS_NOTE, CONTROLS_NOTE, OFF_BY_NOTE, PLAN_NOTE

if TYPE_CHECKING:
    from evsed.core.energy.sessions import SavedTotals, SessionRecord
    from evsed.store import Json, LatchedFault, PreviousRun, Store

FRONT_END_NOTE: Final = "front_end_proved"
BOOT_NOTE: Final = "boot"
FEED_NOTE: Final = "feed"
IDENTITY_NOTE: Final = "identity"

PAST_KEPT: Final = 50
"""Sessions in which the last charge and the habit are looked for."""


@dataclass(frozen=True, slots=True)
class StoredState:
    """The contents of the store: totals, faults, calibration, controls, boot and last end."""

    history: SavedTotals
    latched: tuple[LatchedFault, ...]
    front_end: object
    feed: object
    boot: object
    controls: object
    claims: object
    off_by: object
    plan_progress: Json
    beginning: PreviousRun
    past: tuple[SessionRecord, ...]


def read_stored_state(store: Store, boot: str) -> StoredState:
    """Read what earlier lives have kept, and begin a life in the machine's *boot*.

    Raises `StoreError`.
    """
    history, latched = store.load(), tuple(store.latched())
    proved, boot_before = store.get(FRONT_END_NOTE), store.get(BOOT_NOTE)
    feed = store.get(FEED_NOTE)
    controls, claims = store.get(CONTROLS_NOTE), store.get(CLAIMS_NOTE)
    off_by, plan_progress = store.get(OFF_BY_NOTE), store.get(PLAN_NOTE)
    store.put(BOOT_NOTE, boot)
    # Last, because it forgets how the life before ended.
    beginning = store.begin_life(boot, time.monotonic())
    past = tuple(store.past(PAST_KEPT))
    return StoredState(
        history,
        latched,
        proved,
        feed,
        boot_before,
        controls,
        claims,
        off_by,
        plan_progress,
        beginning,
        past,
    )


def read_identity(store: Store) -> str:
    """Return the name of this evsed, eight hexadecimal digits; make it where there is none.

    Raises `StoreError`.
    """
    stored = store.get(IDENTITY_NOTE)
    if isinstance(stored, str) and re.fullmatch("[0-9a-f]{8}", stored):
        return stored
    identity = secrets.token_hex(4)
    store.put(IDENTITY_NOTE, identity)
    return identity
