"""Fixtures for the tools."""

import os
from pathlib import Path

import pytest
from playground import Playground


@pytest.fixture
def ws(tmp_path: Path) -> Playground:
    """An empty workspace."""
    folder = Path(os.path.realpath(tmp_path)) / "ws"
    folder.mkdir()
    return Playground(folder)
