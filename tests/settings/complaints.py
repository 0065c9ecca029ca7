# SPDX-License-Identifier: GPL-3.0-or-later
"""The complaints about settings, as the owner reads them."""

from pathlib import Path

import pytest

from evsed.errors import SettingsError
from evsed.settings import load_settings


def complaints(tmp_path: Path, text: str, **environ: str) -> list[str]:
    file = tmp_path / "evsed.toml"
    file.write_text(text)
    with pytest.raises(SettingsError) as refused:
        load_settings(file, environ=environ)
    assert str(refused.value) == "\n".join(refused.value.problems)
    return list(refused.value.problems)
