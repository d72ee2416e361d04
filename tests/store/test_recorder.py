"""What a recorder gives to be written, whenever it is asked, comes to what happened; what a kill leaves is mended."""

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chatls.agent.history import History
from chatls.content import JsonObject, TextContent, to_wire
from chatls.events import (
    Event,
    Prompt,
    StepEnd,
    TextChunk,
    ThinkingChunk,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    ToolRunEnd,
    ToolRunOutput,
    ToolRunStart,
    TurnStart,
)
from chatls.message import AssistantMessage, Message, Replay, ToolCall, ToolMessage, ToolResult, UserMessage
from chatls.store.coding import Blotted, message_of, message_value, packed, unpacked
from chatls.store.interrupted import WORDS, last_events, last_messages
from chatls.store.reading import merged
from chatls.store.recorder import Recorder
from tests.agent.fakes import check_history
from tests.agent.test_history import ALL

KEYS = Blotted(())
BEFORE: tuple[Message, ...] = (UserMessage((TextContent("before"),)), AssistantMessage("yes"))


class Kept:
    """Rows as a store has them."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.events: dict[int, JsonObject] = {}
        self.messages: list[JsonObject] = []

    def write(self) -> None:
        for at, value in self.recorder.rows():
            self.events[at] = unpacked(packed(value, KEYS))
        if (changed := self.recorder.message_rows()) is not None:
            start, rows = changed
            assert [at for at, _ in rows] == list(range(start, start + len(rows)))
            del self.messages[start:]
            self.messages += [unpacked(packed(value, KEYS)) for _, value in rows]

    def transcript(self) -> list[JsonObject]:
        return merged(self.events[at] for at in sorted(self.events))

    def history(self) -> list[Message]:
        before, own = list(BEFORE), list[Message]()
        for value in self.messages:
            if value["kind"] == "replaced":
                pieces = [
                    BEFORE[part[0] : part[1]] if isinstance(part, list) else [message_of(part)]
                    for part in value["parts"]
                ]
                before = [message for piece in pieces for message in piece if message]
            elif (message := message_of(value)) is not None:
                own.append(message)
        return [*before, *own]


chunks = st.one_of(
    st.builds(TextChunk, st.text(max_size=5)),
    st.builds(ThinkingChunk, st.text(max_size=5)),
    st.builds(ToolCallDelta, st.sampled_from("ab"), st.text(max_size=5)),
    st.builds(StepEnd, st.just("end_turn"), st.none(), st.text(max_size=5)),
)


@given(st.lists(st.one_of(chunks, st.none()), max_size=60))
@settings(max_examples=200, deadline=None)
def test_whenever_it_is_written_the_transcript_is_what_happened(beats: list[Event | None]) -> None:
    recorder = Recorder("t", BEFORE)
    kept = Kept(recorder)
    for beat in beats:
        if beat is None:
            kept.write()
        else:
            recorder.hear(beat)
    assert recorder.fresh == any(beat is not None for beat in beats) or not recorder.fresh
    kept.write()
    assert kept.transcript() == merged(to_wire(beat) for beat in beats if beat is not None)
    assert not recorder.fresh or recorder.changed
    recorder.again()
    kept.events.clear()
    kept.write()
    assert kept.transcript() == merged(to_wire(beat) for beat in beats if beat is not None)


changes = st.lists(st.sampled_from(["say", "reply", "back", "all back", "compact", "write"]), max_size=30)


@given(changes)
@settings(max_examples=200, deadline=None)
def test_whatever_becomes_of_a_history_it_is_kept(beats: list[str]) -> None:
    history = History(BEFORE)
    recorder = Recorder("t", history.messages)
    history.listeners = (lambda _: recorder.remember(history.messages),)
    kept, marks = Kept(recorder), [history.mark()]
    for number, beat in enumerate(beats):
        match beat:
            case "say":
                marks.append(history.mark())
                history.grow(UserMessage((TextContent(str(number)),)))
            case "reply":
                history.grow(AssistantMessage(str(number)))
            case "back":
                history.rewind(marks[-1])
            case "all back":
                history.rewind(marks[0])
            case "compact":
                history.replace((UserMessage((TextContent("sum"),), "summary"), *history.messages[1:]))
            case _:
                kept.write()
    kept.write()
    assert tuple(kept.history()) == history.messages


def test_of_much_output_the_beginning_and_the_end_are_kept() -> None:
    recorder = Recorder("t", ())
    kept = Kept(recorder)
    for number in range(1000):
        recorder.hear(ToolRunOutput("c", f"{number:06} {'x' * 1000}\n"))
        if number % 100 == 0:
            kept.write()
    kept.write()
    (value,) = kept.transcript()
    assert len(value["text"]) < 200_000
    assert value["text"].startswith("000000 ")
    assert value["text"].count("\n[...]\n") == 1
    assert f"000999 {'x' * 1000}\n" == value["text"][-1008:]


ANSWER = AssistantMessage(
    "Let me look.",
    (ToolCall("a", "read_file", {"path": "x"}), ToolCall("b", "write_file", {"path": "y"})),
    "hm",
    Replay("anthropic", {"a": "toolu_1"}, {"blocks": [1]}),
)
RESULTS = ToolMessage((ToolResult("a", "read_file", "one"), ToolResult("b", "write_file", "done")))


def story() -> list[Callable[[Recorder, History], None]]:
    """A turn with two calls, one thing after the other."""

    def heard(event: Event) -> Callable[[Recorder, History], None]:
        return lambda recorder, _: recorder.hear(event)

    def grown(*messages: Message) -> Callable[[Recorder, History], None]:
        return lambda _, history: history.grow(*messages)

    def call(name: str, tool: str, arguments: JsonObject) -> list[Callable[[Recorder, History], None]]:
        return [
            heard(ToolCallStart(name, tool, "read")),
            heard(ToolCallDelta(name, str(arguments))),
            heard(ToolCallEnd(name, tool, tool, arguments)),
        ]

    return [
        grown(UserMessage((TextContent("go"),))),
        heard(Prompt((TextContent("go"),), "2026-01-01T00:00:00+00:00")),
        heard(TurnStart("s", "p/m")),
        heard(TextChunk("Let me ")),
        heard(TextChunk("look.")),
        *call("a", "read_file", {"path": "x"}),
        heard(ToolRunStart("a", started_early=True)),
        *call("b", "write_file", {"path": "y"}),
        lambda recorder, _: recorder.said(ANSWER),
        heard(StepEnd("tool_calls", None, "Let me look.")),
        heard(ToolRunStart("b", started_early=False)),
        heard(ToolRunEnd("a", "completed", (TextContent("one"),))),
        heard(ToolRunEnd("b", "completed", (TextContent("done"),))),
        grown(ANSWER, RESULTS),
        heard(TextChunk("Done.")),
        lambda recorder, _: recorder.said(AssistantMessage("Done.")),
        heard(StepEnd("end_turn", None, "Done.")),
        grown(AssistantMessage("Done.")),
    ]


SAID = 12
"""Where the reply with the calls is whole."""


def test_wherever_a_turn_is_cut_off_a_provider_takes_what_is_left_and_people_see_each_call_end() -> None:
    for cut in range(len(story()) + 1):
        history = History(BEFORE)
        recorder = Recorder("t", history.messages)
        history.listeners = (lambda _, recorder=recorder, history=history: recorder.remember(history.messages),)
        kept = Kept(recorder)
        for beat in story()[:cut]:
            beat(recorder, history)
        kept.write()
        events, left = kept.transcript(), kept.history()
        whole = [*left, *last_messages(left[len(BEFORE) :], events)]
        check_history(whole)
        shown = "".join(event["text"] for event in events if event["kind"] == "textChunk")
        assert shown == "".join(message.text for message in whole[2:] if isinstance(message, AssistantMessage))
        check_ends([*events, *last_events(events)])
        results = [result for message in whole if isinstance(message, ToolMessage) for result in message.results]
        ended = {event["toolCallId"] for event in events if event["kind"] == "toolRunEnd"}
        assert all((result.text == WORDS) == (result.call_id not in ended) for result in results)
        replays = [message.replay for message in whole if isinstance(message, AssistantMessage)]
        assert (ANSWER.replay in replays) == (cut > SAID)


def check_ends(events: list[JsonObject]) -> None:
    for name in {event["toolCallId"] for event in events if "toolCallId" in event}:
        kinds = [event["kind"] for event in events if event.get("toolCallId") == name]
        assert (kinds[0], kinds[-1], kinds.count("toolRunEnd")) == ("toolCallStart", "toolRunEnd", 1)
        assert "toolCallEnd" in kinds


def test_a_message_that_was_written_down_is_the_same_when_it_is_read() -> None:
    for message in ALL:
        read = message_of(unpacked(packed(message_value(message), KEYS)))
        if isinstance(message, ToolMessage):
            message = ToolMessage(tuple(_bare(result) for result in message.results))
        assert read == message


def _bare(result: Any) -> ToolResult:
    return ToolResult(
        result.call_id,
        result.name,
        result.text,
        is_error=result.is_error,
        status=result.status,
        duration_ms=result.duration_ms,
        truncated=result.truncated,
    )
