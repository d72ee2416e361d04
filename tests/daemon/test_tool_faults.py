"""Tools that fail in every way there is: the model is told, the turn goes on, nothing is left behind."""

import os
import shlex
import socket
import sys
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import pytest

from tests.daemon.aftermath import Chat, call, edit, read, run, write
from tests.daemon.conftest import Shared, Start
from tests.daemon.editor import Editor
from tests.daemon.processes import resident
from tests.daemon.raw import Json, Turn
from tests.support.http_server import ScriptedServer

FAULTY = [sys.executable, str(Path(__file__).with_name("faulty.py"))]


@pytest.fixture(scope="module")
def shared_faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    shared = Shared(tmp_path_factory.mktemp("faulty"), command=FAULTY, permission=True, edits=True)
    yield shared
    shared.close()


@pytest.fixture
def chat(shared_faulty: Shared) -> Iterator[Chat]:
    with ScriptedServer() as server:
        yield Chat(shared_faulty.get(), server)
        shared_faulty.check()


@pytest.fixture
def root(chat: Chat) -> Path:
    return chat.daemon.folder / "root"


def statuses(turn: Turn) -> list[str]:
    """How the calls of a turn ended, in their order."""
    turn.result()
    began = [event["toolCallId"] for event in turn.events if event["kind"] == "toolCallStart"]
    ends = {event["toolCallId"]: event["status"] for event in turn.events if event["kind"] == "toolRunEnd"}
    return [ends[call_id] for call_id in began]


# Commands


def begin(chat: Chat, command: str | list[str], **more: object) -> Turn:
    return chat.allowed(run(command, **more))


def test_a_command_that_hangs_is_ended_and_what_it_wrote_is_told(chat: Chat) -> None:
    """Tool fault 70."""
    assert "never" not in chat.timed_out("echo begun; (sleep 600; echo never) & sleep 600")


def test_a_command_that_ignores_the_polite_signal_is_killed(chat: Chat) -> None:
    """Tool fault 71."""
    chat.timed_out("trap '' TERM HUP INT; echo begun; while :; do sleep 600; done")


LEAVING = (
    "import os, time; mine, its = os.pipe(); os.fork() and (os.read(mine, 1), os._exit(0)); "
    'os.setsid(); os.write(its, b"x"); time.sleep(600)'
)


@pytest.mark.parametrize(
    "command",
    [
        "echo begun; sleep 600 &",
        "echo begun; nohup sleep 600 & exit 0",
        "echo begun; (sleep 600 & sleep 600 &) ; trap 'sleep 600' EXIT TERM & exit 0",
        pytest.param(
            f"echo begun; {shlex.quote(sys.executable)} -c '{LEAVING}'",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who left the process group"),
        ),
    ],
)
def test_what_a_command_leaves_behind_holds_nothing_up_and_is_ended(chat: Chat, command: str) -> None:
    """Tool fault 72: it keeps the pipe, or leaves for a session of its own."""
    turn = begin(chat, command, timeout=60)
    assert turn.ended()["status"] == "completed"
    (told,) = chat.told(turn)
    assert told.startswith("exit code 0")
    assert "begun" in told


def test_a_command_that_forks_on_and_on_ends_in_time(chat: Chat) -> None:
    """Tool fault 73, within bounds: 127 shells."""
    fork = 'f() { if [ "$1" -gt 0 ]; then f $(($1 - 1)) & f $(($1 - 1)) & wait; else sleep 600; fi; }; f 6'
    chat.timed_out(f"echo begun; {fork}")


def test_an_output_without_end_costs_no_memory_and_no_flood(chat: Chat) -> None:
    """Tool fault 74."""
    before = resident(chat.daemon.pid)
    told = chat.timed_out("yes 'a line that is written again and again'", "bytes left out here")
    assert len(told.encode()) <= 51200
    shown = [message["params"]["value"] for message in chat.daemon.log if message.get("method") == "$/progress"]
    assert sum(len(value["text"]) for value in shown if value["kind"] == "toolRunOutput") < 2**20
    assert resident(chat.daemon.pid) - before < 32 * 2**20


def test_output_that_is_no_text_is_told_as_text(chat: Chat) -> None:
    """Tool fault 75: bar, NUL, invalid UTF-8, half a character at the end, no newline."""
    wild = r"printf '10%%\r50%%\r100%%\na\000b\377c\033[31mred\033[0m\033]0;title\007\r\nend\303'"
    turn = begin(chat, wild)
    assert statuses(turn) == ["completed"]
    (told,) = chat.told(turn)
    assert "100%\n" in told
    assert "50%" not in told
    assert "red" in told
    assert "end\ufffd" in told
    assert not {"\0", "\r", "\x1b", "\x07"} & set(told)
    shown = "".join(event["text"] for event in turn.events if event["kind"] == "toolRunOutput")
    assert "red" in shown
    assert not {"\0", "\x1b", "\x07"} & set(shown)


def test_a_line_without_an_end_is_cut_within(chat: Chat) -> None:
    """Tool fault 75."""
    turn = begin(chat, "head -c 3000000 /dev/zero | tr '\\0' x")
    assert turn.ended()["truncated"]
    (told,) = chat.told(turn)
    assert "bytes left out here" in told
    assert len(told) <= 51200


def test_a_command_that_asks_gets_no_answer(chat: Chat) -> None:
    """Tool fault 76: standard input is at its end, and there is no terminal."""
    turn = begin(chat, "read word; echo code $?; cat; (: </dev/tty) 2>/dev/null || echo no terminal", timeout=60)
    assert statuses(turn) == ["completed"]
    (told,) = chat.told(turn)
    assert "code 1\nno terminal" in told


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("exit 3", "exit code 3"),
        ("kill -SEGV $$", "killed by SIGSEGV"),
        ("kill -KILL $$", "killed by SIGKILL"),
        (["false"], "exit code 1"),
        ("no-such-program-4711", "exit code 127"),
        ("rmdir ../root/away 2>/dev/null; mkdir away && cd away && rmdir ../away; pwd; ls; exit 5", "exit code 5"),
    ],
)
def test_how_a_command_ended_is_told(chat: Chat, command: str | list[str], words: str) -> None:
    """Tool faults 77 and 78."""
    turn = begin(chat, command)
    assert statuses(turn) == ["completed"]
    assert words in chat.told(turn)[0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"command": ["no-such-program-4711"]}, "command not found"),
        ({"command": ["./a.txt"]}, "not an executable"),
        ({"command": "echo", "cwd": "nowhere"}, "nowhere"),
        ({"command": "echo", "cwd": "a.txt"}, "is a file"),
        ({"command": "echo", "cwd": ".."}, "outside"),
        ({"command": " "}, "empty"),
        ({"command": "a\0b"}, "NUL"),
    ],
)
def test_what_cannot_run_is_told_before_anybody_is_asked(chat: Chat, arguments: Json, words: str) -> None:
    """Tool fault 78."""
    turn = chat.prompt(call("run_command", **arguments))
    assert statuses(turn) == ["failed"]
    assert words in chat.told(turn)[0]
    assert turn.questions() == []


def test_a_folder_that_is_deleted_while_the_question_is_open_is_told(chat: Chat, root: Path) -> None:
    """Tool fault 78."""
    (root / "brief").mkdir()
    turn = chat.prompt(run("echo in vain", cwd="brief"))
    question = turn.question()
    (root / "brief").rmdir()
    chat.daemon.choose(question, "allow_once")
    assert statuses(turn) == ["failed"]
    assert "gone" in chat.told(turn)[0]


# Reading


def test_what_is_no_text_to_read_is_told(chat: Chat, root: Path) -> None:
    """Tool fault 79, all in one reply: each has its own result."""
    (root / "binary").write_bytes(bytes(range(256)))
    (root / "empty").touch()
    (root / "odd").write_bytes(b"\xef\xbb\xbfone\r\ntw\xffo\r\n")
    (root / "wide").write_bytes("one\ntwo\n".encode("utf-16"))
    (root / "one line").write_bytes(b"x" * 20_000_000)
    with (root / "huge").open("wb") as file:
        file.truncate(5 * 2**30)
    os.mkfifo(root / "pipe")
    (root / "zero").symlink_to("/dev/zero")
    (root / "loop").symlink_to("loop")
    (root / "gone").symlink_to("nothing")
    with socket.socket(socket.AF_UNIX) as server:
        with chdir(root):  # the name of a socket may not be long
            server.bind("socket")
        names = ["binary", "empty", "odd", "wide", "one line", "huge", "pipe", "socket", "zero", "loop", "gone", "."]
        turn = chat.prompt(*map(read, names))
        ends = dict(zip(names, statuses(turn), strict=True))
        told = dict(zip(names, chat.told(turn), strict=True))
    good = {name for name, status in ends.items() if status == "completed"}
    assert good == {"empty", "odd", "wide", "one line"}, told
    assert "two" in told["wide"]
    assert all(len(words) <= 51200 for words in told.values())
    assert all(len(told[name]) < 400 for name in set(names) - good), told
    for name in ("huge", "one line", "pipe", "socket", "loop", "gone", "zero"):
        (root / name).unlink()


def test_what_may_not_be_read_is_told(chat: Chat, root: Path) -> None:
    """Tool faults 79 and 80."""
    (root / "locked").mkdir()
    (root / "locked" / "file").write_text("needle")
    (root / "locked").chmod(0)
    if os.access(root / "locked", os.R_OK):
        pytest.skip("whoever may do all is forbidden nothing")
    turn = chat.prompt(read("locked/file"), call("search", pattern="needle"), call("list_files", path="locked"))
    try:
        assert statuses(turn) == ["failed", "completed", "failed"]
        for words in chat.told(turn):
            assert "ermission denied" in words
            assert "started" not in words
    finally:
        (root / "locked").chmod(0o700)


def test_a_tree_of_odd_names_and_loops_is_searched(chat: Chat, root: Path) -> None:
    """Tool fault 80."""
    tree = root / "tree"
    tree.mkdir()
    (tree / "again").symlink_to(tree)
    (tree / "a\nb").write_text("needle 1\n")
    (tree / "-e").write_text("needle 2\n")
    if sys.platform == "linux":
        (tree / os.fsdecode(b"\xff\xfe")).write_text("needle 3\n")
    os.mkfifo(tree / "pipe")
    turn = chat.prompt(call("search", pattern="needle", path="tree"), call("list_files", path="tree"))
    assert statuses(turn) == ["completed", "completed"]
    found, listed = chat.told(turn)
    for number in (1, 2, *((3,) if sys.platform == "linux" else ())):
        assert f"needle {number}" in found
    assert "again/again" not in listed


# Edits


def test_an_edit_without_one_place_says_what_is_there(chat: Chat, root: Path) -> None:
    """Tool fault 81: none, several; nothing is changed and nobody is asked."""
    (root / "places.txt").write_text("one\ntwo\ntwo\n")
    turn = chat.prompt(read("places.txt"))
    turn.result()
    session = {"sessionId": turn.session_id}
    turn = chat.prompt(edit("places.txt", "three", "3"), edit("places.txt", "two", "2"), **session)
    assert statuses(turn) == ["failed", "failed"]
    _, none, several = chat.told(turn)
    assert "not" in none
    assert "2" in several
    assert turn.questions() == []
    assert (root / "places.txt").read_text() == "one\ntwo\ntwo\n"


@pytest.mark.parametrize("way", ["on the disk", "in the editor", "opened", "deleted"])
def test_a_file_that_changed_since_it_was_read_is_read_again(chat: Chat, root: Path, way: str) -> None:
    """Tool fault 81: stale on the disk and in the buffer."""
    editor = Editor(chat.daemon, f"stale {way}.txt")
    editor.path.write_text("one\ntwo\n")
    if way == "in the editor":
        editor.open("one\ntwo\n")
    turn = chat.prompt(read(editor.path.name))
    turn.result()
    match way:
        case "on the disk":
            editor.path.write_text("one\nTWO\nthree\n")
        case "in the editor":
            editor.type("one\nTWO\nthree\n")
        case "opened":
            editor.open("one\nTWO\nunsaved\n")
        case _:
            editor.path.unlink()
    turn = chat.prompt(edit(editor.path.name, "two", "2"), sessionId=turn.session_id)
    assert statuses(turn) == ["failed"]
    told = chat.told(turn)[-1]
    assert ("What changed since you read it" if way != "deleted" else editor.path.name) in told
    assert turn.questions() == []
    if way in ("in the editor", "opened"):
        editor.close()


def test_a_file_that_may_not_be_written_is_left_alone(chat: Chat, root: Path) -> None:
    """Tool fault 81."""
    path = root / "fixed.txt"
    path.write_text("one\n")
    path.chmod(0o444)
    turn = chat.prompt(read("fixed.txt"), edit("fixed.txt", "one", "1"), tools=["read_file"])
    turn.result()
    turn = chat.prompt(edit("fixed.txt", "one", "1"), sessionId=turn.session_id)
    chat.daemon.choose(turn.question(), "allow_once")
    assert statuses(turn) == ["failed"]
    assert "read-only" in chat.told(turn)[-1]
    assert path.read_text() == "one\n"
    assert path.stat().st_mode & 0o777 == 0o444


def test_a_link_to_a_file_stays_one(chat: Chat, root: Path) -> None:
    """Tool fault 81: the file is changed, keeping its mode, its mark, its line ends and its missing newline."""
    path, link = root / "real.sh", root / "link.sh"
    path.write_bytes(b"\xef\xbb\xbfone\r\ntwo")
    path.chmod(0o750)
    link.symlink_to("real.sh")
    turn = chat.prompt(read("link.sh"))
    turn.result()
    turn = chat.allowed(edit("link.sh", "two", "2"), sessionId=turn.session_id)
    assert statuses(turn) == ["completed"]
    chat.told(turn)
    assert path.read_bytes() == b"\xef\xbb\xbfone\r\n2"
    assert path.stat().st_mode & 0o777 == 0o750
    assert link.is_symlink()


def test_edits_of_one_file_in_one_reply_come_in_order(chat: Chat, root: Path) -> None:
    """Tool fault 81: each sees what the one before it left; the one that fits no more fails, the next one goes on."""
    path = root / "row.txt"
    path.write_text("0\n")
    turn = chat.prompt(read("row.txt"))
    turn.result()
    steps = [("0", "1"), ("1", "2"), ("0", "never"), ("2", "3"), ("3", "4")]
    turn = chat.allowed(*(edit("row.txt", *step) for step in steps), questions=4, sessionId=turn.session_id)
    assert statuses(turn) == ["completed", "completed", "failed", "completed", "completed"]
    chat.told(turn)
    assert path.read_text() == "4\n"


def test_two_sessions_that_edit_one_file_lose_no_edit(chat: Chat, root: Path) -> None:
    """Tool fault 81: the second plans on what the first left; where that took its lines, it is told what changed."""
    path = root / "ours.txt"
    path.write_text("one\ntwo\n")
    turns = [chat.prompt(read("ours.txt")) for _ in range(2)]
    sessions = [turn.session_id for turn in turns]
    for turn in turns:
        turn.result()
    first = chat.prompt(edit("ours.txt", "one", "1"), sessionId=sessions[0])
    question = first.question()
    second = chat.prompt(edit("ours.txt", "two", "2"), edit("ours.txt", "one", "uno"), sessionId=sessions[1])
    second.event("stepEnd")
    chat.daemon.choose(question, "allow_once")
    assert statuses(first) == ["completed"]
    chat.daemon.choose(second.question(), "allow_once")
    assert statuses(second) == ["completed", "failed"]
    assert "+1" in chat.told(second)[-2]
    assert "old_text was not found" in chat.told(second)[-1]
    chat.told(first)
    assert path.read_text() == "1\n2\n"


def test_a_full_disk_leaves_the_file_as_it_was(start: Start) -> None:
    """Tool faults 81 and 74: a limit on the size of files is what a disk without room is, for root as well."""
    daemon = start(["/bin/sh", "-c", 'ulimit -f 128; exec "$@"', "sh", *FAULTY])
    root = daemon.folder / "root"
    root.mkdir()
    path = root / "big.txt"
    path.write_text("first\n" + "a line\n" * 30_000)
    before = path.read_bytes()
    daemon.initialize({}, permission=True, roots=[root])
    with ScriptedServer() as server:
        chat = Chat(daemon, server)
        turn = chat.prompt(read("big.txt", start_line=1, end_line=1))
        turn.result()
        calls = [edit("big.txt", "first", "1st"), write("new.txt", "x" * 200_000)]
        turn = chat.allowed(*calls, run("seq 1 100000"), questions=3, sessionId=turn.session_id)
        assert statuses(turn) == ["failed", "failed", "completed"]
        *_, edited, written, ran = chat.told(turn)
        assert "limit" in edited
        assert "limit" in written
        assert "100000" in ran
        assert "the beginning of it is in" in ran
        assert "could not be kept" in ran
        assert path.read_bytes() == before
        assert [place.name for place in root.iterdir()] == ["big.txt"]
    assert daemon.leave() == 0
    daemon.check()


# Tools that break the rules of tools


@pytest.mark.parametrize("name", ["faulty", "faulty_loop"])
@pytest.mark.parametrize(
    "how",
    [
        "BaseException",
        "SystemExit",
        "KeyboardInterrupt",
        "GeneratorExit",
        "CancelledError",
        "StopIteration",
        "StopAsyncIteration",
        "MemoryError",
        "MuteError",
        "HugeError",
        "BaseExceptionGroup",
    ],
)
def test_whatever_a_tool_raises_its_siblings_and_the_turn_go_on(chat: Chat, name: str, how: str) -> None:
    """Tool fault 82."""
    turn = chat.prompt(read("a.txt"), call(name, how=how), read("a.txt"))
    assert statuses(turn) == ["completed", "failed", "completed"]
    told = chat.told(turn)[1]
    assert told.startswith(f"{name} failed: a bug in the tool (")
    assert len(told) < 200
    chat.daemon.pardon(how.replace("BaseException", "OddError") if how == "BaseException" else how)


@pytest.mark.parametrize("name", ["faulty", "faulty_loop"])
@pytest.mark.parametrize(
    "how", ["None", "a number", "bytes", "an object", "a huge object", "odd content", "no text", "no content"]
)
def test_whatever_a_tool_returns_the_turn_goes_on(chat: Chat, name: str, how: str) -> None:
    """Tool fault 82."""
    turn = chat.prompt(call(name, how=how), read("a.txt"))
    assert statuses(turn) == ["failed", "completed"]
    told = chat.told(turn)[0]
    assert told.startswith(f"{name} failed: a bug in the tool (")
    assert len(told) < 200
    chat.daemon.pardon("Error: ")
    assert len(chat.daemon.stderr) < 3_000_000


@pytest.mark.parametrize(
    ("how", "words"),
    [
        (["ToolError"], "said in vain"),
        (["ToolError", "ToolError"], "said in vain"),
        (["ToolError", "MemoryError"], "a bug in the tool (ExceptionGroup)"),
        (["ToolError", "BaseException"], "a bug in the tool (RuntimeError)"),
    ],
)
def test_what_a_tool_says_from_within_tasks_of_its_own_is_told(chat: Chat, how: list[str], words: str) -> None:
    turn = chat.prompt(call("faulty_group", how=how))
    assert statuses(turn) == ["failed"]
    (told,) = chat.told(turn)
    assert words in told
    assert ("bug" in told) == ("bug" in words)
    if "bug" in words:
        chat.daemon.pardon("")


@pytest.mark.parametrize("when", ["plan", "carry_out"])
@pytest.mark.parametrize("how", ["BaseException", "CancelledError", "SystemExit", "None", "an object", "odd content"])
def test_a_plan_that_goes_wrong_is_told_and_the_next_one_is_made(chat: Chat, when: str, how: str) -> None:
    """Tool fault 82."""
    questions = 2 if when == "carry_out" else 1
    turn = chat.allowed(call("faulty_plan", when=when, how=how), run("echo next"), questions=questions)
    assert statuses(turn) == ["failed", "completed"]
    assert "a bug in the tool" in chat.told(turn)[0]
    chat.daemon.pardon("Error: ")


@pytest.mark.parametrize("when", ["plan", "carry_out"])
def test_a_plan_that_hangs_is_ended_in_time(chat: Chat, when: str) -> None:
    """Tool fault 82."""
    chat.configure(limits={"toolTimeout": 3})
    questions = 2 if when == "carry_out" else 1
    turn = chat.allowed(call("faulty_plan", when=when, how="hang"), run("echo next", timeout=60), questions=questions)
    assert statuses(turn) == ["timed_out", "completed"]
    assert "within 3 s" in chat.told(turn)[0]


def test_a_plan_that_hangs_can_be_cancelled(chat: Chat) -> None:
    """Tool fault 82."""
    turn = chat.prompt(call("faulty_plan", when="plan", how="hang"), run("echo next"))
    turn.event("stepEnd")
    asked = {"sessionId": turn.session_id, "toolCallId": turn.call_id(0)}
    assert chat.daemon.call("chat/cancel", asked) == {"state": "cancelling"}
    chat.daemon.choose(turn.question(), "allow_once")
    assert statuses(turn) == ["cancelled", "completed"]
    chat.told(turn)


@pytest.mark.parametrize("name", ["untitled", "nowhere"])
def test_a_tool_that_cannot_describe_a_call_runs_all_the_same(chat: Chat, name: str) -> None:
    """Tool fault 82."""
    turn = chat.prompt(call(name), read("a.txt"))
    assert statuses(turn) == ["completed", "completed"]
    end = turn.event("toolCallEnd")
    assert (end["title"], end["locations"]) == (name, [])
    assert chat.told(turn)[0] == name
    chat.daemon.pardon("ZeroDivisionError")


def test_a_change_that_cannot_be_described_is_not_made(chat: Chat) -> None:
    """Tool fault 82: nobody could be asked about it."""
    turn = chat.prompt(call("lost"), read("a.txt"))
    assert statuses(turn) == ["failed", "completed"]
    assert "a bug in the tool" in chat.told(turn)[0]
    chat.daemon.pardon("ZeroDivisionError: a bug in a word")


@pytest.mark.parametrize("slots", [20, 1000])
def test_twenty_calls_at_once_keep_their_order_and_one_that_fails_cancels_none(chat: Chat, slots: int) -> None:
    """Tool fault 83: each ends after the one behind it."""
    chat.configure(limits={"concurrentTools": slots})
    calls = [call("backwards", number=number, last=19, fail=number in (7, 19)) for number in range(20)]
    turn = chat.prompt(*calls)
    assert statuses(turn) == ["failed" if number in (7, 19) else "completed" for number in range(20)]
    ends = [event["toolCallId"] for event in turn.events if event["kind"] == "toolRunEnd"]
    assert ends == [turn.call_id(number) for number in reversed(range(20))]
    assert [words.split()[1] for words in chat.told(turn)] == [str(number) for number in range(20)]


def test_twenty_commands_in_few_slots_keep_their_order(chat: Chat) -> None:
    """Tool fault 83."""
    calls = [run(f"echo number {number}; exit {number % 2}") for number in range(20)]
    turn = chat.allowed(*calls, questions=20)
    assert statuses(turn) == ["completed"] * 20
    assert [words.split()[-1] for words in chat.told(turn)] == [str(number) for number in range(20)]
