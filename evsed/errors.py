# SPDX-License-Identifier: GPL-3.0-or-later
"""Every error evsed raises on purpose.

::

    EvsedError            something evsed can name
     +- SettingsError     the owner's file: what is wrong, key by key (exit 78)
     +- ChangeRefused     a change of the settings on the page that is not possible, or not now
     +- BoardError        the wires: pigpiod, the ADC, a pin that does not follow its command
     |   +- BoardTimeout  ... no answer in time
     |   +- OutputError   ... an output of a contactor that is on although it was switched off
     |   +- BoardGone     ... the connection ended
     +- FeedError         the news of spare power: not reached, or not to be believed
     +- LinkError         the two processes do not understand each other
     +- StoreError        sessions and totals cannot be read or kept
 |   +- StoreLockedError  ... because another program holds the file
     +- BackupError       a backup that cannot be made, or is none
     +- NotifyError      a message that cannot be sent: apprise is missing, or its address is none
     +- HubBusyError      a frontend gives more orders than the daemon carries out
 +- DayError          a recorded day that cannot be replayed
     +- WebError          the page cannot be served where the owner wants it

A message says what happened and what to do now; what evsed did about it is added where it is
done, because only that place knows.
"""

from __future__ import annotations


class EvsedError(Exception):
    """Base of all the errors that evsed raises on purpose; never raised itself."""


class SettingsError(EvsedError):
    """The settings are wrong; *problems* holds one line for each, naming key, value and range.

    *places* has the line of the file for each, with a caret under the value; "" where the value
    does not come from the file. *keys* has the dotted key of each, "" where there is none.
    """

    def __init__(
        self,
        problems: tuple[str, ...],
        places: tuple[str, ...] = (),
        keys: tuple[str, ...] = (),
    ) -> None:
        # A line by itself keeps what a translation of it needs.
        super().__init__(problems[0] if len(problems) == 1 else "\n".join(problems))
        self.problems = problems
        self.keys = keys or ("",) * len(problems)
        self.places = places or ("",) * len(problems)


class ChangeRefused(EvsedError):
    """A change of the settings was refused; nothing was changed.

    *keys* are those that are in the way. *late*: it is possible for some minutes after the box was
    switched on, and they are over.
    """

    def __init__(self, text: str, keys: tuple[str, ...] = (), *, late: bool = False) -> None:
        super().__init__(text)
        self.keys = keys
        self.late = late


class BoardError(EvsedError):
    """The wires cannot be trusted; the message is in the owner's words."""


class BoardTimeout(BoardError):
    """The board did not answer within its time."""


class BoardGone(BoardError):
    """The connection to the board ended."""


class OutputError(BoardError):
    """A contactor's output is closed although it was opened: a pin, its driver or a program."""


class FeedError(EvsedError):
    """The feed could not be reached, or said something that must not be believed.

    *kind* is what is wrong, in a word: two errors of one kind are the same trouble, whatever
    numbers their messages carry. *page_came* is true where the feed answered with its page, and
    *maximum_w* is the most that this page allows, in watts, where that much could be read.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: str = "feed",
        page_came: bool = False,
        maximum_w: float | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.page_came = page_came
        self.maximum_w = maximum_w


class SourceError(EvsedError):
    """A source of numbers could not be reached, or gave something that is no such number."""


class MeterError(EvsedError):
    """A meter of the car or of the house could not be read."""


class LinkError(EvsedError):
    """The daemon and the control process sent each other something that neither should."""


class StoreError(EvsedError):
    """Sessions and totals could not be read or kept."""


class StoreLockedError(StoreError):
    """Another program holds the database; it can be read and written when that lets go."""


class WebError(EvsedError):
    """The page cannot be served on the host, port or socket that the settings name."""


class BackupError(EvsedError):
    """A backup cannot be made, or what is to be restored is none; nothing was changed."""


class HubBusyError(EvsedError):
    """An order was not carried out because too many came at once; the next may be."""


class NotifyError(EvsedError):
    """A message cannot be sent to an address that the owner has set."""


class DayError(EvsedError):
    """A recorded day cannot be read; the message names the lines."""
