"""A reply of the history as items for a Responses server, reasoning among them: its own as they came, or new. Pure.

Reasoning goes back whole and directly before what it led to, or not at all: a server refuses it without its successor
("provided without its required following item"), and where nothing is stored it knows none by its id alone.
"""

from chatls import jsontext
from chatls.content import JsonObject
from chatls.message import AssistantMessage, Replay, ToolCall
from chatls.providers.arguments import parse_object
from chatls.shapes import as_objects, as_text

KIND = "openai_responses"

CALL_TYPES = ("function_call", "custom_tool_call")
"""Types of items that call tools of ours."""

Item = tuple[JsonObject, ToolCall | None]
"""With the call that it is, if it is one."""


def items_of(message: AssistantMessage, replay: Replay | None, *, reasoning: bool) -> list[Item]:
    """All items of a reply. `replay`: the server's own, None if there is none; `reasoning`: whether it takes that."""
    if not message.text and not message.calls:
        return []
    own = as_objects(replay.data.get("items")) if replay else []
    rest = list(message.calls)
    items = _kept(own, replay, rest, reasoning=reasoning)
    if message.text and not any(item.get("type") == "message" for item in own):
        text: JsonObject = {"type": "output_text", "text": message.text}
        items.insert(0, ({"type": "message", "role": "assistant", "content": [text]}, None))
    items += [({"type": "function_call", "name": call.name, "arguments": _dumped(call)}, call) for call in rest]
    if all(_goes_back(item, reasoning=reasoning) for item in own):
        return items
    # What has an id would have to follow the reasoning that is left out.
    return [(without_id(item), call) for item, call in items]


def without_id(item: JsonObject) -> JsonObject:
    """The same item, as if it was ours."""
    return {name: value for name, value in item.items() if name != "id"}


def _kept(own: list[JsonObject], replay: Replay | None, rest: list[ToolCall], *, reasoning: bool) -> list[Item]:
    """The server's own items, those that may go back. Takes the calls that it finds out of `rest`."""
    items: list[Item] = []
    before: list[Item] = []
    for item in own:
        if item.get("type") == "reasoning":
            before += [(item, None)] if _goes_back(item, reasoning=reasoning) else []
            continue
        if item.get("type") not in CALL_TYPES:
            items += [*before, (item, None)]
        elif call := _find(item, replay, rest):
            rest.remove(call)
            items += [*before, (_valid(item, call), call)]
        before = []
    return items


def _goes_back(item: JsonObject, *, reasoning: bool) -> bool:
    if item.get("type") != "reasoning":
        return True
    return reasoning and bool(item.get("encrypted_content") or item.get("content"))


def _find(item: JsonObject, replay: Replay | None, calls: list[ToolCall]) -> ToolCall | None:
    """The call that an item is; None for one that was cut off, which the history has not."""
    ids = replay.call_ids if replay else {}
    return next((call for call in calls if ids.get(call.id, "") == as_text(item.get("call_id"))), None)


def _valid(item: JsonObject, call: ToolCall) -> JsonObject:
    """With arguments that are an object: others would make every later request invalid."""
    if item.get("type") != "function_call" or parse_object(as_text(item.get("arguments"))) is not None:
        return item
    return {**item, "arguments": _dumped(call)}


def _dumped(call: ToolCall) -> str:
    return jsontext.dumps(call.arguments).decode()
