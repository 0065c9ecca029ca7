# SPDX-License-Identifier: GPL-3.0-or-later
"""The owner's settings: evsed.toml and EVSED_ variables as frozen values, errors in plain words.

::

    sections.py   one model for each section: keys, defaults, ranges
    root.py       `Settings`: the sections together, what they must agree on, and what each room
                  of the house gets of them
    words.py      what pydantic found wrong -> one line each: key, value, what is allowed
    load.py       `load_settings()`: file, environment, overrides

Nothing is read when `Settings()` is made; only `load_settings()` looks at the world.
"""

from evsed.settings.load import load_settings
from evsed.settings.root import Settings

__all__ = ["Settings", "load_settings"]
