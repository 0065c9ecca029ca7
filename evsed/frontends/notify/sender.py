# SPDX-License-Identifier: GPL-3.0-or-later
"""The sender: hands messages to apprise in a thread of its own, which may wait as long as it likes.

apprise blocks, and a server that trickles holds it for as long as it wants. So the thread is one
that neither the frontend nor the end of evsed waits for; what does not fit into its queue is lost.
"""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, Final

from evsed.core.text import text
from evsed.frontends.languages import ENGLISH_ITSELF

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from evsed.core.user.notices import Message
    from evsed.frontends.languages import Language
    from evsed.frontends.notify.service import Service

QUEUE_MAX: Final = 20
"""More notices than a bad night has."""
TRIES_AFTER_S: Final = (0.0, 60.0, 600.0)
"""The pauses before each try of a message; a router that starts again needs a few minutes."""


class Sender:
    """Sends to each of *services* in *language*.

    *on_outcome* gets a service's name and whether it took a message, in the sender's thread.
    """

    def __init__(
        self,
        services: Sequence[Service],
        on_outcome: Callable[[str, bool], None],
        *,
        language: Language = ENGLISH_ITSELF,
        tries_after_s: Sequence[float] = TRIES_AFTER_S,
    ) -> None:
        self._language = language
        self._on_outcome = on_outcome
        self._tries_after_s = tries_after_s
        self._stopped = threading.Event()
        self._queues: list[queue.Queue[Message]] = []
        for service in services:
            waiting: queue.Queue[Message] = queue.Queue(QUEUE_MAX)
            self._queues.append(waiting)
            threading.Thread(
                target=self._run, args=(service, waiting), name="notify", daemon=True
            ).start()

    def put(self, notice: Message) -> None:
        """Send *notice* as soon as those before it are; never waits, and never raises."""
        for waiting in self._queues:
            try:
                waiting.put_nowait(notice)
            except queue.Full:
                continue  # the service is reported as failing already

    def stop(self) -> None:
        """Send nothing more; what is being sent is left to its end."""
        self._stopped.set()

    def _run(self, service: Service, waiting: queue.Queue[Message]) -> None:
        while not self._stopped.is_set():
            try:
                notice = waiting.get(timeout=1.0)
            except queue.Empty:
                continue
            self._on_outcome(service.name, self._send(service, notice))

    def _send(self, service: Service, notice: Message) -> bool:
        began_at = time.monotonic()
        title = self._language.sentence(text("evsed: {what}", what=notice.kind.value))
        for pause_s in self._tries_after_s:
            if self._stopped.wait(pause_s):
                return False
            late_min = round((time.monotonic() - began_at) / 60)
            body = notice.text
            if late_min:
                body = text("{notice} (sent {min:.0f} min late)", notice=body, min=late_min)
            if service.send(title, self._language.sentence(body)):
                return True
        return False
