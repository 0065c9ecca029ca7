# SPDX-License-Identifier: GPL-3.0-or-later
"""Claims: what each program asks for, beside the owner's controls.

A program (OpenEVSE's interface, MQTT, HTTP, the button) has one claim, under its own name. A charge
claim sets aside the ceilings of feed and weekly window; every other ceiling holds, those of the
other programs and the owner's `off`, most current and session limits among them. Of several claims,
"do not charge" wins.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from evsed.core.pilot.limits import Limit
from evsed.core.text import listed, text

if TYPE_CHECKING:
    from collections.abc import Callable

PROGRAMS: Final = ("openevse", "mqtt", "button", "http")
"""The programs, and the button on the box, that may have a claim; each is also the owner of its
limits."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The claim of one program.

    `charging`: True charge, False do not charge, None no opinion on that. `max_current_a`: the most
    current on each phase, amperes; None: no ceiling. `only_sun`: the surplus alone, whatever else
    asks for more. It ends when the program withdraws it, at the
    monotonic moment `until_at`, and, with `until_unplugged`, when the car is unplugged.

    `client` is the part of the program that claims, "" where the program is one. `yields`: what it
    says of charging ends, too, when the owner chooses a mode. `kept`: it outlives
    a restart of evsed; a claim with a deadline never does, because the clock starts again.

    Raises ValueError for a current that is not a finite number, 0 or more.
    """

    charging: bool | None = None
    max_current_a: float | None = None
    only_sun: bool = False
    until_unplugged: bool = False
    until_at: float | None = None
    yields: bool = False
    kept: bool = False
    client: str = ""

    def __post_init__(self) -> None:
        """Refuse a current that cannot be."""
        most_a = self.max_current_a
        if most_a is not None and not (math.isfinite(most_a) and most_a >= 0):
            raise ValueError(
                text(
                    "max_current_a is {most_a}; it must be a finite number, 0 or more",
                    most_a=most_a,
                )
            )

    def describe(self) -> str:
        """Describe the claim in one short line."""
        parts = []
        if self.charging is not None:
            parts.append(text("charge") if self.charging else text("do not charge"))
        if self.max_current_a is not None:
            parts.append(text("at most {max_current_a:g} A", max_current_a=self.max_current_a))
        if self.only_sun:
            parts.append(text("only the sun"))
        claimed = listed(parts) if parts else text("no opinion")
        if not self.until_unplugged:
            return claimed
        return text("{claimed}, until the car is unplugged", claimed=claimed)


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of all programs, by the program's name."""

    of: Mapping[str, Claim] = field(default_factory=dict)

    @property
    def charging(self) -> str:
        """The first program that asks to charge while none objects; "" where there is none."""
        if any(claim.charging is False or claim.only_sun for claim in self.of.values()):
            return ""
        return next((name for name, claim in self.of.items() if claim.charging), "")

    @property
    def only_sun(self) -> bool:
        """True while one of them asks for the sun alone."""
        return any(claim.only_sun for claim in self.of.values())

    def placed(self, program: str, claim: Claim) -> Claims:
        """Return the claims with *claim* in place of what *program* claimed before.

        Raises ValueError for a program that may have none.
        """
        if program not in PROGRAMS:
            raise ValueError(
                text(
                    "{program} is no program; there are {programs}",
                    program=repr(program),
                    programs=", ".join(PROGRAMS),
                )
            )
        return Claims({**self.of, program: claim})

    def withdrawn(self, program: str) -> Claims:
        """Return the claims without that of *program*."""
        return self._without(lambda name, _: name == program)

    def at(self, now: float) -> Claims:
        """Return the claims that still hold at *now*; this very object where all do."""
        return self._without(lambda _, claim: claim.until_at is not None and claim.until_at <= now)

    def after_unplug(self) -> Claims:
        """Return the claims that outlive the unplugging of the car."""
        return self._without(lambda _, claim: claim.until_unplugged)

    def after_mode(self) -> Claims:
        """Return the claims after the owner has chosen a mode."""
        if not any(
            claim.yields and (claim.charging is not None or claim.only_sun)
            for claim in self.of.values()
        ):
            return self
        left = {
            name: replace(claim, charging=None, only_sun=False) if claim.yields else claim
            for name, claim in self.of.items()
        }
        return Claims(
            {n: c for n, c in left.items() if c.max_current_a is not None or not c.yields}
        )

    def limits(self, until_at: float) -> tuple[Limit, ...]:
        """Return the ceilings that the claims set, each holding until *until_at*."""
        found = []
        for program, claim in self.of.items():
            if claim.charging is False:
                found.append(
                    Limit(
                        program,
                        0.0,
                        until_at,
                        text("{program} asks not to charge", program=LABELS[program]),
                    )
                )
            elif claim.max_current_a is not None:
                why = text(
                    "no more than {max_current_a:g} A, as {program} asks",
                    max_current_a=claim.max_current_a,
                    program=LABELS[program],
                )
                found.append(Limit(program, claim.max_current_a, until_at, why))
        return tuple(found)

    def to_json(self) -> dict[str, Any]:
        """Return those that outlive a restart, in JSON's own types."""
        return {
            name: {
                "charging": claim.charging,
                "max_current_a": claim.max_current_a,
                "only_sun": claim.only_sun,
                "until_unplugged": claim.until_unplugged,
                "yields": claim.yields,
                "client": claim.client,
            }
            for name, claim in self.of.items()
            if claim.kept and claim.until_at is None
        }

    @classmethod
    def from_json(cls, stored: object) -> Claims:
        """Return what `to_json()` gave. Raises ValueError where it makes no sense."""
        if not isinstance(stored, Mapping):
            raise ValueError(f"claims are a JSON object, not {stored!r:.40}")  # noqa: TRY004 - what is kept is a value
        claims = cls()
        for name, claim in stored.items():
            match claim:
                case {
                    "charging": bool() | None as charging,
                    "max_current_a": int() | float() | None as max_current_a,
                    "until_unplugged": bool() as until_unplugged,
                    "yields": bool() as yields,
                    **more,
                }:
                    stored_claim = Claim(
                        charging,
                        max_current_a,
                        only_sun=more.get("only_sun") is True,
                        until_unplugged=until_unplugged,
                        yields=yields,
                        kept=True,
                        client=str(more.get("client", "")),
                    )
                    claims = claims.placed(str(name), stored_claim)
                case _:
                    raise ValueError(f"{claim!r:.40} is no claim")
        return claims

    def _without(self, ended: Callable[[str, Claim], bool]) -> Claims:
        left = {name: claim for name, claim in self.of.items() if not ended(name, claim)}
        return self if len(left) == len(self.of) else Claims(left)


LABELS: Final[Mapping[str, str]] = {
    "openevse": text("a program (OpenEVSE)"),
    "mqtt": text("a program (MQTT)"),
    "button": text("the button on the box"),
    "http": text("a program (HTTP)"),
}
"""The programs as people read them."""
