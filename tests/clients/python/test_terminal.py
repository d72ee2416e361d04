"""`chatls ask` with a daemon that does what it is told: in a pipe, in a terminal, and every way out of both."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from in_terminal import CTRL_C, gone, in_terminal

from chatls_client.terminal import main

FAKE = [sys.executable, "-S", str(Path(__file__).with_name("fake_daemon.py"))]
ASK = """\
import sys, chatls_client.terminal as terminal
end = sys.argv.index("--")
sys.exit(terminal.main(sys.argv[end + 1:], command=sys.argv[1:end]))
"""


def ask(*arguments: str, flags: tuple[str, ...] = ()) -> list[str]:
    """What to give to Python for `chatls ask` with the fake daemon."""
    return ["-c", ASK, *FAKE, *flags, "--", *arguments]


def transcript(folder: Path, *entries: object) -> str:
    path = folder / "played.jsonl"
    path.write_text("\n".join(map(json.dumps, entries)), "utf-8")
    return str(path)


def result(stop: str, **members: object) -> dict[str, object]:
    counts: dict[str, object] = {"usage": None, "steps": 1, "chunks": 1, "tools": {}}
    times = {"durationMs": 5, "timeToFirstChunkMs": 2}
    return {"result": {"sessionId": "s", "turnId": "t", "stopReason": stop, **counts, **times, **members}}


START = {"kind": "turnStart", "sessionId": "s", "model": "p/m"}


def text(words: str) -> dict[str, str]:
    return {"kind": "textChunk", "text": words}


def notice(words: str) -> dict[str, str]:
    return {"kind": "notice", "level": "info", "text": words}


def test_a_pipe_gets_the_answer_and_nothing_else(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["hello"], command=FAKE) == 0
    assert capfd.readouterr() == ("Hello, wörld ✓\n", "")


def test_a_pipe_is_told_that_what_it_got_was_thinking(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    thought = {"kind": "reclassified", "from": "text", "to": "thinking", "length": 3}
    played = transcript(tmp_path, START, text("Hm."), thought, text("It is 4."), result("end_turn"))
    assert main([f"play {played}"], command=FAKE) == 0
    out, err = capfd.readouterr()
    assert out in ("Hm.\nIt is 4.\n", "It is 4.\n")
    assert ("thinking" in err) == out.startswith("Hm.")


def test_the_words_of_the_command_line_are_the_prompt(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--model", "a/b", "one", "two"], command=FAKE) == 0
    assert capfd.readouterr().out == '"one two"\n'


def test_diagnostics_go_to_the_error_stream_and_progress_only_with_its_first_and_last_words(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    call = {"toolCallId": "a", "name": "search"}
    played: list[object] = [
        START,
        *[notice(f"fetching: {done} of 9 MB") for done in range(10)],
        notice("it is set"),
        text("One.\x1b[31m\x07"),
        {"kind": "toolCallStart", "toolKind": "search", **call},
        {"kind": "toolRunEnd", "toolCallId": "a", "status": "failed", "content": []},
        text("Two.\n"),
        {"kind": "retry", "attempt": 1, "delayMs": 5, "reason": "network", "text": "no\x1b[2J route"},
        result("end_turn"),
    ]
    assert main(["play", transcript(tmp_path, *played)], command=FAKE) == 0
    out, err = capfd.readouterr()
    assert out == "One.[31m\nTwo.\n"
    assert err.splitlines() == [
        "chatls: fetching: 0 of 9 MB",
        "chatls: fetching: 9 of 9 MB",
        "chatls: it is set",
        "chatls: asking again: no[2J route",
    ]


@pytest.mark.parametrize(
    ("stop", "code"),
    [("end_turn", 0), ("max_tokens", 3), ("max_turn_requests", 3), ("refusal", 3), ("cancelled", 130), ("new", 3)],
)
def test_the_exit_code_tells_how_the_turn_ended(
    stop: str, code: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["play", transcript(tmp_path, START, text("x"), result(stop))], command=FAKE) == code
    assert capfd.readouterr().out == "x\n"


def test_an_error_of_the_turn_is_told_with_what_may_help(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    error = {"kind": "rate_limited", "message": "too many requests", "retryable": True, "retryAfterMs": 2500}
    assert main(["play", transcript(tmp_path, START, text("x"), result("error", error=error))], command=FAKE) == 1
    assert capfd.readouterr() == (
        "x\n",
        "chatls: rate limited: too many requests\nAsking again in 2.5 s may help.\n",
    )


@pytest.mark.parametrize(
    ("prompt", "words"),
    [("refuse", "turn in progress: busy"), ("die", "ended with exit code 3\n  first line\n  the reason")],
)
def test_a_refusal_and_a_death_are_told(prompt: str, words: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main([prompt], command=FAKE) == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert words in err


@pytest.mark.parametrize("wanted", [False, True])
def test_the_daemons_log_goes_to_the_error_stream_if_it_is_wanted(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *, wanted: bool
) -> None:
    monkeypatch.setenv("CHATLS_LOG", "DEBUG" if wanted else "")
    assert main(["die"], command=FAKE) == 1
    assert ("first line" in capfd.readouterr().err.splitlines()) is wanted


def test_a_daemon_that_is_not_there_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["x"], command=["/no/such/daemon"]) == 1
    assert "cannot start '/no/such/daemon'" in capfd.readouterr().err


def test_what_the_daemon_shows_is_shown_but_not_said_twice(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["say"], command=FAKE) == 0
    assert capfd.readouterr().err == "chatls: shown\n"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--folder", "/no/such/folder", "x"], "/no/such/folder is not a folder"),
        (["--settings", "/no/such/file", "x"], "cannot read the settings /no/such/file"),
        (["--settings", os.devnull, "x"], "cannot read the settings"),
        (["   "], "the prompt is empty"),
    ],
)
def test_a_wrong_command_line_is_told(arguments: list[str], complaint: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(arguments, command=FAKE) == 2
    assert complaint in capfd.readouterr().err


def test_an_unknown_option_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--colour", "x"])
    assert "unrecognized arguments: --colour" in capfd.readouterr().err


def test_help_tells_the_exit_codes(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    assert "130  cancelled" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "given", "prompt"),
    [
        ([], b"from \xff there\n", "from \ufffd there\n"),
        (["-"], b"x", "x"),
        (["look", "at", "-"], b"this", "look at\n\nthis"),
        (["only", "this"], b"ignored", "only this"),
    ],
)
def test_standard_input_can_be_the_prompt(arguments: list[str], given: bytes, prompt: str) -> None:
    done = subprocess.run([sys.executable, *ask(*arguments)], input=given, capture_output=True, check=True, timeout=30)
    assert json.loads(done.stdout) == prompt


@pytest.mark.parametrize(
    ("given", "size"), [(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "16 bytes"), (bytes(range(128, 256)) * 400, "51.2 kB")]
)
def test_what_is_no_text_is_refused_with_its_size(given: bytes, size: str) -> None:
    done = subprocess.run(
        [sys.executable, *ask("look", "-")], input=given, capture_output=True, check=False, timeout=30
    )
    assert (done.returncode, done.stdout) == (2, b"")
    assert f"standard input is no text: {size} of something else" in done.stderr.decode()


def test_text_of_another_encoding_is_still_text() -> None:
    given = "Der Bär läuft.".encode("latin-1")
    done = subprocess.run([sys.executable, *ask("-")], input=given, capture_output=True, check=True, timeout=30)
    assert json.loads(done.stdout) == "Der B\ufffdr l\ufffduft."


def test_how_large_a_long_text_is_is_told() -> None:
    command = ["-c", ASK, "/no/such/daemon", "--", "-"]
    given = b"word " * 100_000
    done = subprocess.run([sys.executable, *command], input=given, capture_output=True, check=False, timeout=30)
    assert "standard input is 500.0 kB of text" in done.stderr.decode()


@pytest.mark.parametrize("place", ["home", "/"])
def test_a_folder_that_is_no_project_is_warned_of(
    place: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path if place == "home" else "/")
    assert main(["hello"], command=FAKE) == 0
    out, err = capfd.readouterr()
    assert out == "Hello, wörld ✓\n"
    assert ("your home folder" if place == "home" else "the whole file system") in err
    assert "--folder DIR names a smaller one" in err


def test_a_project_below_the_home_folder_is_not_warned_of(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    assert main(["hello"], command=FAKE) == 0
    assert capfd.readouterr().err == ""


def test_the_end_says_what_a_person_wants_to_know(tmp_path: Path) -> None:
    path = transcript(
        tmp_path, START, text("x"), result("end_turn", tools={"search": 1, "read_file": 1}, durationMs=240)
    )
    with in_terminal(*ask("play", path)) as terminal:
        assert terminal.end() == 0
        assert terminal.screen[-2:] == ["── done, 2 tools, 0.2 s", ""]


def test_markdown_is_drawn_as_it_streams_and_nothing_stays_behind(tmp_path: Path) -> None:
    answer = "# Head\n\nSome **bold** and `code`.\n\n- one\n- two\n\n```python\nx = 1\n```\n"
    path = transcript(tmp_path, START, *[text(letter) for letter in answer], result("end_turn"))
    with in_terminal(*ask("play", path)) as terminal:
        assert terminal.end() == 0
        assert terminal.screen == [
            *("◆ p/m", "", "Head", "", "Some bold and code.", "", " • one", " • two", ""),
            *("── python", "x = 1", "──", "", "── done, 0.0 s", ""),
        ]
        assert "\x1b[1;4mHead" in terminal.written
        # It is drawn again in one piece each time, so that nothing flickers.
        assert terminal.written.count("\x1b[?2026h") == terminal.written.count("\x1b[?2026l")
        assert "\x1b[2J" not in terminal.written


def test_a_reader_that_has_gone_ends_it_quietly(tmp_path: Path) -> None:
    path = transcript(tmp_path, START, *[text("x" * 5000)] * 100)
    process = subprocess.Popen(
        [sys.executable, *ask("play", path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL
    )
    assert process.stdout
    assert process.stdout.read(3) == b"xxx"
    process.stdout.close()
    assert process.wait(30) == 141
    assert process.stderr
    assert process.stderr.read() == b""
    process.stderr.close()


def test_the_first_ctrl_c_cancels_and_says_so() -> None:
    with in_terminal(*ask("wait")) as terminal:
        terminal.wait_for("so far")
        (daemon,) = terminal.children()
        terminal.press(CTRL_C)
        assert terminal.end() == 130
        assert gone(daemon)
        assert terminal.screen == [
            "◆ fake/one",
            "",
            "so far",
            "",
            "── cancelled, 0.0 s",
            "",
        ]


def test_the_second_ctrl_c_leaves_at_once_and_leaves_nobody_behind() -> None:
    with in_terminal(*ask("wait", flags=("--deaf", "--stubborn"))) as terminal:
        terminal.wait_for("so far")
        (daemon,) = terminal.children()
        terminal.press(CTRL_C)
        terminal.wait_for("cancelling; Ctrl-C again leaves at once")
        terminal.press(CTRL_C)
        assert terminal.end() == 130
        assert gone(daemon)
        assert "Traceback" not in terminal.written


def test_ctrl_c_leaves_while_the_daemon_starts() -> None:
    with in_terminal(*ask("hello", flags=("--mute",))) as terminal:
        terminal.wait_for("starting the daemon")
        terminal.press(CTRL_C)
        assert terminal.end() == 130
        assert "Traceback" not in terminal.written


def test_a_hangup_leaves_nobody_behind() -> None:
    with in_terminal(*ask("wait")) as terminal:
        terminal.wait_for("so far")
        (daemon,) = terminal.children()
        os.kill(terminal.pid, signal.SIGHUP)
        assert terminal.end() == 129
        assert gone(daemon)


PROGRAM = """\
import anyio, sys
from chatls_client import Client
async def main():
    async with Client.start(sys.argv[1:]) as client:
        async for event in client.prompt("wait"):
            print(event, flush=True)
anyio.run(main)
"""


def test_ctrl_c_in_a_program_of_ones_own_leaves_no_daemon_behind() -> None:
    with in_terminal("-c", PROGRAM, *FAKE) as terminal:
        terminal.wait_for("so far")
        (daemon,) = terminal.children()
        terminal.press(CTRL_C)
        assert terminal.end() != 0
        assert terminal.written.rstrip().endswith("KeyboardInterrupt")
        assert gone(daemon)


def test_a_terminal_is_never_given_what_the_model_says_as_a_command(tmp_path: Path) -> None:
    evil = "\x1b]0;owned\x07\x1b[2J[red]no markup[/red]"
    path = transcript(tmp_path, {**START, "model": evil}, notice(evil), text(evil), result("end_turn", tools={evil: 1}))
    with in_terminal(*ask("play", path), width=120) as terminal:
        assert terminal.end() == 0
        assert "\n".join(terminal.screen).count("]0;owned[2J[red]no markup[/red]") == 3
        assert "\x1b]" not in terminal.written


def test_no_color_means_no_color(tmp_path: Path) -> None:
    error = {"kind": "network", "message": "gone", "retryable": False}
    path = transcript(tmp_path, START, result("error", error=error))
    with in_terminal(*ask("--no-color", "play", path)) as terminal:
        assert terminal.end() == 1
        assert "\x1b[31m" not in terminal.written
        assert "✗ network: gone" in terminal.screen


@pytest.mark.parametrize("width", [10, 25])
def test_a_narrow_terminal_keeps_its_rows_in_order(width: int, tmp_path: Path) -> None:
    call: dict[str, object] = {"toolCallId": "a", "name": "search", "title": "search for something", "locations": []}
    found = {"type": "text", "text": "one very long line of what was found\ntwo"}
    path = transcript(
        tmp_path,
        START,
        text("Some words that need several rows."),
        {"kind": "toolCallStart", "toolKind": "search", **call},
        {"kind": "toolCallEnd", "arguments": {"pattern": "x"}, **call},
        {"kind": "toolRunEnd", "toolCallId": "a", "status": "completed", "content": [found]},
        result("end_turn"),
    )
    with in_terminal(*ask("play", path), width=width) as terminal:
        assert terminal.end() == 0
        assert " ".join(terminal.screen[2:8]).startswith("Some words that need several rows.")
        assert all(len(row) < width for row in terminal.screen)


def test_a_terminal_may_change_its_width_meanwhile() -> None:
    with in_terminal(*ask("wait")) as terminal:
        terminal.wait_for("so far")
        terminal.resize(30)
        terminal.press(CTRL_C)
        assert terminal.end() == 130
        assert terminal.screen[:3] == ["◆ fake/one", "", "so far"]


def test_a_dumb_terminal_gets_lines() -> None:
    with in_terminal(*ask("hello"), env={"TERM": "dumb"}) as terminal:
        assert terminal.end() == 0
        assert "\x1b" not in terminal.written
        assert "Hello, wörld ✓" in terminal.screen
