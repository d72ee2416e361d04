"""Questions at a terminal: keys answer them, nothing else does, and who decides sees all of what would be done."""

import json
import os
import pty
import signal
import sys
import termios
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest
from in_terminal import CTRL_C, InTerminal, gone, in_terminal
from questions import NEVER, NO, ONCE, SESSION, WORKSPACE, command, edit, permit

from chatls_client.drawing.questionrows import choices
from chatls_client.keys import NO_KEY, Keys
from chatls_client.letters import EDITS, LETTERS, WITH_WORDS, letters
from chatls_client.protocol import PermissionOption
from chatls_client.terminal import main

FAKE = [sys.executable, "-S", str(Path(__file__).with_name("fake_daemon.py"))]
PROGRAM = """\
import sys
from chatls_client.terminal import main
sys.exit(main(sys.argv[1:2], command=[sys.executable, "-S", *sys.argv[2:]]))
"""
WITHOUT_KEYBOARD = "import os\nos.dup2(os.open(os.devnull, os.O_RDONLY), 0)\n"
ARMED = "No, and say what to do instead"


@contextmanager
def asked(
    prompt: str, *flags: str, program: str = PROGRAM, width: int = 120, env: dict[str, str] | None = None
) -> Generator[InTerminal]:
    with in_terminal("-c", program, prompt, FAKE[-1], *flags, width=width, env=env) as terminal:
        yield terminal


def answers(terminal: InTerminal) -> dict[str, Any]:
    """What the fake daemon was answered: it is the text of its answer, and stands between two empty rows."""
    rows = terminal.screen
    start = next(at for at, row in enumerate(rows) if row.startswith('{"p'))
    return json.loads(" ".join(rows[start : rows.index("", start)]))


def echoes(terminal: InTerminal) -> bool:
    """Whether the terminal is as a shell wants it."""
    return bool(terminal.mode & termios.ECHO) and bool(terminal.mode & termios.ICANON)


@pytest.mark.parametrize(
    ("key", "option", "line"),
    [
        (b"y", "allow_once", "→ Allow once · run_command git status"),
        (b"s", "allow_session", "→ Allow `git status` in this session · run_command git status"),
        (b"w", "allow_workspace", "→ Always allow `git status` in this workspace · run_command git status"),
        (b"n", "reject_once", "→ No · run_command git status"),
        (b"d", "reject_session", "→ No, not again in this session · run_command git status"),
    ],
)
def test_one_key_answers_and_a_line_tells_how_for_good(key: bytes, option: str, line: str, tmp_path: Path) -> None:
    with asked(permit(tmp_path, command("git status"))) as terminal:
        terminal.wait_for(ARMED)
        terminal.press(key)
        assert terminal.end() == 0
        assert answers(terminal) == {"p0": {"outcome": "selected", "optionId": option}}
        assert terminal.screen[2:5] == ["? run_command git status", "  │ git status", line]
        assert echoes(terminal)


def test_words_go_with_a_no(tmp_path: Path) -> None:
    with asked(permit(tmp_path, command("git status"))) as terminal:
        terminal.wait_for(ARMED)
        terminal.press(b"r")
        terminal.wait_for("What to do instead?")
        terminal.press("use the täst rubner".encode())
        terminal.press(b"\x17ru\x7funner\r")
        assert terminal.end() == 0
        feedback = "use the täst runner"
        assert answers(terminal) == {"p0": {"outcome": "selected", "optionId": "reject_once", "feedback": feedback}}
        assert f"→ No: {feedback} · run_command git status" in terminal.screen


def test_escape_leads_back_from_the_words(tmp_path: Path) -> None:
    with asked(permit(tmp_path, command("git status"))) as terminal:
        terminal.wait_for(ARMED)
        terminal.press(b"r")
        terminal.wait_for("What to do instead?")
        terminal.press(b"yes")
        terminal.wait_for("→ yes")
        terminal.press(b"\x1b")
        terminal.wait_for_screen(lambda rows: any(ARMED in row for row in rows))
        terminal.press(b"y")
        assert terminal.end() == 0
        assert answers(terminal)["p0"] == {"outcome": "selected", "optionId": "allow_once"}


@pytest.mark.parametrize(
    ("keys", "hint"),
    [
        (b"\n", "Enter answers nothing: press one of y, s, w, n, r, d"),
        (b"Y", "Press one of y, s, w, n, r, d"),
        (b"e", "Press one of y, s, w, n, r, d"),
        (b"q", "Press one of y, s, w, n, r, d"),
        (b"y\nyes\n", "Press one of"),
        (b"\x1b[A", "Press one of"),
    ],
)
def test_enter_a_paste_and_other_keys_answer_nothing(keys: bytes, hint: str, tmp_path: Path) -> None:
    with asked(permit(tmp_path, command("git status"))) as terminal:
        terminal.wait_for(ARMED)
        terminal.press(keys)
        terminal.wait_for(hint)
        terminal.press(b"n")
        assert terminal.end() == 0
        assert answers(terminal)["p0"]["optionId"] == "reject_once"


def test_what_was_typed_before_the_question_answers_nothing(tmp_path: Path) -> None:
    with asked(permit(tmp_path, command("git status"))) as terminal:
        terminal.press(b"y")
        terminal.wait_for(ARMED)
        terminal.press(b"n")
        assert terminal.end() == 0
        assert answers(terminal)["p0"]["optionId"] == "reject_once"


def test_questions_come_one_after_the_other_while_the_rest_is_drawn_on(tmp_path: Path) -> None:
    first = command("ls", {**ONCE, "label": "Allow the first"}, NO)
    second = command("id", {**ONCE, "label": "Allow the second"}, NO)
    with asked(permit(tmp_path, first, second, text="Text that comes meanwhile.")) as terminal:
        terminal.wait_for("Allow the first")
        terminal.wait_for("comes meanwhile.")
        terminal.wait_for("1 more question waits")
        assert "Allow the second" not in terminal.written
        terminal.press(b"y")
        terminal.wait_for("Allow the second")
        terminal.press(b"n")
        assert terminal.end() == 0
        assert {name: reply["optionId"] for name, reply in answers(terminal).items()} == {
            "p0": "allow_once",
            "p1": "reject_once",
        }
        assert [row for row in terminal.screen if row and row[:2] not in ('{"', "──")] == [
            "◆ fake/one",
            "? run_command ls",
            "  │ ls",
            "→ Allow the first · run_command ls",
            "✓ run_command ls · 3 ms",
            "? run_command id",
            "  │ id",
            "→ No · run_command id",
            "■ run_command id · denied",
        ]


@pytest.mark.parametrize("name", ["p0", "p1"])
def test_a_question_that_is_withdrawn_is_not_asked_any_more(name: str, tmp_path: Path) -> None:
    prompt = permit(tmp_path, command("ls"), command("id"), withdraw=[(0, name)])
    with asked(prompt) as terminal:
        terminal.wait_for_screen(lambda rows: any(ARMED in row for row in rows) and "1 more" not in "".join(rows))
        terminal.press(b"n")
        assert terminal.end() == 0
        left = "p1" if name == "p0" else "p0"
        assert answers(terminal) == {name: -32800, left: {"outcome": "selected", "optionId": "reject_once"}}


def test_ctrl_c_cancels_the_turn_and_its_questions(tmp_path: Path) -> None:
    with asked(permit(tmp_path, command("ls"), command("id"))) as terminal:
        terminal.wait_for(ARMED)
        assert not echoes(terminal)
        (daemon,) = terminal.children()
        terminal.press(CTRL_C)
        assert terminal.end() == 130
        assert gone(daemon)
        assert "→ cancelled · run_command ls" in terminal.screen
        assert "── cancelled" in "\n".join(terminal.screen)
        assert echoes(terminal)


def test_a_hangup_in_a_question_leaves_the_terminal_as_it_was(tmp_path: Path) -> None:
    with asked(permit(tmp_path, command("ls"))) as terminal:
        terminal.wait_for(ARMED)
        os.kill(terminal.pid, signal.SIGHUP)
        assert terminal.end() == 129
        assert echoes(terminal)


def test_all_of_a_hostile_command_is_seen_and_none_of_it_works(tmp_path: Path) -> None:
    lines = "\n".join(f"echo {number}" for number in range(500))
    line = f"ls \x1b]52;c;aGk=\x07\x1b[2J \u202e\u2066\u200b[red]\r{' ' * 300}; rm -rf ~\n{lines}"
    with asked(permit(tmp_path, command(line, title=line)), width=60) as terminal:
        terminal.wait_for("all of it stands above, in ")
        terminal.press(b"n")
        assert terminal.end() == 0
        rows = terminal.screen
        text = "".join(row.removeprefix("  │ ") for row in rows)
        shown = r"ls \u{001B}]52;c;aGk=\u{0007}\u{001B}[2J \u{202E}\u{2066}\u{200B}[red]\u{000D}⟨300 spaces⟩; rm -rf ~"
        assert shown in text
        assert [row for row in rows if row.startswith("  │ echo ")] == [f"  │ echo {number}" for number in range(500)]
        assert not [evil for evil in ("\x1b]", "\x07", "\u202e", "\u200b", "\x1b[2J") if evil in terminal.written]


def test_a_long_line_is_shown_to_its_end(tmp_path: Path) -> None:
    line = "echo " + "x" * 1000 + " ; the end"
    with asked(permit(tmp_path, command(line, title="run_command")), width=40) as terminal:
        terminal.wait_for(ARMED)
        terminal.press(b"n")
        assert terminal.end() == 0
        assert line in "".join(row.removeprefix("  │ ") for row in terminal.screen if row.startswith("  │ "))


def test_a_change_is_shown_as_a_diff_with_invisible_characters_made_visible(tmp_path: Path) -> None:
    old = "".join(f"line {number}\n" for number in range(40))
    new = old.replace("line 20\n", "line 20 \u202e# safe\nline 20b\n")
    with asked(permit(tmp_path, edit("file:///project/a%20b.py", old, new))) as terminal:
        terminal.wait_for(ARMED)
        assert "\x1b[32m+line 20" in terminal.written
        assert "\x1b[31m-line 20" in terminal.written
        terminal.press(b"n")
        assert terminal.end() == 0
        shown = [row.removeprefix("  │ ") for row in terminal.screen if row.startswith("  │ ")]
        assert shown == [
            "/project/a b.py +2 -1",
            "@@ -18,7 +18,8 @@",
            *(f" line {number}" for number in (17, 18, 19)),
            "-line 20",
            r"+line 20 \u{202E}# safe",
            "+line 20b",
            *(f" line {number}" for number in (21, 22, 23)),
        ]


def test_a_dumb_terminal_asks_line_by_line(tmp_path: Path) -> None:
    with asked(permit(tmp_path, command("git status")), env={"TERM": "dumb"}) as terminal:
        terminal.wait_for(ARMED)
        assert echoes(terminal)
        terminal.press(b"\n")
        terminal.wait_for("Enter answers nothing")
        terminal.press(b"r\n")
        terminal.wait_for("What to do instead?")
        terminal.press(b"too slow\n")
        assert terminal.end() == 0
        assert answers(terminal)["p0"]["feedback"] == "too slow"
        assert "\x1b" not in terminal.written


def test_without_a_terminal_it_denies_says_so_once_and_goes_on(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main([permit(tmp_path, command("ls"), command("id"))], command=FAKE) == 0
    out, err = capfd.readouterr()
    replies = json.loads(out)
    assert {reply["optionId"] for reply in replies.values()} == {"reject_once"}
    assert "no terminal" in replies["p0"]["feedback"]
    assert err == "chatls: there is no terminal to ask in, so edits and commands are denied\n"


def test_without_a_keyboard_it_denies_and_says_so_once(tmp_path: Path) -> None:
    prompt = permit(tmp_path, command("ls"), command("id"))
    with asked(prompt, program=WITHOUT_KEYBOARD + PROGRAM) as terminal:
        assert terminal.end() == 0
        assert {reply["optionId"] for reply in answers(terminal).values()} == {"reject_once"}
        assert "\n".join(terminal.screen).count("there is no terminal to ask in") == 1


@pytest.mark.asyncio
async def test_keys_that_come_too_early_are_forgotten() -> None:
    master, slave = pty.openpty()
    keys = Keys(slave, single=True)
    with anyio.fail_after(20), keys.listening():
        os.write(master, b"yy")
        await keys.quiet(0.05)
        os.write(master, b"n")
        assert await keys.press() == "n"
        os.write(master, "äö".encode())
        assert await keys.press() == NO_KEY
    os.close(slave)
    os.close(master)


@pytest.mark.asyncio
async def test_a_keyboard_that_has_gone_ends_the_asking() -> None:
    master, slave = pty.openpty()
    os.close(master)
    with anyio.fail_after(20), pytest.raises(EOFError):
        await Keys(slave, single=False).press()
    os.close(slave)


def test_every_option_has_a_key_of_its_own() -> None:
    wire = [ONCE, SESSION, WORKSPACE, NO, NEVER, {"id": "x", "label": "Maybe", "kind": "perhaps"}, ONCE]
    found = choices(tuple(PermissionOption.from_wire(option) for option in wire))
    assert [choice.key for choice in found] == ["y", "s", "w", "n", "r", "d", "6", "7"]
    assert choices(()) == ()


@dataclass
class Offered:
    id: str
    kind: str
    scope: str = ""


def test_the_letters_are_those_of_all_clients() -> None:
    cases = json.loads((Path(__file__).parents[2] / "answers" / "keys.json").read_text("utf-8"))
    for case in cases:
        assert list(letters([Offered(**option) for option in case["options"]])) == case["keys"], case["what"]


def test_no_letter_answers_two_things() -> None:
    used = [row.key for row in LETTERS] + [WITH_WORDS, EDITS]
    assert len(set(used)) == len(used)
