# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripts inside the simulated daemon: the language read, and programs that run in time.

A script is a list of the daemon's own commands, by their ``pigs`` names, and of instructions of a
small machine: accumulator A, flag register F, 150 variables ``v0``-``v149``, 10 parameters
``p0``-``p9``, a stack of 256. Commands that answer with data (SPIX, SPIR, PROC and their like)
are refused in scripts with -55 (recorded); SYS, CMDR and CMDW only here. Each script runs by
itself, beside the clients: it has a moment at which its next instruction is due, and `Script.step`
takes it from one pause to the next.

The result of a command goes to A and F. CMP, arithmetic, DCR and INR set F; LD, LDA and STA do
not. A stop takes effect at the next instruction, so a script that is stopped in the middle of
``mils 1000`` still counts as running until that is over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf

from evsed.sim.pigpiod.protocol import HANDLES, Cmd, CommandReply, Err, Handler, signed
from evsed.sim.pigpiod.script_language import (
    JUMPS,
    PARAMETERS,
    VARIABLES,
    WORDS,
    BadScriptError,
    Instruction,
    Kind,
    Operand,
    parse,
)

_STACK = 256

INITING, HALTED, RUNNING, WAITING, FAILED = range(5)
"""States, as PROCP reports them."""

INSTRUCTION_S = 1e-6  # [E] the order of a lock and a switch on a Pi
SLEEP_OVERHEAD_S = 70e-6  # [E] nanosleep's slack (50 us) and the way back
_BUSY_INSTRUCTIONS = 500
_BUSY_PAUSE_S = 0.005


@dataclass
class Script:
    """A stored script and the little machine that runs it.

    ``due_s`` is when its next instruction comes (infinite while it has none); ``wait_bits`` are
    the GPIO, ``wait_events`` the events, that it waits for.
    """

    program: tuple[Instruction, ...]
    run: Callable[[int, int, int, bytes, float], int | CommandReply]
    ready_at_s: float
    state: int = HALTED
    due_s: float = inf
    parameters: list[int] = field(default_factory=lambda: [0] * PARAMETERS)
    wait_bits: int = 0
    wait_events: int = 0
    _variables: list[int] = field(default_factory=lambda: [0] * VARIABLES)
    _stack: list[int] = field(default_factory=list)
    _a: int = 0
    _f: int = 0
    _pc: int = 0
    _stop: bool = False
    _bytes: dict[int, int] = field(default_factory=dict)

    def start(self, parameters: list[int], at_s: float) -> None:
        """Begin at the first instruction, with these parameters over the old ones."""
        self.parameters[: len(parameters)] = parameters
        self._a = self._f = self._pc = 0
        self._stack.clear()
        self._stop = False
        self.state, self.due_s = RUNNING, at_s

    def stop(self) -> None:
        """Stop at the next instruction; a script that waits for an edge stops at once."""
        if self.state == WAITING:
            self._halt()
        self._stop = True

    def wake(self, bits: int, at_s: float) -> None:
        """End a wait: ``bits`` are the GPIO that changed, or the events that came."""
        self.wait_bits = self.wait_events = 0
        self._a = self._f = signed(bits)
        self.state, self.due_s = RUNNING, at_s

    def step(self) -> None:
        """Run from the instruction that is due to the next pause, wait or end."""
        for _ in range(_BUSY_INSTRUCTIONS):
            if self.state != RUNNING:
                return
            if self._stop or self._pc >= len(self.program):
                self._halt()
                return
            pause_s = self._execute(self.program[self._pc])
            self.due_s += pause_s + INSTRUCTION_S
            if pause_s:
                return
        # A loop without a pause would take a core of the real Pi; here it is made to run slowly.
        self.due_s += _BUSY_PAUSE_S

    # -- inside ----------------------------------------------------------------------------------

    def _halt(self) -> None:
        self.state, self.due_s = HALTED, inf
        self.wait_bits = self.wait_events = 0

    def _value(self, operand: Operand) -> int:
        kind, value = operand
        if kind == "n":
            return value
        return self._bank(kind)[value]

    def _bank(self, kind: Kind) -> list[int]:
        return self.parameters if kind == "p" else self._variables

    def _execute(self, instruction: Instruction) -> float:
        """Do one instruction; the seconds it pauses for are returned."""
        word, operands = instruction
        self._pc += 1
        if isinstance(word, int):
            return self._command(word, operands)
        if word in JUMPS:
            self._jump(word, operands[0].value)
        elif word in _ARITHMETIC:
            self._a = self._f = signed(_ARITHMETIC[word](self._a, self._value(operands[0])))
        elif word in {"div", "mod"}:
            self._divide(word, self._value(operands[0]))
        elif WORDS[word][:1] == "r":
            self._register(word, operands)
        else:
            self._accumulator(word, self._value(operands[0]) if operands else 0)
        return 0.0

    def _command(self, command: int, operands: tuple[Operand, ...]) -> float:
        values = [self._value(operand) & 0xFFFFFFFF for operand in operands] + [0, 0]
        ext = b"" if len(operands) < 3 else values[2].to_bytes(4, "little")  # noqa: PLR2004
        outcome = self.run(command, values[0], values[1], ext, self.due_s)
        took_s = 0.0
        if isinstance(outcome, CommandReply):
            took_s = outcome.took_s
            outcome = outcome.result
        self._a = self._f = signed(outcome)
        return took_s + SLEEP_OVERHEAD_S if took_s else 0.0

    def _jump(self, word: str, target: int) -> None:
        if word == "call":
            self._push(self._pc)
        taken = {"jm": self._f < 0, "jp": self._f >= 0, "jz": not self._f, "jnz": self._f != 0}
        if taken.get(word, True):
            self._pc = target

    def _register(self, word: str, operands: tuple[Operand, ...]) -> None:
        bank, place = self._bank(operands[0].kind), operands[0].value
        match word:
            case "dcr":
                bank[place] = self._f = signed(bank[place] - 1)
            case "inr":
                bank[place] = self._f = signed(bank[place] + 1)
            case "rl":
                bank[place] = self._f = _shift_left(bank[place], self._value(operands[1]))
            case "rr":
                bank[place] = self._f = bank[place] >> (self._value(operands[1]) & 31)
            case "ld":
                bank[place] = self._value(operands[1])
            case "sta":
                bank[place] = self._a
            case "xa":
                bank[place], self._a = self._a, bank[place]
            case "x":
                other, its = self._bank(operands[1].kind), operands[1].value
                bank[place], other[its] = other[its], bank[place]
            case "push":
                self._push(bank[place])
            case _:  # pop
                bank[place] = self._pop()

    def _accumulator(self, word: str, value: int) -> None:
        match word:
            case "lda":
                self._a = value
            case "cmp":
                self._f = signed(self._a - value)
            case "inra" | "dcra":
                self._a = self._f = signed(self._a + (1 if word == "inra" else -1))
            case "pusha":
                self._push(self._a)
            case "popa":
                self._a = self._pop()
            case "ret":
                self._pc = self._pop()
            case "halt":
                self._halt()
            case "wait" | "evtwt":
                self.wait_bits = value & 0xFFFFFFFF if word == "wait" else 0
                self.wait_events = value & 0xFFFFFFFF if word == "evtwt" else 0
                self.state, self.due_s = WAITING, inf
            case "ldab":
                self._a = self._bytes.get(value, 0)
            case "stab":
                self._bytes[value] = self._a & 0xFF
            case _:  # nop
                pass

    def _divide(self, word: str, by: int) -> None:
        """Divide as C does: towards zero, the remainder with the sign of what was divided."""
        if not by:
            self._fail()  # the real daemon dies of SIGFPE
            return
        result = abs(self._a) // abs(by) if word == "div" else abs(self._a) % abs(by)
        negative = (self._a < 0) != (by < 0) if word == "div" else self._a < 0
        self._a = self._f = -result if negative else result

    def _push(self, value: int) -> None:
        if len(self._stack) == _STACK:
            self._fail()
        else:
            self._stack.append(value)

    def _pop(self) -> int:
        if not self._stack:
            self._fail()
            return 0
        return self._stack.pop()

    def _fail(self) -> None:
        self.state, self.due_s = FAILED, inf


def _shift_left(value: int, places: int) -> int:
    return signed(value << (places & 31))


_ARITHMETIC: dict[str, Callable[[int, int], int]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mlt": lambda a, b: a * b,
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b,
    "rla": _shift_left,
    "rra": lambda a, b: a >> (b & 31),
}


class Scripts:
    """The script commands and the 32 places for scripts.

    Args:
        run: carries out one of the daemon's commands: ``(cmd, p1, p2, ext, at_s)``.
        start_s: how long a stored script is INITING; PROCR meets -62 until then. The real
            daemon starts a thread, ready before the next request in every recording.
        on_update: called with the moment and the first parameter when a script gets new ones.

    """

    def __init__(
        self,
        run: Callable[[int, int, int, bytes, float], int | CommandReply],
        *,
        start_s: float,
        on_update: Callable[[float, float], None],
    ) -> None:
        self.slots: list[Script | None] = [None] * HANDLES
        self._run = run
        self._start_s = start_s
        self._on_update = on_update

    def handlers(self) -> dict[int, Handler]:
        """The commands answered here."""
        return {
            Cmd.PROC: lambda _1, _2, text, at_s: self.store(text, at_s),
            Cmd.PARSE: lambda _1, _2, text, _s: _verdict(text),
            Cmd.PROCR: self._start,
            Cmd.PROCU: self._update,
            Cmd.PROCP: self._status,
            Cmd.PROCS: self._stop,
            Cmd.PROCD: self._delete,
        }

    def store(self, text: bytes, at_s: float) -> int:
        """Store a script: its number, or an error."""
        if None not in self.slots:
            return Err.NO_SCRIPT_ROOM
        try:
            program = parse(text.decode("latin-1"))
        except BadScriptError as bad:
            return bad.result
        number = self.slots.index(None)
        self.slots[number] = Script(program, self._run, at_s + self._start_s)
        return number

    def due_s(self) -> float:
        """When the next instruction of any script comes."""
        return min((script.due_s for script in self.slots if script is not None), default=inf)

    def step(self) -> None:
        """Run the script whose turn it is to its next pause."""
        script = min((s for s in self.slots if s is not None), key=lambda script: script.due_s)
        script.step()

    def delay_until(self, at_s: float) -> None:
        """Let no script act before a moment: their process was not running until then."""
        for script in self.slots:
            if script is not None:
                script.due_s = max(script.due_s, at_s)

    def waiting(self) -> list[Script]:
        """The scripts that wait for an edge or an event."""
        return [s for s in self.slots if s is not None and s.state == WAITING]

    def _get(self, number: int) -> Script | None:
        return self.slots[number] if number < HANDLES else None

    def _start(self, number: int, _p2: int, ext: bytes, at_s: float) -> int:
        script, parameters = self._get(number), _integers(ext)
        if len(parameters) > PARAMETERS:
            return Err.TOO_MANY_PARAM
        if script is None:
            return Err.BAD_SCRIPT_ID
        if script.state != HALTED or at_s < script.ready_at_s:
            return Err.SCRIPT_NOT_READY
        script.start(parameters, at_s)
        return 0

    def _update(self, number: int, _p2: int, ext: bytes, at_s: float) -> int:
        script, parameters = self._get(number), _integers(ext)
        if len(parameters) > PARAMETERS:
            return Err.TOO_MANY_PARAM
        if script is None:
            return Err.BAD_SCRIPT_ID
        script.parameters[: len(parameters)] = parameters
        self._on_update(at_s, float(script.parameters[0]))
        return 0

    def _status(self, number: int, _p2: int, _ext: bytes, at_s: float) -> int | CommandReply:
        script = self._get(number)
        if script is None:
            return Err.BAD_SCRIPT_ID
        state = INITING if at_s < script.ready_at_s else script.state
        data = b"".join(
            (value & 0xFFFFFFFF).to_bytes(4, "little") for value in (state, *script.parameters)
        )
        return CommandReply(len(data), data)

    def _stop(self, number: int, _p2: int, _ext: bytes, _at_s: float) -> int:
        script = self._get(number)
        if script is None:
            return Err.BAD_SCRIPT_ID
        script.stop()
        return 0

    def _delete(self, number: int, _p2: int, _ext: bytes, at_s: float) -> int | CommandReply:
        script = self._get(number)
        if script is None:
            return Err.BAD_SCRIPT_ID
        # The daemon waits for the instruction at work, looking every 5 ms.
        busy_s = script.due_s - at_s if script.state == RUNNING else 0.0
        self.slots[number] = None
        return CommandReply(0, took_s=max(0.0, busy_s))


def _integers(ext: bytes) -> list[int]:
    return [
        signed(int.from_bytes(ext[at : at + 4], "little")) for at in range(0, len(ext) // 4 * 4, 4)
    ]


def _verdict(text: bytes) -> int:
    try:
        parse(text.decode("latin-1"))
    except BadScriptError as bad:
        return bad.result
    return 0
