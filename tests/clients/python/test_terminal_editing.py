"""`e` at a question: what would be done is opened in an editor, and saved is accepted."""

import shlex
import sys
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from anyio import create_task_group, fail_after, to_thread
from anyio.lowlevel import checkpoint
from in_terminal import InTerminal
from questions import ONCE, command, edit, permit
from test_terminal_questions import ARMED, answers, asked, echoes

from chatls_client.asked import PermissionQuestion
from chatls_client.asking import Asking
from chatls_client.drawing.toolrows import ASCII
from chatls_client.editor import NoEditorError, editor
from chatls_client.keys import Keys
from chatls_client.proposal import ProposalError, proposal_of

CHANGE = "Change it in your editor"
EDITOR = """\
import os, pathlib, sys, termios
path = pathlib.Path(sys.argv[-1])
text = path.read_bytes().decode()
cooked = bool(termios.tcgetattr(0)[3] & termios.ICANON)
print("EDITOR HAS", path.name, repr(text), "cooked" if cooked else "raw", "- what now?", flush=True)
wish = input()
if wish == "keep":
    path.write_bytes(text.encode())
elif wish.startswith("to "):
    path.write_bytes(wish[3:].encode().decode("unicode_escape").encode())
sys.exit(3 if wish == "fail" else 0)
"""


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """One whose editor is told in the terminal what to do, as a person would."""
    (tmp_path / "editor.py").write_text(EDITOR)
    return {"VISUAL": f"{shlex.quote(sys.executable)} -S {tmp_path / 'editor.py'}", "EDITOR": "false"}


def opened(terminal: InTerminal, wish: str) -> None:
    terminal.wait_for(CHANGE)
    terminal.press(b"e")
    terminal.wait_for("what now?")
    terminal.press(f"{wish}\n".encode())


def test_a_command_is_changed_and_runs_so(tmp_path: Path, env: dict[str, str]) -> None:
    with asked(permit(tmp_path, command("git status")), "--edits", env=env) as terminal:
        opened(terminal, r"to git status -s\n")
        assert terminal.end() == 0
        assert answers(terminal)["p0"] == {
            "outcome": "selected",
            "optionId": "allow_once",
            "arguments": {"command": "git status -s"},
        }
        assert r"EDITOR HAS command.sh 'git status\n' cooked" in terminal.written
        assert "→ Allow once, as you changed it · run_command git status" in terminal.screen
        assert echoes(terminal)


def test_the_text_of_a_file_is_changed(tmp_path: Path, env: dict[str, str]) -> None:
    question = edit("file:///project/a%20b.py", "one\ntwo\n", "one\nTWO\n")
    question["arguments"] = {"path": "a b.py", "edits": [{"old_text": "two", "new_text": "TWO"}]}
    with asked(permit(tmp_path, question), "--edits", env=env) as terminal:
        opened(terminal, r"to one\nzwei\n")
        assert terminal.end() == 0
        edits = [{"old_text": "one\ntwo\n", "new_text": "one\nzwei\n"}]
        assert answers(terminal)["p0"]["arguments"] == {"path": "a b.py", "edits": edits}
        assert r"EDITOR HAS a_b.py 'one\nTWO\n'" in terminal.written


def test_saved_as_it_is_means_yes(tmp_path: Path, env: dict[str, str]) -> None:
    with asked(permit(tmp_path, command("git status")), "--edits", env=env) as terminal:
        opened(terminal, "keep")
        assert terminal.end() == 0
        assert answers(terminal) == {"p0": {"outcome": "selected", "optionId": "allow_once"}}


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        ("leave", "Nothing was saved, so nothing was taken"),
        ("fail", "ended with an error (3), so nothing was taken"),
        (r"to \n", "there is no command left"),
    ],
)
def test_what_was_not_saved_leaves_the_question_open(wish: str, why: str, tmp_path: Path, env: dict[str, str]) -> None:
    with asked(permit(tmp_path, command("git status")), "--edits", env=env) as terminal:
        opened(terminal, wish)
        terminal.wait_for(why)
        terminal.press(b"n")
        assert terminal.end() == 0
        assert answers(terminal) == {"p0": {"outcome": "selected", "optionId": "reject_once"}}


def test_without_an_editor_it_says_so_and_asks_on(tmp_path: Path) -> None:
    with asked(permit(tmp_path, command("ls")), "--edits", env={"VISUAL": "/no/such/editor", "EDITOR": ""}) as terminal:
        terminal.wait_for(CHANGE)
        terminal.press(b"e")
        terminal.wait_for("/no/such/editor cannot be started: No such file or directory")
        terminal.press(b"y")
        assert terminal.end() == 0
        assert answers(terminal)["p0"] == {"outcome": "selected", "optionId": "allow_once"}


def test_a_daemon_that_takes_no_edited_answers_is_given_none(tmp_path: Path, env: dict[str, str]) -> None:
    with asked(permit(tmp_path, command("ls")), env=env) as terminal:
        terminal.wait_for(ARMED)
        assert CHANGE not in terminal.written
        terminal.press(b"e")
        terminal.wait_for("Press one of y, s, w, n, r, d")
        terminal.press(b"n")
        assert terminal.end() == 0


class OneKey(Keys):
    """Somebody who presses `e`."""

    @contextmanager
    def listening(self) -> Generator[None]:
        yield

    async def quiet(self, seconds: float) -> None:
        del seconds
        await checkpoint()

    async def press(self) -> str:
        await checkpoint()
        return "e"


@pytest.mark.asyncio
async def test_a_question_that_is_withdrawn_meanwhile_leaves_the_editor_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is in the middle of a sentence keeps the terminal; what they save is not sent any more."""
    opened, saved, ended = Event(), Event(), list[str]()

    def edited(name: str, text: str) -> str:
        del text
        opened.set()
        assert saved.wait(30)
        ended.append(name)
        return "rm x"

    monkeypatch.setattr("chatls_client.asking.edited", edited)
    question = asks({"command": "ls"}, options=[ONCE])
    asking = Asking(OneKey(-1, single=False), ASCII, lambda: None, live=False)
    with fail_after(30):
        async with create_task_group() as tasks:
            tasks.start_soon(partial(asking.ask, question, edits=True))
            await to_thread.run_sync(opened.wait)
            assert asking.editing
            tasks.cancel_scope.cancel()
            saved.set()
    assert ended == ["command.sh"]
    assert not asking.editing


# Which calls can be changed, and what becomes of them


def asks(arguments: dict[str, Any], *preview: dict[str, Any], **rest: Any) -> PermissionQuestion:
    given: dict[str, Any] = {
        "sessionId": "s",
        "turnId": "t",
        "toolCallId": "c",
        "title": "t",
        "toolKind": "edit",
        "options": [],
    }
    return PermissionQuestion.from_wire({**given, "arguments": arguments, "preview": list(preview), **rest})


def diff(old: str, new: str, change: str = "changed") -> dict[str, Any]:
    return {"type": "diff", "uri": "file:///p/a.py", "oldText": old, "newText": new, "change": change}


def test_a_command_of_words_stays_one(tmp_path: Path) -> None:
    del tmp_path
    proposal = proposal_of(asks({"command": ["git", "commit", "-m", "two words"], "cwd": "x"}))
    assert proposal is not None
    assert proposal.text == "git commit -m 'two words'\n"
    assert proposal.call("git commit -m 'three more words'\n") == {
        "command": ["git", "commit", "-m", "three more words"],
        "cwd": "x",
    }
    with pytest.raises(ProposalError, match="no command line"):
        proposal.call("git 'commit")


def test_a_new_file_is_its_content() -> None:
    proposal = proposal_of(asks({"path": "a.py", "content": "x"}, diff("", "x", "new")))
    assert proposal is not None
    assert (proposal.name, proposal.text) == ("a.py", "x")
    assert proposal.call("y") == {"path": "a.py", "content": "y"}


def test_what_a_person_takes_back_wholly_is_a_no() -> None:
    proposal = proposal_of(asks({"path": "a.py", "edits": []}, diff("x", "y")))
    assert proposal is not None
    with pytest.raises(ProposalError, match="answer no instead"):
        proposal.call("x")


@pytest.mark.parametrize(
    "question",
    [
        asks({"path": "a.py"}, diff("x", "", "deleted")),
        asks({"path": "a.py", "to": "b.py"}, diff("x", "x", "moved")),
        asks({"path": "a.py", "edits": []}, diff("x", "y"), diff("x", "y")),
        asks({"path": "a.py", "changes": []}, diff("x", "y")),
        asks({"path": "a.py", "edits": []}, {"type": "text", "text": "too long to be shown"}),
        asks({"path": "a.py", "edits": []}, diff("x", "y"), changed="Makefile"),
    ],
)
def test_what_is_no_single_text_is_not_offered(question: PermissionQuestion) -> None:
    assert proposal_of(question) is None


def test_the_editor_is_that_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISUAL", "code --wait")
    monkeypatch.setenv("EDITOR", "ed")
    assert editor() == ["code", "--wait"]
    monkeypatch.setenv("VISUAL", "")
    assert editor() == ["ed"]
    monkeypatch.setenv("EDITOR", "'half")
    with pytest.raises(NoEditorError, match="EDITOR"):
        editor()
