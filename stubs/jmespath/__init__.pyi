# SPDX-License-Identifier: GPL-3.0-or-later
class _Parsed:
    def search(self, value: object) -> object: ...

def compile(expression: str) -> _Parsed: ...  # noqa: A001 - the library's own name
