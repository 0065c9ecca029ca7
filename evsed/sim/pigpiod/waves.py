# SPDX-License-Identifier: GPL-3.0-or-later
"""Waves of the simulated daemon, as far as they matter: sending one stops hardware PWM.

Any client may send a wave, and pigpiod then stops the hardware PWM on all pins, the control
pilot's too, without telling anyone (pigpio.md section 4). Generic pulses (WVAG) are played on the
pins; waves made of serial data (WVAS) are not simulated, and chains only of plain wave ids.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from struct import iter_unpack

from evsed.sim.pigpiod.protocol import Cmd, Err, Handler

Pulse = tuple[int, int, int]
"""GPIO to set and GPIO to clear, as bits, and the microseconds until the next pulse."""

NONE_SENDING = 9999
_MAX_PULSES, _MAX_MICROS, _MAX_CBS = 12_000, 1_800_000_000, 25_016
_LAST_CHAIN_ID = 249
_ONE_SHOT_MODES = (0, 2)
_LAST_MODE = 3


class Waves:
    """The wave commands and the wave being sent.

    Args:
        put: sets a GPIO the way DMA does: ``(gpio, level, at_s)``.
        stop_pwm: stops hardware PWM on all pins.

    """

    def __init__(
        self, put: Callable[[int, int, float], None], stop_pwm: Callable[[float], None]
    ) -> None:
        self.due_s = inf
        self._put = put
        self._stop_pwm = stop_pwm
        self._building: list[Pulse] = []
        self._waves: dict[int, tuple[Pulse, ...]] = {}
        self._next_id = 0
        self._sizes = {"micros": [0, 0], "pulses": [0, 0], "cbs": [0, 0]}  # now, highest
        self._playing: tuple[Pulse, ...] = ()
        self._place = 0
        self._repeat = False
        self._sending = NONE_SENDING

    def handlers(self) -> dict[int, Handler]:
        """The commands answered here."""
        return {
            Cmd.WVCLR: self._clear,
            Cmd.WVNEW: self._new,
            Cmd.WVAG: self._add,
            Cmd.WVCRE: self._create,
            Cmd.WVCAP: self._create,
            Cmd.WVDEL: self._delete,
            Cmd.WVTX: lambda wave, _2, _e, at_s: self._send(wave, at_s, repeat=False),
            Cmd.WVTXR: lambda wave, _2, _e, at_s: self._send(wave, at_s, repeat=True),
            Cmd.WVTXM: self._send_in_mode,
            Cmd.WVCHA: self._chain,
            Cmd.WVHLT: self._halt,
            Cmd.WVBSY: lambda _1, _2, _e, _s: int(bool(self._playing)),
            Cmd.WVTAT: lambda _1, _2, _e, _s: self._sending,
            Cmd.WVSM: lambda which, _2, _e, _s: self._size("micros", which),
            Cmd.WVSP: lambda which, _2, _e, _s: self._size("pulses", which),
            Cmd.WVSC: lambda which, _2, _e, _s: self._size("cbs", which),
        }

    def step(self) -> None:
        """Play the pulse that is due."""
        if self._place >= len(self._playing):
            if not self._repeat:
                self._end()
                return
            self._place = 0
        on, off, micros = self._playing[self._place]
        for bits, level in ((on, 1), (off, 0)):
            for gpio in range(32):
                if bits >> gpio & 1:
                    self._put(gpio, level, self.due_s)
        self._place += 1
        self.due_s += max(micros, 1) * 1e-6

    def _end(self) -> None:
        self._playing, self._sending, self.due_s = (), NONE_SENDING, inf

    def _clear(self, _p1: int, _p2: int, _ext: bytes, _at_s: float) -> int:
        self._waves.clear()
        self._building.clear()
        self._next_id = 0
        return 0

    def _new(self, _p1: int, _p2: int, _ext: bytes, _at_s: float) -> int:
        self._building.clear()
        return 0

    def _add(self, _p1: int, _p2: int, ext: bytes, _at_s: float) -> int:
        pulses = list(iter_unpack("<III", ext[: len(ext) // 12 * 12]))
        if len(self._building) + len(pulses) > _MAX_PULSES:
            return Err.TOO_MANY_PULSES
        self._building.extend((on, off, micros) for on, off, micros in pulses)
        return len(self._building)

    def _create(self, _p1: int, _p2: int, _ext: bytes, _at_s: float) -> int:
        if not self._building:
            return Err.EMPTY_WAVEFORM
        number, self._next_id = self._next_id, self._next_id + 1
        wave = self._waves[number] = tuple(self._building)
        self._building.clear()
        now = {"micros": sum(pulse[2] for pulse in wave), "pulses": len(wave), "cbs": _cbs(wave)}
        for name, size in now.items():
            self._sizes[name] = [size, max(size, self._sizes[name][1])]
        return number

    def _delete(self, number: int, _p2: int, _ext: bytes, _at_s: float) -> int:
        return 0 if self._waves.pop(number, None) is not None else Err.BAD_WAVE_ID

    def _send(self, number: int, at_s: float, *, repeat: bool) -> int:
        wave = self._waves.get(number)
        if wave is None:
            return Err.BAD_WAVE_ID
        self._stop_pwm(at_s)
        self._playing, self._place, self._repeat = wave, 0, repeat
        self._sending, self.due_s = number, at_s
        return _cbs(wave)

    def _send_in_mode(self, number: int, mode: int, _ext: bytes, at_s: float) -> int:
        if mode > _LAST_MODE:
            return Err.BAD_WAVE_ID
        return self._send(number, at_s, repeat=mode not in _ONE_SHOT_MODES)

    def _chain(self, _p1: int, _p2: int, ext: bytes, at_s: float) -> int:
        if any(number > _LAST_CHAIN_ID for number in ext):
            return Err.BAD_CHAIN_CMD
        if any(number not in self._waves for number in ext):
            return Err.BAD_WAVE_ID
        self._stop_pwm(at_s)
        self._playing = tuple(pulse for number in ext for pulse in self._waves[number])
        self._place, self._repeat, self.due_s = 0, False, at_s
        return 0

    def _halt(self, _p1: int, _p2: int, _ext: bytes, _at_s: float) -> int:
        self._end()
        return 0

    def _size(self, name: str, which: int) -> int:
        most = {"micros": _MAX_MICROS, "pulses": _MAX_PULSES, "cbs": _MAX_CBS}[name]
        refused = {
            "micros": Err.BAD_WVSM_COMMAND,
            "pulses": Err.BAD_WVSP_COMMAND,
            "cbs": Err.BAD_WVSC_COMMAND,
        }[name]
        sizes = [*self._sizes[name], most]
        return sizes[which] if which < len(sizes) else refused


def _cbs(wave: tuple[Pulse, ...]) -> int:
    """DMA control blocks: two a pulse and one for the whole (recorded for two pulses: 5)."""
    return 2 * len(wave) + 1
