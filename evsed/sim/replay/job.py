# SPDX-License-Identifier: GPL-3.0-or-later
"""One day under one set of rules: what a worker process is given, and what it does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from evsed.errors import DayError
from evsed.sim.dayfiles import RecordedDay
from evsed.sim.replay.configuration import Variant
from evsed.sim.replay.history import Recorded, differences
from evsed.sim.replay.plant import measure, play
from evsed.sim.replay.report import Result, trace_csv
from evsed.sim.replay.stretches import phase_lines, story, stretches


@dataclass(frozen=True, slots=True)
class Job:
    """One day to replay under one variant, and where its trace and picture go (None: nowhere)."""

    day: RecordedDay
    variant: Variant
    trace: Path | None
    plot: Path | None
    picture: bool = False
    recorded: Recorded | None = None


def replay_day(job: Job) -> Result | DayError:
    """Replay one day; a file that cannot be written is an answer too, so that the others go on."""
    from evsed.sim.replay.charger import Evsed  # noqa: PLC0415 - `evsed off` must start fast
    from evsed.sim.replay.plot import draw  # noqa: PLC0415 - the same

    day, rules = job.day, job.variant.rules
    charger = Evsed(rules, day.started, job.variant.switch)
    switched = (lambda: charger.phases) if job.variant.switch.active else None
    trace = play(day.surplus_w, job.variant.plant, charger, switched)
    session = charger.finish(len(day.surplus_w))
    found = stretches(charger.reasons, trace.contactor, trace.drawn_w)
    changes = phase_lines(charger.events, day.started)
    lines = tuple(sorted((*story(found, day.started), *changes), key=lambda line: line.from_at))
    label = f"{day.name} {job.variant.label}".strip()
    picture = draw(label, day.started, trace, lines) if job.picture or job.plot else ""
    try:
        if job.trace is not None:
            job.trace.write_text(trace_csv(trace, charger.reasons), encoding="utf-8")
        if job.plot is not None:
            job.plot.write_text(picture, encoding="utf-8")
    except OSError as error:
        return DayError(
            f"{error.filename} cannot be written ({error.strerror}); {day.name} was replayed all "
            "the same, but is not kept. Choose a folder that you may write to."
        )
    return Result(
        name=day.name,
        started=day.started,
        figures=measure(trace, rules.car_min_current_a),
        session_wh=session.energy_wh if session is not None else 0.0,
        lines=lines,
        read_as=day.notes,
        settings=job.variant.label,
        picture=picture if job.picture else "",
        differences=tuple(differences(job.recorded, trace, lines)) if job.recorded else (),
    )
