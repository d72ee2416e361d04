"""The tool `diagnostics`: what the editor shows, sorted, within bounds, and nothing of files that are none of its."""

from pathlib import Path

import pytest
from playground import Playground, text_of

from chatls.content import Position, Range
from chatls.editor import Problem, Severity
from chatls.errors import ToolError
from chatls.tools.diagnostics import diagnostics

pytestmark = pytest.mark.asyncio


def problem(path: Path, line: int, message: str, severity: Severity = "error", **more: str) -> Problem:
    return Problem(path.as_uri(), Range(Position(line, 4), Position(line, 9)), severity, message, **more)


async def test_problems_are_sorted_by_file_and_line_and_counted_by_their_gravity(ws: Playground) -> None:
    one, two = ws.write("a.py"), ws.write("src/b.py")
    found = (
        problem(two, 11, "third", source="pyright", code="reportX"),
        problem(one, 8, "second", "warning", source="ruff"),
        problem(one, 1, "first", "hint", code="E1"),
        problem(two, 20, "fourth\n  goes on", "information"),
    )
    ws.found = [found]
    head, blank, *lines = (await ws.ask(diagnostics)).splitlines()
    assert head == "1 error, 1 warning, 1 note, 1 hint in 2 files"
    assert blank == ""
    assert lines == [
        "a.py:2:5 hint (E1): first",
        "a.py:9:5 warning ruff: second",
        "src/b.py:12:5 error pyright(reportX): third",
        "src/b.py:21:5 information: fourth goes on",
    ]


async def test_of_one_file_only_its_own_are_told(ws: Playground) -> None:
    one, two = ws.write("a.py"), ws.write("src/b.py")
    for path, told in (("a.py", "1 error in a.py"), ("src", "1 error in src")):
        ws.found = [(problem(one, 1, "x"), problem(two, 1, "x"))]
        assert (await ws.ask(diagnostics, path=path)).startswith(f"{told}\n")


async def test_where_there_are_none_the_answer_says_what_that_means(ws: Playground) -> None:
    ws.write("a.py")
    assert "no problems;" in await ws.ask(diagnostics)
    assert "no problems in a.py;" in await ws.ask(diagnostics, path="a.py")


async def test_of_very_many_the_gravest_are_kept_and_the_rest_counted(ws: Playground) -> None:
    path = ws.write("a.py")
    many = [problem(path, line, "w", "warning") for line in range(300)]
    ws.found = [(*many, problem(path, 500, "the one"))]
    output = await ws.call(diagnostics)
    lines = text_of(output).splitlines()
    assert output.truncated
    assert "1 error, 300 warnings" in lines[0]
    assert "200 gravest" in lines[0]
    assert len(lines) == 202
    assert lines[-1] == "a.py:501:5 error: the one"


async def test_long_messages_are_cut_and_the_answer_stays_within_its_bounds(ws: Playground) -> None:
    path = ws.write("a.py")
    ws.found = [tuple(problem(path, line, "\u20ac" * 5000) for line in range(200))]
    output = await ws.call(diagnostics)
    assert output.truncated
    assert all(len(line) < 500 for line in text_of(output).splitlines())


async def test_nothing_of_files_outside_or_with_secrets_is_told(ws: Playground, tmp_path: Path) -> None:
    outside = tmp_path / "elsewhere.py"
    ws.found = [
        (
            problem(ws.write(".env"), 1, "SECRET=1"),
            problem(outside, 1, "SECRET=2"),
            Problem("untitled:x", Range(Position(0, 0), Position(0, 0)), "error", "SECRET=3"),
        )
    ]
    assert "SECRET" not in await ws.ask(diagnostics)
    with pytest.raises(ToolError, match="secrets"):
        await ws.call(diagnostics, path=".env")
    with pytest.raises(ToolError, match="outside"):
        await ws.call(diagnostics, path=str(outside))


async def test_what_a_terminal_would_obey_is_not_passed_on(ws: Playground) -> None:
    ws.found = [(problem(ws.write("a.py"), 0, "\x1b]52;c;x\x07\u202e red"),)]
    assert not {"\x1b", "\x07", "\u202e"} & set(await ws.ask(diagnostics))


async def test_only_an_editor_that_tells_its_problems_has_the_tool() -> None:
    assert diagnostics.needs == "diagnostics"
    assert diagnostics.read_only
    assert diagnostics.title({"path": "src"}) == "diagnostics src"
