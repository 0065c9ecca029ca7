# SPDX-License-Identifier: GPL-3.0-or-later
"""A kernel board over a Linux on a folder, with a dead-man's process that is real."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from evsed.boards import BoardConfig, InputsConfig, KernelConfig
from evsed.boards.kernel.board import KernelBoard
from tests.boards.kernel.fake_kernel import FakeKernel
from tests.boards.pigpio.pigpio_rig import PATIENCE_S, Clock, wait_until

PILOT, CONTACTOR, HEARTBEAT = 18, 23, 24


@dataclass
class KernelRig:
    """One simulated Linux, and the boards that use it."""

    kernel: FakeKernel
    config: BoardConfig
    clock: Clock = field(default_factory=Clock)
    boards: list[KernelBoard] = field(default_factory=list)

    def board(self, *, patience_s: float = PATIENCE_S, answer_s: float = PATIENCE_S) -> KernelBoard:
        """A board that is not open yet, patient with a slow machine by default."""
        watch = (sys.executable, "-m", "tests.boards.kernel.fake_kernel", str(self.kernel.root))
        board = KernelBoard(
            self.config,
            kernel=self.kernel,
            watch=watch,
            patience_s=patience_s,
            answer_s=answer_s,
            clock=self.clock,
        )
        self.boards.append(board)
        return board

    def opened(
        self, *, patience_s: float = PATIENCE_S, answer_s: float = PATIENCE_S
    ) -> KernelBoard:
        """A board that holds its wires."""
        board = self.board(patience_s=patience_s, answer_s=answer_s)
        wait_until(board.open)
        return board


@contextmanager
def kernel_rig(
    *, contactors: tuple[int, ...] = (CONTACTOR,), inputs: InputsConfig | None = None
) -> Iterator[KernelRig]:
    """A Pi 4 without pigpiod."""
    with tempfile.TemporaryDirectory(prefix="evsed-kernel-") as folder:
        wires = KernelConfig(contactor_gpios=contactors)
        config = BoardConfig(kind="kernel", kernel=wires, inputs=inputs or InputsConfig())
        rig = KernelRig(FakeKernel(Path(folder)).boot(), config)
        try:
            yield rig
        finally:
            for board in rig.boards:
                board.close()
