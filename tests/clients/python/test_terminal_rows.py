"""Rows, painter and screen: what a person sees, whatever a model says and however it is cut."""

import io
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text
from tiny_terminal import TinyTerminal

from chatls_client.drawing.painter import Painter
from chatls_client.drawing.rows import Flow, crop, crop_front, wrap
from chatls_client.drawing.screen import Screen
from chatls_client.drawing.toolrows import ASCII, UNICODE
from chatls_client.harmless import harmless, plain
from chatls_client.protocol import (
    Diff,
    Event,
    Notice,
    PermissionRequested,
    PermissionResolved,
    PromptResult,
    Reclassified,
    Retry,
    TextChunk,
    TextContent,
    ThinkingChunk,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    ToolRunEnd,
    ToolRunOutput,
    ToolRunStart,
    TurnError,
    TurnStart,
    Usage,
)
from chatls_client.timeline import Timeline
from chatls_client.view import View, fail, finish, fold

WORDS = st.text(st.sampled_from("ab é漢 \n`*#\t"), max_size=80)
RESULT = PromptResult("s", "t", "end_turn", Usage(12, 34), 1, 5, {"search": 2}, 1240, 80)


def console_on(terminal: TinyTerminal, height: int = 20) -> Console:
    return Console(file=terminal, width=terminal.width, height=height, color_system=None, force_terminal=True)


class Stage:
    """A painter before a tiny terminal."""

    def __init__(self, width: int = 60, height: int = 20) -> None:
        self.terminal = TinyTerminal(width)
        self.now = 0.0
        self.view = View()
        self.painter = Painter(UNICODE, lambda: self.now)
        self._screen = Screen(console_on(self.terminal, height), live=True)

    def play(self, *events: Event) -> list[str]:
        for event in events:
            self.view = fold(self.view, event)
            self.draw()
        return self.terminal.text

    def draw(self) -> list[str]:
        self._screen.update(*self.painter.paint(self.view, self._screen.width))
        return self.terminal.text

    def finish(self, result: PromptResult = RESULT) -> list[str]:
        self.view = finish(self.view, result)
        return self.draw()


def whole(rows: Sequence[Text]) -> list[str]:
    return [row.plain for row in rows]


@given(st.text(st.sampled_from("ab é漢"), max_size=60), st.integers(1, 20))
def test_no_row_is_wider_than_it_may_be_and_no_word_is_lost(line: str, width: int) -> None:
    rows = [line[start:end] for start, end in wrap(line, 0, max(width, 2))]
    assert all(cell_len(row) <= max(width, 2) for row in rows)
    assert "".join(rows).replace(" ", "") == line.replace(" ", "")


@given(st.lists(WORDS, max_size=8), st.integers(2, 30))
def test_text_comes_out_the_same_however_it_was_cut(pieces: list[str], width: int) -> None:
    flow, text = Flow(), ""
    rows: list[Text] = []
    for piece in pieces:
        text += harmless(piece)
        rows += flow.take(text, width, whole=False)[0]
    rows += flow.take(text, width, whole=True)[0]
    assert whole(rows) == whole(Flow().take(text, width, whole=True)[0])


@given(st.lists(WORDS, max_size=6), st.integers(9, 30), st.integers(2, 6))
def test_what_is_drawn_again_leaves_nothing_behind(pieces: list[str], width: int, height: int) -> None:
    stage = Stage(width, height)
    stage.play(TurnStart("s", "m"), *[TextChunk(piece) for piece in pieces])
    drawn = stage.finish()
    at_once = Stage(width, height)
    at_once.view = finish(stage.view, RESULT)
    assert drawn == at_once.draw()


def test_text_flows_below_a_tool_that_still_runs_and_stays_there() -> None:
    stage = Stage()
    stage.play(
        TurnStart("s", "p/m"),
        TextChunk("First."),
        ToolCallStart("a", "search", "search"),
        ToolCallDelta("a", '{"pattern"'),
    )
    assert '○ search {"pattern"' in stage.terminal.text
    stage.play(ToolCallEnd("a", "search", "search TODO"), ToolRunStart("a", started_early=True))
    assert "⠋ search TODO · running · started early" in stage.terminal.text
    stage.now = 1.25
    stage.play(ToolRunOutput("a", "one\ntwo\n"), TextChunk("Meanwhile, text."))
    assert stage.terminal.text == [
        "◆ p/m",
        "",
        "First.",
        "",
        "⠹ search TODO · running · 1.2 s · started early",
        "  │ one",
        "  │ two",
        "",
        "Meanwhile, text.",
    ]
    stage.play(ToolRunEnd("a", "completed", (TextContent("\n".join("abcdefgh")),), 12))
    assert stage.finish() == [
        "◆ p/m",
        "",
        "First.",
        "",
        "✓ search TODO · 12 ms · started early",
        *[f"  │ {letter}" for letter in "abcdef"],
        "  │ … 2 more lines",
        "",
        "Meanwhile, text.",
        "",
        "── done, 2 tools, 1.2 s",
        "",
    ]


DIFF = Diff("file:///no/such/a.py", "one\ntwo\nthree\n", "one\n2\nthree\n")


def drawn_edit(*before: Event) -> list[str]:
    stage = Stage()
    text = TextContent("changed a.py\n--- a.py\n+++ a.py\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\nNew problems: none")
    stage.play(
        TurnStart("s", "m"), ToolCallStart("a", "edit_file", "edit"), ToolCallEnd("a", "edit_file", "edit_file a.py")
    )
    stage.play(*before, ToolRunStart("a", started_early=False), ToolRunEnd("a", "completed", (text, DIFF), 3))
    return stage.terminal.text[2:-1]


def test_a_change_that_nobody_was_asked_about_is_shown() -> None:
    assert drawn_edit() == [
        "✓ edit_file a.py · 3 ms",
        "  │ changed a.py",
        "  │ New problems: none",
        "  │ /no/such/a.py +1 -1",
        "  │ @@ -1,3 +1,3 @@",
        "  │  one",
        "  │ -two",
        "  │ +2",
        "  │  three",
    ]


def test_a_change_that_was_asked_about_is_not_shown_twice() -> None:
    asked = (PermissionRequested("a"), PermissionResolved("a", "allow_once"))
    assert drawn_edit(*asked)[1:] == ["  │ changed a.py", "  │ New problems: none"]


def test_of_a_command_the_end_is_shown_and_while_it_runs_the_last_lines_without_colours() -> None:
    stage = Stage()
    stage.play(
        TurnStart("s", "m"), ToolCallStart("a", "run_command", "execute"), ToolCallEnd("a", "run_command", "make")
    )
    stage.play(PermissionRequested("a"))
    assert stage.terminal.text[-1] == "? make · waits for your word"
    stage.play(PermissionResolved("a", "allow_once"), ToolRunStart("a", started_early=False))
    stage.play(ToolRunOutput("a", "\n".join("abcdefg")), ToolRunOutput("a", "\n10%\r20%\r\x1b[31mred\x1b[0m\n"))
    assert stage.terminal.text[-5:] == ["  │ f", "  │ g", "  │ 10%", "  │ 20%", "  │ red"]
    content = TextContent("exit code 2 after 1 s\n" + "\n".join("abcdefgh"))
    assert stage.play(ToolRunEnd("a", "timed_out", (content,), 1000))[2:-1] == [
        "✗ make · timed out · 1.0 s",
        "  │ exit code 2 after 1 s",
        "  │ … 3 more lines",
        *(f"  │ {letter}" for letter in "defgh"),
    ]


def test_a_long_output_costs_no_more_than_a_short_one_to_show() -> None:
    stage = Stage()
    stage.play(TurnStart("s", "m"), ToolCallStart("a", "x", "execute"), ToolRunStart("a", started_early=False))
    assert stage.play(ToolRunOutput("a", "y\n" * 100_000 + "z" * 5000))[-1].startswith("  │ zzz")


def test_long_arguments_show_the_end_that_is_being_written() -> None:
    stage = Stage(width=30)
    drawn = stage.play(TurnStart("s", "m"), ToolCallStart("a", "edit", "edit"), ToolCallDelta("a", "x" * 50 + "end"))
    assert drawn[-1] == "○ edit …" + "x" * 18 + "end"


def test_progress_stays_on_one_row() -> None:
    stage = Stage()
    stage.play(TurnStart("s", "m"), *[Notice(f"fetching: {done} of 98.0 MB") for done in (1.5, 40, 98)])
    assert stage.terminal.text == ["◆ m", "· fetching: 98 of 98.0 MB"]
    assert stage.play(TextChunk("x"))[1:] == ["· fetching: 98 of 98.0 MB", "", "x"]


def test_thinking_retries_and_warnings_are_shown() -> None:
    stage = Stage()
    stage.play(TurnStart("s", "m"), Notice("careful", "warning"), Retry(1, 1500, "rate_limited", "slow down"))
    stage.play(ThinkingChunk("Hm."))
    assert stage.terminal.text == ["◆ m", "! careful", "", "↻ try 2 in 1.5 s: slow down", "", "Hm."]


def test_text_that_was_thinking_is_told_where_it_is_drawn_already() -> None:
    stage = Stage()
    stage.play(TurnStart("s", "m"), TextChunk("Hm.\n\nI wonder.\n\nSo"), Reclassified("text", "thinking", 18))
    stage.play(TextChunk("Four."))
    assert stage.terminal.text == ["◆ m", "", "Hm.", "", "I wonder.", "", "So", "· that was thinking", "", "Four."]


def test_a_call_that_runs_once_more_is_shown_once_more() -> None:
    stage = Stage()
    stage.play(
        TurnStart("s", "m"),
        ToolCallStart("a", "search", "search"),
        ToolCallEnd("a", "search", "search A"),
        ToolRunStart("a", started_early=True),
        ToolRunEnd("a", "cancelled"),
        TextChunk("x"),
        ToolCallEnd("a", "search", "search B"),
        ToolRunStart("a", started_early=False),
    )
    assert "⠋ search B · running" in stage.terminal.text
    drawn = stage.play(ToolRunEnd("a", "completed"))
    assert "✓ search B · 0 ms" in drawn
    assert "■ search A · cancelled · 0 ms · started early" in drawn


def test_waiting_and_cancelling_are_told() -> None:
    stage = Stage()
    assert stage.draw() == ["⠋ starting the daemon"]
    stage.play(TurnStart("s", "m"))
    stage.now = 2
    assert stage.draw()[-1].endswith(" waiting for the model · 2.0 s")
    stage.play(TextChunk("Hm"))
    assert stage.terminal.text[-1] == "Hm"
    stage.now = 5
    assert stage.draw()[-2:] == ["Hm", "⠋ waiting for the model · 3.0 s"]
    stage.painter.cancelling = True
    assert stage.draw()[-1].endswith(" cancelling; Ctrl-C again leaves at once")


def test_an_error_says_what_happened_and_what_may_help() -> None:
    stage = Stage()
    error = TurnError("rate_limited", "groq.com is busy\nTry a smaller model.", retryable=True, retry_after_ms=5000)
    stage.view = fail(stage.view, error)
    assert stage.draw() == [
        "",
        "✗ rate limited: groq.com is busy",
        "  Try a smaller model.",
        "  Asking again in 5.0 s may help.",
        "",
        "── failed",
        "",
    ]


def test_a_small_and_changing_terminal_shows_the_newest_rows() -> None:
    stage = Stage(width=40, height=4)
    stage.play(TurnStart("s", "m"), ToolCallStart("a", "search", "search"), ToolCallEnd("a", "search", "search x"))
    drawn = stage.play(TextChunk("1\n2\n3\n4"))
    assert drawn == ["◆ m", "2", "3", "4"]
    stage.play(ToolRunEnd("a", "failed", (TextContent("no such folder"),), 1))
    ended = ["◆ m", "", "✗ search x · failed · 1 ms", "  │ no such folder"]
    assert stage.terminal.text == [*ended, *"234"]
    assert stage.finish() == [*ended, "", *"1234", "", "── done, 2 tools, 1.2 s", ""]


def test_rows_that_a_narrower_terminal_has_wrapped_are_erased_too() -> None:
    wide, narrow = TinyTerminal(40), TinyTerminal(20)
    console = console_on(wide)
    screen = Screen(console, live=True)
    screen.update([Text("kept")], [Text("x" * 30), Text("y" * 35)])
    narrow.write("\n".join(wide.text))
    assert len(narrow.rows) == 5
    console.file, console.width = narrow, 20
    screen.update([], [Text("new")])
    assert narrow.text == ["kept", "new"]


EVIL = "\x1b]0;title\x07\x1b[2J\x1b[31mred\x9b31m\x08\x00\x7f\u202eevil\u2066\ud800 [bold]b[/bold] [link=x]y[/] :smile:"


def evil_events() -> list[Event]:
    return [
        TurnStart("s", EVIL),
        Notice(EVIL),
        Retry(1, 1, "network", EVIL),
        TextChunk(EVIL),
        ThinkingChunk(EVIL),
        ToolCallStart("a", EVIL, "other"),
        ToolCallDelta("a", EVIL),
        ToolCallEnd("a", EVIL, EVIL),
        ToolRunStart("a", started_early=True),
        ToolRunOutput("a", EVIL),
        ToolRunEnd("a", "failed", (TextContent(EVIL),), 1),
        TextChunk("The end."),
    ]


def test_nothing_that_is_said_reaches_the_terminal_as_a_command() -> None:
    stage = Stage(width=200)
    stage.play(*evil_events())  # the tiny terminal refuses what is not printable and escapes that are not ours
    error = TurnError("internal", EVIL, retryable=False)
    drawn = stage.finish(PromptResult("s", "t", "error", None, 1, 0, {EVIL: 1}, 1, None, None, error))
    text = "\n".join(drawn)
    assert text.count("[bold]b[/bold] [link=x]y[/] :smile:") >= 7
    assert "<U+202E>evil<U+2066>" in text


def test_a_pipe_gets_no_control_characters_either() -> None:
    assert plain("a\x1b[31m\x9b\x07\r\n\tb\u202e\ud800") == "a[31m\n\tb\u202e\ufffd"


def test_styles_never_change_the_text() -> None:
    text = "# a\n- b `c` **d**\n> e\n\n```\n# f **g**\n```\n1. h"
    assert "\n".join(whole(Flow().take(text, 40, whole=True)[0])) == text


def test_long_things_are_cropped_to_the_cell() -> None:
    assert [crop("漢字漢字", 5), crop_front("漢字漢字", 5)] == ["漢字…", "…漢字"]
    assert [crop("ab", 2), crop_front("ab", 2)] == ["ab", "ab"]


def test_ascii_terminals_get_ascii_signs() -> None:
    painter = Painter(ASCII)
    view = fold(fold(View(), TurnStart("s", "m")), Notice("n"))
    final, live = painter.paint(view, 40)
    assert "".join(whole([*final, *live])).isascii()


def test_a_screen_that_cannot_draw_again_shows_what_is_final() -> None:
    out = io.StringIO()
    screen = Screen(Console(file=out, width=40), live=False)
    screen.update([Text("one")], [Text("live")])
    screen.update([], [Text("live")])
    screen.update([Text("two")], [])
    screen.leave()
    assert out.getvalue() == "one\ntwo\n"


def test_a_timeline_proves_what_overlapped() -> None:
    now = [0.0]
    timeline = Timeline(lambda: now[0])
    script: list[tuple[float, Any]] = [
        (1, TurnStart("s", "m")),
        (1.5, ToolCallStart("a", "search", "search")),
        (2, ToolCallEnd("a", "search", "search x")),
        (2.01, ToolRunStart("a", started_early=True)),
        (2.5, ToolRunEnd("a", "completed")),
        (2.6, ToolCallStart("b", "late", "other")),
        (5, ToolCallEnd("b", "late", "late")),
    ]
    for when, event in script:
        now[0] = when
        timeline.note(event)
    assert whole(timeline.rows(40)) == ["No reply with tool calls came to its end."]
