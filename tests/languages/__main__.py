# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m tests.languages [--folder FOLDER] [CODE ...]`: bring translations up to date.

Without a code: those in evsed/locale/. With one, its file is begun where there is none.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.languages.files import FOLDER, troubles, update
from tests.languages.messages import CollectError, collect


def main() -> int:
    """Update the files and print what is left to do; 1 where a sentence cannot be translated."""
    parser = argparse.ArgumentParser(prog="python -m tests.languages")
    parser.add_argument("codes", nargs="*", metavar="CODE")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--check", action="store_true", help="print what is wrong, change nothing")
    given = parser.parse_args()
    try:
        messages = collect()
    except CollectError as error:
        print(error)
        return 1
    found = 0
    codes = given.codes or sorted(path.stem for path in given.folder.glob("*.po"))
    print(f"{len(messages)} messages; languages: {' '.join(codes) or 'none'}")
    for code in codes:
        path = given.folder / f"{code}.po"
        if given.check:
            for trouble in troubles(path, messages):
                found += 1
                print(f"{path.name}: {trouble}")
        else:
            total, left = update(path, messages)
            print(f"{path.name}: {total} messages, {left} to translate")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
