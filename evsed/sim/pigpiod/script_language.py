# SPDX-License-Identifier: GPL-3.0-or-later
"""Parser of the scripts inside pigpiod; `evsed.sim.pigpiod.scripts` runs them.

A script is words separated by blanks: the daemon's commands by their ``pigs`` names, and the
instructions of a small machine. Numbers may be decimal, hexadecimal (0x) or octal (0). What a word
takes, and which commands are allowed at all, follows pigpio v79's own table of commands; where a
third parameter is needed (HP, TRIG, SPIO) it must be a bare number.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from evsed.sim.pigpiod.protocol import Cmd, Err

PARAMETERS = 10
VARIABLES = 150
TAGS = 50

Kind = Literal["n", "v", "p"]
"""A bare number, a variable, a parameter."""


class Operand(NamedTuple):
    """One argument of an instruction."""

    kind: Kind
    value: int


class Instruction(NamedTuple):
    """One instruction: a word of the language or a command number, and its arguments."""

    word: str | int
    operands: tuple[Operand, ...]


# What the parser accepts, one letter an argument:
#   a  any value   0  a value not below 0   r  a variable or parameter (or its bare number)
#   t  a bare number (tags)   #  a bare number not below 0   m  a letter of RW540123
#   u  a letter of ODU
WORDS = {
    **dict.fromkeys(("add", "and", "cmp", "div", "lda", "mlt", "mod", "or", "rla", "rra"), "a"),
    **dict.fromkeys(("sub", "xor", "wait", "evtwt", "ldab", "stab"), "a"),
    **dict.fromkeys(("call", "jm", "jmp", "jnz", "jp", "jz", "tag"), "t"),
    **dict.fromkeys(("dcr", "inr", "pop", "push", "sta", "xa"), "r"),
    **dict.fromkeys(("dcra", "halt", "inra", "nop", "popa", "pusha", "ret"), ""),
    **dict.fromkeys(("ld", "rl", "rr"), "ra"),
    "x": "rr",
}
_COMMANDS = {
    **dict.fromkeys((Cmd.BR1, Cmd.BR2, Cmd.HWVER, Cmd.PIGPV, Cmd.TICK, Cmd.CGI), ""),
    **dict.fromkeys((Cmd.WVBSY, Cmd.WVCLR, Cmd.WVCRE, Cmd.WVHLT, Cmd.WVNEW, Cmd.WVTAT), ""),
    **dict.fromkeys((Cmd.BC1, Cmd.BC2, Cmd.BS1, Cmd.BS2), "a"),
    **dict.fromkeys((Cmd.EVT, Cmd.GDC, Cmd.GPW, Cmd.MICS, Cmd.MILS, Cmd.MODEG, Cmd.NC), "0"),
    **dict.fromkeys((Cmd.NP, Cmd.PADG, Cmd.PFG, Cmd.PRG, Cmd.PRRG, Cmd.READ, Cmd.SPIC), "0"),
    **dict.fromkeys((Cmd.WVDEL, Cmd.WVSC, Cmd.WVSM, Cmd.WVSP, Cmd.WVTX, Cmd.WVTXR), "0"),
    **dict.fromkeys((Cmd.WVCAP, Cmd.CSI, Cmd.I2CC, Cmd.SERC, Cmd.SERDA, Cmd.SLRC), "0"),
    **dict.fromkeys((Cmd.FG, Cmd.HC, Cmd.PADS, Cmd.PFS, Cmd.PRS, Cmd.PWM, Cmd.SERVO), "00"),
    **dict.fromkeys((Cmd.WDOG, Cmd.WRITE, Cmd.WVTXM, Cmd.SLRI), "00"),
    **dict.fromkeys((Cmd.EVM, Cmd.NB), "0a"),
    **dict.fromkeys((Cmd.FN, Cmd.HP, Cmd.I2CO, Cmd.SPIO, Cmd.TRIG, Cmd.SLRO), "00#"),
    Cmd.MODES: "0m",
    Cmd.PUD: "0u",
}
_SHORT = {
    "m": Cmd.MODES,
    "mg": Cmd.MODEG,
    "p": Cmd.PWM,
    "r": Cmd.READ,
    "s": Cmd.SERVO,
    "t": Cmd.TICK,
    "w": Cmd.WRITE,
}
_SPELLED = _SHORT | {command.name.lower(): command for command in _COMMANDS}
JUMPS = {"call", "jm", "jmp", "jnz", "jp", "jz"}
_LETTERS = {"m": "RW540123", "u": "ODU"}
_OPERAND = re.compile(r"([vp]?)([+-]?(?:0[xX][0-9a-fA-F]+|\d+))")


class BadScriptError(Exception):
    """A script that cannot be stored; ``result`` is what PROC answers."""

    def __init__(self, result: Err) -> None:
        super().__init__(result.name)
        self.result = result


def parse(text: str) -> tuple[Instruction, ...]:
    """Read a script.

    Raises `BadScriptError` with the first fault in it: an unknown word, a bad argument or a
    command not allowed in scripts (-55), a tag given twice (-53) or too many (-54), a jump to a
    tag that is not there (-63).
    """
    tokens = text.replace("\0", " ").split()
    program: list[Instruction] = []
    tags: dict[int, int] = {}
    at = 0
    while at < len(tokens):
        spelled = tokens[at].lower()
        word: str | int = _SPELLED.get(spelled, spelled)
        shape = WORDS.get(spelled) if isinstance(word, str) else _COMMANDS[Cmd(word)]
        if shape is None:
            raise BadScriptError(Err.BAD_SCRIPT_CMD)
        arguments = tokens[at + 1 : at + 1 + len(shape)]
        if len(arguments) < len(shape):
            raise BadScriptError(Err.BAD_SCRIPT_CMD)
        operands = tuple(map(_operand, arguments, shape))
        at += 1 + len(shape)
        if word != "tag":
            program.append(Instruction(word, operands))
        elif operands[0].value in tags:
            raise BadScriptError(Err.DUP_TAG)
        elif len(tags) == TAGS:
            raise BadScriptError(Err.TOO_MANY_TAGS)
        else:
            tags[operands[0].value] = len(program)
    return tuple(_resolve(instruction, tags) for instruction in program)


def _operand(token: str, shape: str) -> Operand:
    if shape in _LETTERS:
        place = _LETTERS[shape].find(token.upper())
        if len(token) != 1 or place < 0:
            raise BadScriptError(Err.BAD_SCRIPT_CMD)
        return Operand("n", place)
    match = _OPERAND.fullmatch(token)
    if match is None:
        raise BadScriptError(Err.BAD_SCRIPT_CMD)
    prefix, digits = match.groups()
    octal = re.fullmatch(r"[+-]?0[0-7]+", digits)
    value = int(digits, 8) if octal else int(digits, 0 if "x" in digits.lower() else 10)
    kind: Kind = "v" if prefix == "v" else "p" if prefix == "p" else "n"
    room = {"v": VARIABLES, "p": PARAMETERS, "n": VARIABLES if shape == "r" else None}[kind]
    if room is not None and not 0 <= value < room:
        raise BadScriptError(Err.BAD_SCRIPT_CMD)
    if (shape in "t#" and kind != "n") or (shape in "0#" and value < 0):
        raise BadScriptError(Err.BAD_SCRIPT_CMD)
    return Operand(kind, value)


def _resolve(instruction: Instruction, tags: dict[int, int]) -> Instruction:
    if instruction.word not in JUMPS:
        return instruction
    tag = instruction.operands[0].value
    if tag not in tags:
        raise BadScriptError(Err.BAD_TAG)
    return Instruction(instruction.word, (Operand("n", tags[tag]),))
