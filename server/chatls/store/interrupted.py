"""A turn that was cut off by the end of chatls: what is owed to who sees it again, and to the next provider. Pure.

What is kept of such a turn is true as far as it goes. Nothing is claimed of calls that nobody saw end.
"""

from collections.abc import Iterable, Sequence

from chatls.content import JsonObject
from chatls.message import AssistantMessage, Message, ToolCall, ToolMessage, ToolResult
from chatls.shapes import as_count, as_object, as_objects, as_text

WORDS = "interrupted: chatls ended before it finished; it may have happened, look before you do it again"
UNFINISHED = "interrupted: chatls ended before the arguments were complete"


def last_events(events: Iterable[JsonObject]) -> list[JsonObject]:
    """The ends of all calls that have none."""
    open_calls = dict[str, tuple[str, bool]]()
    for event in events:
        call_id = as_text(event.get("toolCallId"))
        match event.get("kind"):
            case "toolCallStart":
                open_calls[call_id] = as_text(event.get("name")), False
            case "toolCallEnd":
                open_calls[call_id] = as_text(event.get("name")), True
            case "toolRunEnd":
                open_calls.pop(call_id, None)
            case _:
                pass
    return [event for call_id, (name, ready) in open_calls.items() for event in _last_words(call_id, name, ready=ready)]


def last_messages(messages: Sequence[Message], events: Sequence[JsonObject]) -> list[Message]:
    """What the history lacks, so that every provider takes it: of the reply that was under way what was shown, and a
    result for each call that was complete."""
    last = messages[-1] if messages else None
    ends = {as_text(event.get("toolCallId")): event for event in events if event.get("kind") == "toolRunEnd"}
    if isinstance(last, AssistantMessage):
        results = tuple(_result(call, ends.get(call.id)) for call in last.calls)
        return [ToolMessage(results)] if results else []
    known = {call.id for message in messages if isinstance(message, AssistantMessage) for call in message.calls}
    text, calls = _under_way(events, known)
    if not (text or calls):
        return []
    said = AssistantMessage(text, calls)
    return [said, ToolMessage(tuple(_result(call, ends.get(call.id)) for call in calls))] if calls else [said]


def _under_way(events: Sequence[JsonObject], known: set[str]) -> tuple[str, tuple[ToolCall, ...]]:
    """The text and the complete calls of the reply that was not whole."""
    begin = next((at for at in range(len(events) - 1, -1, -1) if events[at].get("kind") == "stepEnd"), -1) + 1
    pieces, calls = list[str](), dict[str, ToolCall]()
    for event in events[begin:]:
        match event.get("kind"):
            case "textChunk":
                pieces.append(as_text(event.get("text")))
            case "reclassified":  # its beginning was thinking
                pieces[:] = ["".join(pieces)[as_count(event, "length") :]]
            case "toolCallEnd":
                call_id, name = as_text(event.get("toolCallId")), as_text(event.get("name"))
                if call_id not in known and event.get("argumentsError") is None:
                    calls[call_id] = ToolCall(call_id, name, as_object(event.get("arguments")))
            case _:
                pass
    return "".join(pieces), tuple(calls.values())


def _result(call: ToolCall, end: JsonObject | None) -> ToolResult:
    if end is None:
        return ToolResult(call.id, call.name, WORDS, is_error=True, status="cancelled")
    texts = (as_text(item.get("text")) for item in as_objects(end.get("content")) if item.get("type") == "text")
    status = end.get("status", "completed")
    text = "\n".join(texts) or "(no output)"
    return ToolResult(call.id, call.name, text, is_error=status != "completed", status=status)


def _last_words(call_id: str, name: str, *, ready: bool) -> list[JsonObject]:
    text = WORDS if ready else UNFINISHED
    end: JsonObject = {
        "toolCallId": call_id,
        "status": "cancelled",
        "content": [{"text": text, "type": "text"}],
        "durationMs": 0,
        "truncated": False,
        "kind": "toolRunEnd",
    }
    if ready:
        return [end]
    begin: JsonObject = {"toolCallId": call_id, "name": name, "title": name, "argumentsError": text, "locations": []}
    return [{**begin, "kind": "toolCallEnd"}, end]
