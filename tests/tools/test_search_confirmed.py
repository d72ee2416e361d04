"""What ripgrep printed counts only where our own reader finds it, in a file that no link leads to; and it ends with us.

ripgrep walks by names: a folder that is swapped for a link meanwhile leads it elsewhere. Here a program stands in for
it that prints what it would print then.
"""

import os
import shlex
import signal
import sys
from pathlib import Path

import anyio
import pytest
from playground import Playground, text_of

from chatls.children import process
from chatls.children.process import Child
from chatls.tools import search

pytestmark = pytest.mark.asyncio

SECRET = "the key is 4711"
INSIDE = f"{SECRET}, says a test"


@pytest.fixture
def outside(ws: Playground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder outside with a file that ripgrep was led to in the place of `src/a.txt`."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/a.txt").write_text(f"{SECRET}\n")
    ws.write("src/a.txt", "nothing here\nnor here\n")
    ws.write("b.txt", f"{INSIDE}\n")
    printed = {
        "lines": f"./src/a.txt\0001:0:{SECRET}\n./b.txt\0001:0:{INSIDE}\n",
        "counts": "./src/a.txt\0001\n./b.txt\0001\n",
    }
    program, script = tmp_path / "rg", tmp_path / "rg.py"
    script.write_text(
        "import sys\nif '--files' not in sys.argv:\n"
        f"    print({printed!r}['counts' if '--count' in sys.argv else 'lines'], end='')\n"
    )
    python, own = shlex.quote(sys.executable), shlex.quote(str(script))  # no `#!` names a path with a space in it
    program.write_text(f'#!/bin/sh\nexec {python} -S {own} "$@"\n')
    program.chmod(0o755)

    def find(_: object) -> str:
        return str(program)

    monkeypatch.setattr(sys.modules["chatls.tools.search"], "find", find)
    return tmp_path / "outside"


async def test_lines_that_do_not_stand_in_the_file_are_not_shown(ws: Playground, outside: Path) -> None:
    """The link is gone again when we look."""
    text = await ws.ask(search, pattern="key")
    assert "src/a.txt:" not in text
    assert f"b.txt:1: {INSIDE}" in text
    assert text.startswith("1 match in 1 file\nchanged while it was searched, and left out: src/a.txt\n")


@pytest.mark.parametrize("output", ["lines", "files", "counts"])
@pytest.mark.parametrize("swapped", ["folder", "file"])
async def test_files_behind_a_link_are_not_shown(ws: Playground, outside: Path, output: str, swapped: str) -> None:
    """The link is still there."""
    place = ws.folder / ("src" if swapped == "folder" else "src/a.txt")
    place.rename(ws.folder / "away")
    place.symlink_to(outside if swapped == "folder" else outside / "a.txt")
    text = await ws.ask(search, pattern="key", output=output)
    assert "and left out: src/a.txt\n" in text
    assert "b.txt" in text.split("\n\n")[1]
    assert "src" not in text.split("\n\n")[1]
    assert SECRET not in text.replace(INSIDE, "")


async def test_where_nothing_is_left_nothing_was_found_and_that_is_said(ws: Playground, outside: Path) -> None:
    (ws.folder / "b.txt").unlink()
    text = await ws.ask(search, pattern="key")
    assert text.startswith("no matches")
    assert "changed while it was searched, and left out: b.txt, src/a.txt" in text


ENCODED = {
    "plain": b"one\nthe needle\nend",
    "CR LF": "one\r\nthe needle é\r\nthe needle\r\nend".encode(),
    "a mark": b"\xef\xbb\xbfthe needle\nthe needle",
    "no UTF-8": b"caf\xe9\nthe needle \xff\nthe needle",
    "UTF-16": "é\nthe needle é\nthe needle".encode("utf-16"),
    "UTF-16 the other way": b"\xfe\xff" + "é\r\nthe needle\r\n".encode("utf-16-be"),
    "long lines": b"x" * 5000 + b" the needle " + b"y" * 5000 + b"\nthe needle\n",
    "too long": b"x" * 1_200_000 + b" the needle\nthe needle\n",
    "empty lines": b"\n\n\nthe needle\n\n\n",
}


@pytest.mark.parametrize("name", ENCODED)
@pytest.mark.parametrize("more", [{}, {"context": 2}, {"multiline": True}], ids=["lines", "context", "multiline"])
async def test_what_stands_there_is_shown_whatever_it_is_written_in(
    ws: Playground, name: str, more: dict[str, object]
) -> None:
    ws.write("a.txt", ENCODED[name])
    ws.write("b.txt", "the needle")
    text = text_of(await ws.call(search, pattern="the needle", **more))
    alone = text_of(await ws.call(search, pattern="the needle", path="a.txt", **more))  # read by way of us
    assert "left out" not in text
    assert alone.split("\n\n", 1)[1] in text


PARENT = """
import anyio, sys
from pathlib import Path
from chatls.tools.searching.ripgrep import Names, run

async def main():
    await run(sys.argv[1], (), folder=Path(sys.argv[2]), taker=lambda: Names(1))

anyio.run(main)
"""


async def test_it_ends_with_us_even_if_we_are_killed(tmp_path: Path) -> None:
    program, told = tmp_path / "rg", tmp_path / "told"
    os.mkfifo(told)
    program.write_text(f"#!/bin/sh\necho $$ > {told}\nexec sleep 300\n")
    program.chmod(0o755)
    with anyio.fail_after(90):
        parent = await Child.start([sys.executable, "-c", PARENT, str(program), str(tmp_path)], env=dict(os.environ))
        number = int(await anyio.to_thread.run_sync(told.read_text))
        os.kill(parent.pid, signal.SIGKILL)
        await process.gone(number)
        await parent.aclose()
