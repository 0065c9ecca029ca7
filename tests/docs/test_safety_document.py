# SPDX-License-Identifier: GPL-3.0-or-later
"""SAFETY.md claim by claim: each names a test that exists, each figure is that of the product.

That each of those tests goes red without its barrier is the business of the mutants' table
(`tests/mutants`), which has each test that SAFETY.md names.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from evsed.boards.kernel.deadman import PATIENCE_S
from evsed.boards.pigpio.deadman import PATIENCE_POLLS
from evsed.core.pilot import (
    car_probe,
    closing_budget,
    contactor_state,
    contactors,
    j1772,
    over_current,
    pilot_proof,
    presence,
    punctuality,
    receiver_doubt,
    self_checks,
    stay_doubt,
    thermal,
)
from evsed.core.pilot.fault_rules import DIODE_TRIES, PILOT_HOLD_OFF_S, PILOT_WELL_S
from evsed.core.pilot.faults import Fault, Recovery
from evsed.core.pilot.phase_set import SwitchRules
from evsed.core.supply.main_fuse import SILENT_S
from evsed.daemon.session_recorder import AFTER_CRASH_S
from evsed.link import LIMIT_HOLDS_S
from evsed.store import CRASHES_WITHIN_S

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "SAFETY.md").read_text()
RUNNING: Final = " ".join(TEXT.split())
NAMED: Final = re.compile(r"`([\w/]+\.py)(?:::(\w+))?`")

CLAIMS: Final = ("By when it is open", "Hazards and barriers", "One phase or three")
"""The chapters, and all that is under them, in which each statement is shown by a test."""

NO_CLAIM: Final = (
    "| what ends |",
    "The times of the dead-men are those of the coil",
    "Each line names the test that shows it",
    "* The residual-current device, and the device in the safety loop, open by themselves",
    "* **One contactor a phase**",  # for whoever wires it
)
"""The first words of what is no claim of evsed's, although it stands among them."""


class Statement(NamedTuple):
    """A paragraph, an item of a list, or a row of a table, with its chapters."""

    chapters: tuple[str, ...]
    words: str


def statements() -> list[Statement]:
    """All of SAFETY.md but its headings."""
    chapters: list[str] = []
    found: list[list[str]] = []
    of: list[tuple[str, ...]] = []
    goes_on = False
    for line in TEXT.splitlines():
        if heading := re.match(r"(#+) (.*)", line):
            chapters = [*chapters[: len(heading[1]) - 1], heading[2]]
        if heading or not line.strip() or line.startswith(("<!--", "|---")):
            goes_on = False
            continue
        if not goes_on or line.startswith(("* ", "|")):
            found.append([])
            of.append(tuple(chapters))
        found[-1].append(line.strip())
        goes_on = not line.startswith("|")
    return [
        Statement(its_chapters, " ".join(words))
        for its_chapters, words in zip(of, found, strict=True)
    ]


def test_every_test_that_is_named_exists() -> None:
    named = NAMED.findall(TEXT)
    missing = [
        f"{file}::{test}"
        for file, test in named
        if not (path := ROOT / "tests" / file).is_file()
        or (test and not re.search(rf"^(async )?def {test}\(", path.read_text(), re.MULTILINE))
    ]

    assert len(named) > 40
    assert not missing


def test_each_claim_names_a_test_that_shows_it() -> None:
    claims = [found.words for found in statements() if set(CLAIMS) & set(found.chapters)]
    by_the_matrix = re.compile(r"\| (yes|no|mirror contact) \|")  # `boards/single_parts` shows it
    unshown = [
        words
        for words in claims
        if not NAMED.search(words)
        and not words.startswith(NO_CLAIM)
        and not by_the_matrix.search(words)
    ]

    assert len(claims) > 100
    assert not unshown


def test_each_exemption_is_still_there() -> None:
    words = [found.words for found in statements()]

    assert not [begin for begin in NO_CLAIM if not any(said.startswith(begin) for said in words)]


def test_every_fault_is_in_the_table_and_no_other() -> None:
    rows = re.findall(r"^\| `(\w+)`", TEXT, re.MULTILINE)

    assert sorted(rows) == sorted(fault.value for fault in Fault)


@pytest.mark.parametrize("fault", Fault)
def test_the_table_of_faults_says_what_each_does_and_how_it_ends(fault: Fault) -> None:
    row = re.search(rf"^\| `{fault.value}`[^|]*\|([^|]*)\|([^|]*)\|$", TEXT, re.MULTILINE)
    assert row is not None
    opens, ends = row[1].strip(), row[2].strip()
    never = fault in (Fault.PILOT_NOT_PROVED, Fault.GROUND_TEST)  # with the contactor open
    elsewhere = fault in (Fault.COMMUNICATION, Fault.PERMANENT)  # nothing is closed by then

    assert elsewhere or ("at once" in opens) is (fault.kind.at_once and not never)
    assert elsewhere or ("after the car let go" in opens) is not fault.kind.at_once
    wanted = {
        Recovery.AUTO: "by itself",
        Recovery.UNPLUG: "when unplugged",
        Recovery.ACKNOWLEDGE: "`evsed ack`",
        Recovery.SERVICE: "`evsed ack`, after a repair",
    }
    assert wanted[fault.kind.recovery] in ends
    assert ("after a repair" in ends) is (fault.kind.recovery is Recovery.SERVICE)


HOUR_S: Final = 3600.0
HALF_AS_MUCH_AGAIN: Final = 1.5
NUMBERS: Final = {3: "three", 5: "five", 12: "twelve", 20: "twenty", 60: "sixty", 8: "eight"}

FIGURES: Final = (
    f"{1000 * punctuality.LATE_S:.0f} ms between the bursts",
    f"{NUMBERS[punctuality.BUDGETS[0][0]]} of them in {punctuality.BUDGETS[0][1]:.0f} s",
    f"(or {NUMBERS[punctuality.BUDGETS[1][0]]} in a minute)",
    f"After a gap of more than {1000 * punctuality.SURE_S:.0f} ms between beats",
    f"{j1772.STEADY_MIN_V} to {j1772.STEADY_MAX_V} V were read with no car",
    f"a steady B of {pilot_proof.B_V[0]} to {pilot_proof.B_V[1]} V between A and C",
    f"a low plateau of {pilot_proof.LOW_V[1]} to {pilot_proof.LOW_V[0]} V",
    f"B has to stay within {pilot_proof.LEVEL_STEADY_V} V of the B that this car showed first",
    f"under {pilot_proof.STEP_V} V nothing closes",
    f"then state F for {car_probe.F_S:.0f} s, which opens the S2 of a car",
    f"{NUMBERS[receiver_doubt.AWAY]} times in half a minute",
    f"{NUMBERS[stay_doubt.ENDS].capitalize()} stays within an hour that went from C or D",
    (
        f"not +-{j1772.STEADY_MIN_V} to {j1772.STEADY_MAX_V} V before its resistor, give or take "
        f"{self_checks.GENERATOR_MARGIN_V} V"
    ),
    f"under {self_checks.COIL_LEAST_V} V nothing closes",
    f"opens {10 * (PATIENCE_POLLS + 1)} to 150 ms after the last beat",
    f"After a crash nothing closes for {AFTER_CRASH_S:.0f} s",
    f"A limit is over {LIMIT_HOLDS_S:.0f} s after the daemon sent it",
    f"each closing begins with {1000 * contactors.TESTED_S:.0f} ms of GPIO without beats",
    f"contacts that open within {1000 * contactors.OPEN_WITHIN_S:.0f} ms were opened by the GPIO",
    f"closed {1000 * contactors.OPEN_WITHIN_S:.0f} ms after opening (or at the start) is",
    (
        f"Open {1000 * contactors.CLOSED_WITHIN_S:.0f} ms after closing: "
        f"{NUMBERS[contactors.TRIES]} tries"
    ),
    f"Wear: at least {contactor_state.OPEN_MIN_S:.0f} s open between closings",
    f"{NUMBERS[presence.CHATTER_REQUESTS]} askings within a minute pause the car for one",
    (
        f"at most {NUMBERS[closing_budget.PER_HOUR]} closings in any hour and "
        f"{NUMBERS[closing_budget.PER_DAY]} in any day"
    ),
    f"after {NUMBERS[closing_budget.FREE]} short ones in a row a pause that doubles",
    f"the car is asked first and has {j1772.C1_S:.0f} s",
    f"{PILOT_HOLD_OFF_S:.0f} s and {PILOT_WELL_S:.0f} s of A or B before the next offer",
    f"by itself {NUMBERS[DIODE_TRIES]} times in a stay",
    f"State F is shown for {j1772.WAKE_S:.0f} s to a car in B",
    f"at least {j1772.X1_MIN_S:.0f} s of x1",
    f"leaves C within {presence.FLINCH_WITHIN_S} s of a change of the duty",
    f"rises {j1772.RISE_EVERY_S:.0f} s apart",
    f"a meter that is silent for {SILENT_S:.0f} s counts as full load",
    (
        f"full up to {thermal.FULL_UP_TO_C:.0f} degrees, in a straight line to "
        f"{j1772.MIN_A:.0f} A at {thermal.LEAST_FROM_C:.0f}, none from {thermal.STOP_C:.0f}, "
        f"again below {thermal.RESUME_C:.0f}; a sensor that is lost lets the car go "
        f"after {thermal.LOST_AFTER_S} s"
    ),
    (
        f"more for {over_current.OverCurrentConfig().for_s:.0f} s opens; half as much again for "
        f"{over_current.GROSS_FOR_S:.0f} s opens"
    ),
    f"{over_current.OPEN_A:.0f} A for {over_current.OPEN_FOR_S} s is a welded contactor",
    f"for {SwitchRules().rest_s:.0f} s or more with steady +12 V or F on the pilot",
)
"""Sentences of SAFETY.md, made from the figures of the product."""


@pytest.mark.parametrize("figure", FIGURES)
def test_a_figure_is_that_of_the_product(figure: str) -> None:
    assert figure in RUNNING


def test_both_dead_men_leave_the_same_time() -> None:
    polled_s = 10 * (PATIENCE_POLLS + 2) / 1000  # one poll to see the beat, and one to fire

    assert polled_s == pytest.approx(PATIENCE_S)


def test_what_is_said_in_words_is_that_of_the_product() -> None:
    assert CRASHES_WITHIN_S == HOUR_S
    assert over_current.GROSS_SHARE == HALF_AS_MUCH_AGAIN
