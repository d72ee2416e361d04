"""Neovims for tests: each has a home of its own, a project, and a daemon that plays a script."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.editors.fetch import Found, NoEditorError, neovim
from tests.editors.neovim import Neovim

Json = dict[str, Any]
Open = Callable[..., Neovim]

NOTES = "Buy bread.\nTODO: write the tests.\nCall home.\n"
CODE = 'def main() -> None:\n    print("hello")  # TODO: greet by name\n'


@pytest.fixture(scope="session")
def program() -> Found:
    """The Neovim that all tests run."""
    if os.environ.get("CHATLS_SKIP_EDITORS") == "1":
        pytest.skip("CHATLS_SKIP_EDITORS is set: the Neovim plugin is NOT tested")
    try:
        return neovim()
    except NoEditorError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with two files, which a person works in."""
    root = tmp_path / "project"
    (root / "src").mkdir(parents=True)
    (root / ".git").mkdir()
    (root / "notes.txt").write_text(NOTES)
    (root / "src" / "app.py").write_text(CODE)
    return root


@pytest.fixture
def nvim(tmp_path: Path, project: Path, program: Found) -> Iterator[Open]:
    """Opens a Neovim in the project whose daemon plays `replies`; behind the test it is checked, and leaves. `home`:
    the folder of another one, whose person opens this one as well."""
    editors: list[Neovim] = []

    def opened(
        *replies: list[Json], setup: str = "", files: tuple[Path, ...] = (), home: Path | None = None, **pace: float
    ) -> Neovim:
        folder = home or tmp_path / f"editor{len(editors)}"
        folder.mkdir(exist_ok=home is not None)
        play(folder, *replies, **pace)
        editors.append(Neovim(folder, program.program, setup=setup, files=files, root=project))
        return editors[-1]

    yield opened
    try:
        for editor in editors:
            if editor.process.poll() is None:
                editor.check()
                editor.leave()
    finally:
        for editor in editors:
            editor.kill()


def play(folder: Path, *replies: list[Json], chars: float = 6, delay: float = 0) -> None:
    """Write the script, and the settings in the editor's home that name it."""
    script = folder / "script.json"
    given = replies or ([{"text": "Hello."}],)
    script.write_text(json.dumps({"replies": list(given), "chunkChars": chars, "chunkDelay": delay}))
    settings = folder / "home" / ".config" / "chatls" / "config.toml"
    settings.parent.mkdir(parents=True, exist_ok=True)
    named = f'[providers.scripted]\nkind = "scripted"\nscript = {json.dumps(str(script))}\n'
    settings.write_text(f'model = "scripted/demo"\n\n{named}')
