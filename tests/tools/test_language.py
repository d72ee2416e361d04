"""Symbols by name and line: what the editor's language servers say, within bounds, and nothing that may not be read."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from changes import refused, said
from playground import Playground

from chatls.content import Diff, Position, Range, TextEdit
from chatls.errors import ToolError
from chatls.language import DocumentEdits, LanguageFindings, LanguagePlace, LanguageRequest
from chatls.tools.definition import definition
from chatls.tools.references import references
from chatls.tools.rename_symbol import rename_symbol
from chatls.tools.symbols import symbols
from chatls.tools.tool import FileSubject

pytestmark = pytest.mark.asyncio

LIB = "def greet(name):\n    return name\n"
MAIN = "from lib import greet\n\n\ndef main():\n    greet(greet)\n"


def span(line: int, start: int, end: int) -> Range:
    return Range(Position(line, start), Position(line, end))


def place(path: Path, line: int, start: int = 0, name: str | None = None, kind: int | None = None) -> LanguagePlace:
    return LanguagePlace(path.as_uri(), span(line, start, start + 5), name, kind)


Said = Callable[[LanguageRequest], LanguageFindings]


def places(*found: LanguagePlace, left_out: int = 0, text: str = "") -> Said:
    return lambda request: LanguageFindings(found if request.kind != "hover" else (), left_out, text)


@pytest.fixture
def two(ws: Playground) -> Playground:
    """A function and who calls it."""
    ws.write("lib.py", LIB)
    ws.write("main.py", MAIN)
    return ws


LIB_ARGUMENTS = {"path": "lib.py", "line": 1, "symbol": "greet"}


# Where a symbol stands


async def test_a_symbol_is_found_by_its_name_and_its_line_and_asked_about_where_it_stands(two: Playground) -> None:
    await two.ask(definition, path="main.py", line=1, symbol="greet")
    asked = two.questions[0]
    assert (asked.kind, asked.uri, asked.position) == ("definition", (two.folder / "main.py").as_uri(), Position(0, 16))


@pytest.mark.parametrize("symbol", ["self.name", "name", "x.self.name()", ".name"])
async def test_what_stands_around_the_name_may_be_written_too(ws: Playground, symbol: str) -> None:
    ws.write("a.py", "\U0001f600 = self.name")
    await ws.ask(definition, path="a.py", line=1, symbol=symbol)
    assert ws.questions[0].position == Position(0, 10), "in the editor's units"


async def test_a_name_that_stands_elsewhere_is_refused_with_the_nearest_line(two: Playground) -> None:
    for line, symbol, words in (
        (
            3,
            "greet",
            'not stand on line 3 of "main.py"; the nearest that has it:\n1: from lib import greet\n5: greet(gr',
        ),
        (1, "gret", 'nor on any other; did you mean "greet"'),
        (1, "reet", "nor on any other; did you mean"),
        (99, "greet", "6 lines; there is no line 99"),
        (1, "()", "is no name"),
    ):
        assert words in await refused(two, definition, path="main.py", line=line, symbol=symbol)
    assert two.questions == []


async def test_a_name_twice_on_a_line_is_one_symbol_or_has_to_be_told_apart(two: Playground) -> None:
    lib = two.folder / "lib.py"
    two.language_servers = places(place(lib, 0, 4))
    assert "lib.py:1: def greet" in await two.ask(definition, path="main.py", line=5, symbol="greet")
    two.language_servers = lambda asked: LanguageFindings(
        (place(lib, asked.position.character if asked.position else 0),)
    )
    words = await refused(two, references, path="main.py", line=5, symbol="greet")
    assert "stands 2 times on line 5, for different symbols" in words
    assert '"greet(", "(greet"' in words or '" greet", "(greet"' in words or '"(greet"' in words
    two.questions.clear()
    await two.ask(references, path="main.py", line=5, symbol="(greet")
    assert [asked.position for asked in two.questions] == [Position(4, 10)]


async def test_a_name_on_a_line_that_is_as_long_as_a_file_is_told_apart_while_nothing_waits(ws: Playground) -> None:
    path = ws.write("min.js", "let e=1;" + "".join(f"f{number}(e,e.b);" for number in range(3000)))
    ws.language_servers = lambda asked: LanguageFindings(
        (place(path, 0, asked.position.character if asked.position else 0),)
    )
    words = await refused(ws, definition, path="min.js", line=1, symbol="e")
    assert "stands 6001 times on line 1, for different symbols" in words
    assert '"f1(e"' in words
    assert len(ws.questions) == 5


async def test_text_that_is_not_saved_counts(two: Playground) -> None:
    main = two.open("main.py", "# new\nx = greet\n")
    two.language_servers = places(place(main, 1, 4))
    assert "main.py:2: x = greet" in await two.ask(references, path="main.py", line=2, symbol="greet")


# What is told of places


async def test_references_are_lines_as_a_search_tells_them_and_count_as_read(two: Playground) -> None:
    lib, main = two.folder / "lib.py", two.folder / "main.py"
    two.language_servers = places(place(main, 4, 4), place(main, 4, 10), place(lib, 0, 4), place(main, 0, 16))
    assert (await two.ask(references, **LIB_ARGUMENTS)).splitlines() == [
        '4 references of "greet", in 2 files of the workspace',
        "",
        "lib.py:1: def greet(name):",
        "main.py:1: from lib import greet",
        "main.py:5:     greet(greet)",
    ]
    assert two.seen.lines(main) == {"from lib import greet", "    greet(greet)"}


async def test_callers_are_named_and_what_implements_is_asked_for_by_its_own_kind(two: Playground) -> None:
    two.language_servers = places(place(two.folder / "main.py", 4, 4, "main", 12))
    text = await two.ask(references, **LIB_ARGUMENTS, what="callers")
    assert text.startswith('1 caller of "greet"')
    assert text.endswith("main.py:5:     greet(greet)  [function main]")
    await two.ask(references, **LIB_ARGUMENTS, what="implementations")
    assert [asked.kind for asked in two.questions] == ["callers", "implementation"]


async def test_no_text_is_shown_of_what_may_not_be_read(two: Playground, tmp_path: Path) -> None:
    outside, secret = tmp_path / "elsewhere.py", two.write(".env", "GREET=SECRET\n")
    outside.write_text("SECRET\n")
    hidden = two.write("private/plan.py", "greet = 'SECRET'\n")
    two.hidden = frozenset({hidden})
    found = [place(one, 0) for one in (outside, secret, hidden)]
    odd = [LanguagePlace("untitled:x", span(0, 0, 1)), LanguagePlace("file://elsewhere/x", span(0, 0, 1))]
    two.language_servers = places(*found, *odd, text="it is SECRET")
    for tool in (references, definition):
        text = await two.ask(tool, **LIB_ARGUMENTS)
        assert "SECRET" not in text
        assert f"outside the workspace, so its text is not shown: {outside}:1" in text
        assert "such files usually hold secrets: 1 place in .env" in text
        assert "a rule of the user's does not let you read it unasked: 1 place in private/plan.py" in text
        assert "2 places in what is no file" in text
    assert "hover" not in [asked.kind for asked in two.questions], "it may quote what is hidden"
    for path, words in ((".env", "secrets"), (str(outside), "outside"), ("private/plan.py", "a rule of the user's")):
        assert words in await refused(two, definition, path=path, line=1, symbol="x")


async def test_very_many_places_are_bounded_and_counted(two: Playground) -> None:
    lines = "".join(f"{'x' * 400} = greet{number}\n" for number in range(1000))
    many = two.write("many.py", lines)
    two.language_servers = places(*(place(many, line) for line in range(1000)), left_out=99_000)
    output = await two.call(references, **LIB_ARGUMENTS)
    assert output.truncated
    text = said(output)
    assert text.startswith('100000 references of "greet"')
    assert len(text) < 50_000
    assert f"{100_000 - text.count('many.py:')} more are left out" in text


async def test_a_place_beyond_the_text_is_told_as_such(two: Playground) -> None:
    two.language_servers = places(place(two.folder / "lib.py", 2**60))
    assert "the language server knows an older text" in await two.ask(references, **LIB_ARGUMENTS)


async def test_a_definition_comes_with_what_is_told_of_the_symbol(two: Playground) -> None:
    two.language_servers = places(place(two.folder / "lib.py", 0, 4), text="(function) greet(name: str) -> str")
    text = await two.ask(definition, **LIB_ARGUMENTS)
    assert text.endswith("lib.py:1: def greet(name):\n\nwhat is told of it:\n(function) greet(name: str) -> str")
    two.language_servers = places()
    assert await two.ask(definition, **LIB_ARGUMENTS) == 'no definition of "greet" is known'


# Symbols


async def test_the_symbols_of_a_file_are_its_outline(two: Playground) -> None:
    lib = two.folder / "lib.py"
    two.language_servers = places(
        replace(place(lib, 0, 0, "Greeter", 5), level=0, whole=Range(Position(0, 0), Position(8, 3))),
        replace(place(lib, 1, 0, "greet\n\u202e", 6), level=1),
        replace(place(lib, 9, 0, "odd", 999), level=-5),
    )
    text = await two.ask(symbols, path="lib.py")
    assert text.splitlines()[2:] == ["1-9\tclass Greeter", "2\t  method greet\\u{000A}\\u{202E}", "10\t odd"]
    assert (await two.ask(symbols, path="lib.py", query="GREETER")).splitlines()[2:] == ["1-9\tclass Greeter"]
    assert await two.ask(symbols, path="lib.py", query="none") == 'no symbols like "none" are known in lib.py'


async def test_symbols_are_found_by_name_in_the_workspace(two: Playground) -> None:
    two.language_servers = places(replace(place(two.folder / "lib.py", 0, 0, "greet", 12), container="lib"))
    text = await two.ask(symbols, query="gre")
    assert text.endswith("lib.py:1: def greet(name):  [function greet in lib]")
    assert two.questions[0] == LanguageRequest("workspaceSymbols", symbol="gre")
    assert "give a path, a query, or both" in await refused(two, symbols)


# Renaming


def renaming(ws: Playground, **versions: int) -> Said:
    """What a language server makes of it."""
    edits = {
        "lib.py": (TextEdit(span(0, 4, 9), "hail"),),
        "main.py": (
            TextEdit(span(4, 10, 15), "hail"),
            TextEdit(span(0, 16, 21), "hail"),
            TextEdit(span(4, 4, 9), "hail"),
        ),
    }
    found = tuple(
        DocumentEdits((ws.folder / name).as_uri(), own, versions.get(name.removesuffix(".py")))
        for name, own in edits.items()
    )
    return lambda asked: LanguageFindings(edits=found if asked.kind == "rename" else ())


HAIL = {**LIB_ARGUMENTS, "new_name": "hail"}


async def test_a_plan_shows_all_files_and_the_editor_changes_them_as_one(two: Playground) -> None:
    main = two.open("main.py", MAIN + "# greet, not saved\n")
    two.language_servers = renaming(two, main=1)
    plan = await two.plan(rename_symbol, **HAIL)
    assert plan.subject == FileSubject(two.folder / "lib.py", (main,))
    assert [shown.new_text for shown in plan.preview if isinstance(shown, Diff)] == [
        "def hail(name):\n    return name\n",
        "from lib import hail\n\n\ndef main():\n    hail(hail)\n# greet, not saved\n",
    ]
    assert two.changes == [], "a plan changes nothing"
    output = await plan.carry_out()
    assert [change.label for change in two.changes] == ["rename greet to hail"] * 2
    assert [change.document.version for change in two.changes] == [None, 1], "one was not open"
    assert "-def greet(name):\n+def hail(name):" in said(output)
    assert two.documents[main].text.endswith("    hail(hail)\n# greet, not saved\n")


async def test_what_changes_between_the_plan_and_the_deed_stops_all_of_it(two: Playground) -> None:
    main = two.open("main.py", MAIN)
    two.language_servers = renaming(two)
    for change in (lambda: two.type(main, MAIN + "x = 1\n"), lambda: two.write("lib.py", LIB + "y = 2\n")):
        plan = await two.plan(rename_symbol, **HAIL)
        change()
        with pytest.raises(ToolError, match=r"changed meanwhile: read it again. Nothing was changed.\nWhat changed"):
            await plan.carry_out()
        two.type(main, MAIN)
    assert two.changes == []


async def test_an_editor_that_only_says_that_it_did_is_found_out(two: Playground) -> None:
    two.language_servers, two.takes = renaming(two), False
    assert 'said that it changed "lib.py", "main.py", but it did not' in await refused(two, rename_symbol, **HAIL)


async def test_what_may_not_be_read_or_changed_fails_before_anybody_is_asked(two: Playground, tmp_path: Path) -> None:
    def at(uri: str, *edits: TextEdit) -> Said:
        own = edits or (TextEdit(span(0, 0, 1), "x"),)
        return lambda _: LanguageFindings(edits=(DocumentEdits(uri, own),))

    elsewhere, notebook = tmp_path / "other.py", two.write("table.ipynb", "{}")
    elsewhere.write_text("x")
    two.write(".env", "SECRET")
    hidden = two.write("private/plan.py", "SECRET")
    two.hidden = frozenset({hidden})
    cases: tuple[tuple[Said, str], ...] = (
        (at(elsewhere.as_uri()), "outside the workspace"),
        (at((two.folder / ".env").as_uri()), "usually hold secrets"),
        (at(hidden.as_uri()), "would change 1 of 1 files that a rule of the user's"),
        (at((two.folder / "none.py").as_uri()), 'there is no "none.py"'),
        (at("vscode-notebook-cell:/x#1"), "what is no file of its own"),
        (at(notebook.as_uri()), "a notebook"),
        (at((two.folder / "lib.py").as_uri(), TextEdit(span(0, 0, 1), "d")), "would change nothing"),
        (lambda _: LanguageFindings(), 'cannot rename "greet"'),
        (at((two.folder / "lib.py").as_uri(), TextEdit(span(0, 0, 5), "a"), TextEdit(span(0, 4, 9), "b")), "overlap"),
    )
    for answer, words in cases:
        two.language_servers = answer
        found = await refused(two, rename_symbol, **HAIL)
        assert words in found
        assert "SECRET" not in found
    two.open("lib.py", LIB)
    two.language_servers = renaming(two, lib=7)
    assert '"lib.py" has just changed in the editor' in await refused(two, rename_symbol, **HAIL)
    for name, words in (("greet", "called"), ("a b", "no name"), ("", "no name"), ("a\x00", "no name")):
        assert words in await refused(two, rename_symbol, **{**HAIL, "new_name": name})
    assert two.changes == []


async def test_a_renaming_of_very_many_files_is_left_to_the_person(two: Playground) -> None:
    edit = (TextEdit(span(0, 0, 1), "y"),)
    found = tuple(DocumentEdits(two.write(f"f{number}.py", "x").as_uri(), edit) for number in range(201))
    two.language_servers = lambda _: LanguageFindings(edits=found)
    assert "more than 200 files" in await refused(two, rename_symbol, **HAIL)
