"""The history: it grows and goes back, tells who listens, and its messages can be written down and read again."""

from typing import Annotated

from pydantic import Discriminator, TypeAdapter

from chatls.agent.history import Grown, History, HistoryChange, Replaced, Rewound
from chatls.content import Diff, EditorContext, Image, Position, Range, Resource, ResourceLink, TextContent
from chatls.message import AssistantMessage, Message, Replay, ToolCall, ToolMessage, ToolResult, UserMessage

HELLO, HI = UserMessage((TextContent("hello"),)), AssistantMessage("hi")
PLACE = Range(Position(1, 2), Position(3, 4))
ALL: tuple[Message, ...] = (
    UserMessage(
        (
            TextContent("look"),
            ResourceLink("file:///a", PLACE),
            Resource("file:///b", "text"),
            Image("image/png", "AAAA"),
            EditorContext(None, ("file:///c",)),
        )
    ),
    AssistantMessage(
        "", (ToolCall("c1", "edit_file", {"path": "a"}),), "hm", Replay("gemini", {"c1": "x"}, [1, "two"])
    ),
    ToolMessage(
        (
            ToolResult(
                "c1",
                "edit_file",
                "no",
                is_error=True,
                status="denied",
                content=(TextContent("no"), Diff("file:///a", "old", "new")),
                duration_ms=5,
                truncated=True,
            ),
        )
    ),
)


def test_it_grows_at_its_end_and_goes_back_to_a_mark() -> None:
    history = History((HELLO,))
    mark, before = history.mark(), history.messages
    history.grow(HI, HELLO)
    assert history.messages == (HELLO, HI, HELLO)
    history.rewind(mark)
    assert history.messages == before == (HELLO,)


def test_who_listens_can_keep_the_same() -> None:
    history, kept, told = History(), list[Message](), list[HistoryChange]()

    def listen(change: HistoryChange) -> None:
        told.append(change)
        match change:
            case Grown(messages):
                kept.extend(messages)
            case Rewound(length):
                del kept[length:]
            case Replaced(messages):
                kept[:] = messages

    history.listeners = (listen,)
    history.grow(HELLO)
    mark = history.mark()
    history.grow(HI, HELLO)
    history.rewind(mark)
    history.grow(HI)
    assert tuple(kept) == history.messages == (HELLO, HI)
    history.grow()
    history.rewind(history.mark())
    assert len(told) == 4, "what changes nothing is not told"
    mark = history.mark()
    history.replace((HI,))
    assert tuple(kept) == history.messages == (HI,)
    history.grow(HELLO)
    history.rewind(mark)
    assert tuple(kept) == history.messages == mark, "a mark from before a replacement brings all of it back"


def test_messages_can_be_written_down_and_read_again() -> None:
    form = TypeAdapter[list[Message]](list[Annotated[Message, Discriminator("kind")]])
    assert form.validate_json(form.dump_json(list(ALL))) == list(ALL)
