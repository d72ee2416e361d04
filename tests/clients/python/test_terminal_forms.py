"""Forms of MCP servers at a terminal, with the real daemon and a server that plays one: seen whole, then sent."""

import json
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from in_terminal import CTRL_C, InTerminal, in_terminal

from chatls_client import Client, Elicitation, FormAnswer, PermissionAnswer, PermissionQuestion
from chatls_client.drawing.formrows import FieldError, value_of
from chatls_client.protocol import FormField, FormValue, TextContent, ToolRunEnd

SERVER = Path(__file__).parents[2] / "mcp" / "server.py"
PROGRAM = """\
import json, sys, anyio
from pathlib import Path
from chatls_client.conversation import Conversation, Question
from chatls_client.terminal import choose_face

settings, told = Path(sys.argv[1]), Path(sys.argv[2])

def heard(event):
    if event.kind == "toolRunEnd":
        told.write_text(event.content[0].text)

question = Question("go", folders=(told.parent,), settings=json.loads(settings.read_text()))
sys.exit(anyio.run(Conversation(question, choose_face(color=True), heard).run))
"""
MENU = "Close it without an answer"
LINE = "Enter takes it"
SOON = 60


def settings(folder: Path, era: str = "legacy") -> dict[str, Any]:
    replies: list[Any] = [[{"toolCall": {"name": "own__form", "arguments": {}}}], [{"text": "Done."}]]
    script = folder / "script.json"
    script.write_text(json.dumps({"replies": replies, "chunkChars": 500}))
    return {
        "model": "scripted/demo",
        "providers": {"scripted": {"kind": "scripted", "script": str(script)}},
        "mcp": {"own": {"command": sys.executable, "args": [str(SERVER), "good", era]}},
        "permissions": [{"tool": "own__*", "action": "allow"}],
    }


def home(folder: Path) -> dict[str, str]:
    names = ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")
    place = folder / "home"
    place.mkdir(exist_ok=True)
    return dict.fromkeys(names, str(place))


@contextmanager
def asked(folder: Path, **env: str) -> Generator[InTerminal]:
    given = folder / "settings.json"
    given.write_text(json.dumps(settings(folder)))
    told = str(folder / "told")
    with in_terminal("-c", PROGRAM, str(given), told, width=120, env={**home(folder), **env}) as terminal:
        terminal.wait_for(MENU)
        yield terminal


def told(folder: Path) -> Any:
    """What the server was answered."""
    return json.loads((folder / "told").read_text())


def below(terminal: InTerminal, words: str) -> None:
    """Until these words stand on the screen."""
    terminal.wait_for_screen(lambda rows: any(words in row for row in rows))


def test_a_form_is_filled_in_field_by_field_and_sent_by_a_key(tmp_path: Path) -> None:
    with asked(tmp_path) as terminal:
        assert "own asks you" in "\n".join(terminal.screen)
        assert r"Which\u{202E} one?" in "\n".join(terminal.screen)
        assert "Send it" not in terminal.written
        terminal.press(b"f")
        below(terminal, "Size (a whole number; may be left out; Enter: 3)")
        below(terminal, LINE)
        terminal.press(b"many\r")
        below(terminal, "Not a whole number")
        terminal.press(b"\r")
        below(terminal, "kind (one of these, or its number)")
        terminal.press(b"\r")
        below(terminal, "This has to be filled in")
        terminal.press(b"2\r")
        below(terminal, "Send it to own")
        below(terminal, "→ b · kind")
        terminal.press(b"s")
        assert terminal.end() == 0
        assert told(tmp_path) == {"action": "accept", "content": {"size": 3, "kind": "b"}}
        assert "→ Sent · the form of own" in terminal.screen


@pytest.mark.parametrize(("key", "action", "line"), [(b"d", "decline", "Declined"), (b"c", "cancel", "Closed")])
def test_a_form_is_declined_or_closed_by_a_key_and_by_nothing_else(
    key: bytes, action: str, line: str, tmp_path: Path
) -> None:
    with asked(tmp_path) as terminal:
        terminal.press(b"s")
        below(terminal, "Press one of f, d, c")
        terminal.press(key)
        assert terminal.end() == 0
        assert told(tmp_path) == {"action": action}
        assert f"→ {line} · the form of own" in terminal.screen


def test_escape_leads_back_and_what_was_written_is_kept(tmp_path: Path) -> None:
    with asked(tmp_path) as terminal:
        terminal.press(b"f")
        below(terminal, LINE)
        terminal.press(b"7\r")
        below(terminal, "kind (")
        terminal.press(b"\x1b")
        below(terminal, MENU)
        assert not [row for row in terminal.screen if "Send it" in row]
        terminal.press(b"f")
        below(terminal, "Enter: 7")
        terminal.press(b"\r")
        terminal.wait_for_screen(lambda rows: sum("kind (" in row for row in rows) == 2)
        terminal.press(b"a\r")
        below(terminal, "Send it to own")
        terminal.press(b"s")
        assert terminal.end() == 0
        assert told(tmp_path)["content"] == {"size": 7, "kind": "a"}


def test_a_cancelled_turn_takes_its_form_away(tmp_path: Path) -> None:
    with asked(tmp_path) as terminal:
        terminal.press(b"f")
        below(terminal, LINE)
        terminal.press(CTRL_C)
        assert terminal.end() == 130
        assert "→ no longer asked · the form of own" in terminal.screen


def test_a_dumb_terminal_fills_it_in_line_by_line(tmp_path: Path) -> None:
    with asked(tmp_path, TERM="dumb") as terminal:
        terminal.press(b"f\n")
        terminal.wait_for("Size (")
        terminal.press(b"\x1b\n")
        terminal.wait_for_screen(lambda rows: sum(MENU in row for row in rows) == 2)
        terminal.press(b"f\n")
        terminal.wait_for_screen(lambda rows: sum("Size (" in row for row in rows) == 2)
        terminal.press(b"5\n")
        terminal.wait_for("kind (")
        terminal.press(b"b\n")
        terminal.wait_for("Send it")
        terminal.press(b"s\n")
        assert terminal.end() == 0
        assert told(tmp_path)["content"] == {"size": 5, "kind": "b"}
        assert "\x1b[" not in terminal.written


async def answered(folder: Path, **options: Any) -> Any:
    """What the server was answered by a client of the library."""
    ends: list[ToolRunEnd] = []

    async def yes(question: PermissionQuestion) -> PermissionAnswer:
        return PermissionAnswer.to(question, "allow_once")

    given = {**os.environ, **home(folder)}
    with anyio.fail_after(SOON):
        async with Client.start(roots=[folder], env=given, permission=yes, **options) as client:
            await client.request("chat/tools", {"settled": True})
            ends = [event async for event in client.prompt("go") if isinstance(event, ToolRunEnd)]
    (content,) = ends[0].content
    assert isinstance(content, TextContent)
    return json.loads(content.text)


@pytest.mark.asyncio
@pytest.mark.parametrize("era", ["legacy", "modern"])
async def test_a_callback_gets_the_form_and_its_answer_goes_back(era: str, tmp_path: Path) -> None:
    forms: list[Elicitation] = []

    async def fill(form: Elicitation) -> FormAnswer:
        forms.append(form)
        return FormAnswer("accept", {"kind": "a", "size": 9})

    given = settings(tmp_path, era)
    assert await answered(tmp_path, settings=given, form=fill) == {
        "action": "accept",
        "content": {"size": 9, "kind": "a"},
    }
    assert (forms[0].server, [field.name for field in forms[0].fields]) == ("own", ["size", "kind"])


@pytest.mark.asyncio
async def test_without_a_callback_as_in_a_pipe_no_form_is_shown(tmp_path: Path) -> None:
    assert await answered(tmp_path, settings=settings(tmp_path)) == {"action": "cancel"}


def field(kind: Any, *, required: bool = True, **more: Any) -> FormField:
    return FormField("it", "It", kind, required, **more)


@pytest.mark.parametrize(
    ("asked_for", "typed", "value"),
    [
        (field("string"), " as it is ", " as it is "),
        (field("integer"), " -12 ", -12),
        (field("number"), "1.5e3", 1500.0),
        (field("number"), "7", 7),
        (field("boolean"), "Y", True),
        (field("boolean"), "no", False),
        (field("choice", choices=("a", "b")), "2", "b"),
        (field("choice", choices=("2", "1")), "2", "2"),
        (field("string", required=False), "", None),
        (field("boolean", default=False), "", False),
    ],
)
def test_what_is_typed_is_a_value_of_its_kind(asked_for: FormField, typed: str, value: FormValue) -> None:
    found = value_of(asked_for, typed)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("asked_for", "typed"),
    [
        (field("string"), ""),
        (field("string"), "x" * 10_001),
        (field("integer"), "1.5"),
        (field("integer"), "9" * 400),
        (field("number"), "nan"),
        (field("number"), "1e999"),
        (field("boolean"), "perhaps"),
        (field("choice", choices=("a", "b")), "3"),
        (field("choice", choices=("a", "b")), "²"),
    ],
)
def test_what_does_not_fit_is_said_so(asked_for: FormField, typed: str) -> None:
    with pytest.raises(FieldError):
        value_of(asked_for, typed)
