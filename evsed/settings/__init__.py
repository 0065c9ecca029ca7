# SPDX-License-Identifier: GPL-3.0-or-later
"""The owner's settings: evsed.toml and EVSED_ variables as frozen values, errors in plain words.

::

    hardware.py   the sections of the box's hardware: keys, defaults, ranges
    feed.py ...   the sections of one part each
    sections.py   all other sections
    agreement.py  the rules between two sections
    root.py       `Settings`: the sections together, and the configuration of each package
    messages.py   what pydantic found wrong -> one line each: key, value, what is allowed
    load.py       `load_settings()`: file, environment, overrides

Nothing is read when `Settings()` is made; only `load_settings()` looks at the world.
"""

from evsed.settings.load import load_settings
from evsed.settings.root import Settings

__all__ = ["Settings", "load_settings"]
