"""A reply of the history as items for a Responses server, reasoning among them: its own as they came, or new. Pure.

Reasoning goes back whole and directly before what it led to, or not at all: a server refuses it without its successor
("provided without its required following item"), and where nothing is stored it knows none by its id alone.
"""

from collections.abc import Set
from typing import NamedTuple

from chatls import jsontext
from chatls.content import JsonObject
from chatls.message import AssistantMessage, Replay, ToolCall
from chatls.providers.arguments import parse_object
from chatls.providers.history import sendable_name
from chatls.shapes import as_objects, as_text

KIND = "openai_responses"

CALL_TYPES = ("function_call", "custom_tool_call")
"""Types of items that call tools of ours."""

Item = tuple[JsonObject, ToolCall | None]
"""With the call that it is, if it is one."""


def seal(item: JsonObject) -> str:
    """What tells an item of reasoning from all others; "" for other items."""
    return as_text(item.get("encrypted_content")) or as_text(item.get("id")) if item.get("type") == "reasoning" else ""


def items_of(
    message: AssistantMessage, replay: Replay | None, *, reasoning: bool, stale: Set[str] = frozenset()
) -> list[Item]:
    """All items of a reply. `replay`: the server's own, None if there is none; `reasoning`: whether it takes that;
    `stale`: seals of reasoning that it refused.
    """
    if not message.text and not message.calls:
        return []
    own = as_objects(replay.data.get("items")) if replay else []
    rest = list(message.calls)
    takes = _Takes(reasoning, stale)
    items = _kept(own, replay, rest, takes)
    if message.text and not any(item.get("type") == "message" for item in own):
        text: JsonObject = {"type": "output_text", "text": message.text}
        items.insert(0, ({"type": "message", "role": "assistant", "content": [text]}, None))
    items += [(_new(call), call) for call in rest]
    if all(takes.back(item) for item in own):
        return items
    # What has an id would have to follow the reasoning that is left out.
    return [(without_id(item), call) for item, call in items]


def without_id(item: JsonObject) -> JsonObject:
    """The same item, as if it was ours."""
    return {name: value for name, value in item.items() if name != "id"}


def _kept(own: list[JsonObject], replay: Replay | None, rest: list[ToolCall], takes: "_Takes") -> list[Item]:
    """The server's own items, those that may go back. Takes the calls that it finds out of `rest`."""
    items: list[Item] = []
    before: list[Item] = []
    for item in own:
        if item.get("type") == "reasoning":
            before += [(item, None)] if takes.back(item) else []
            continue
        if item.get("type") not in CALL_TYPES:
            items += [*before, (item, None)]
        elif call := _find(item, replay, rest):
            rest.remove(call)
            items += [*before, (_valid(item, call), call)]
        before = []
    return items


class _Takes(NamedTuple):
    """What a server takes back."""

    reasoning: bool
    stale: Set[str]

    def back(self, item: JsonObject) -> bool:
        """Whether it takes this item."""
        if item.get("type") != "reasoning":
            return True
        sealed = bool(item.get("encrypted_content") or item.get("content"))
        return self.reasoning and sealed and seal(item) not in self.stale


def _find(item: JsonObject, replay: Replay | None, calls: list[ToolCall]) -> ToolCall | None:
    """The call that an item is; None for one that was cut off, which the history has not."""
    ids = replay.call_ids if replay else {}
    return next((call for call in calls if ids.get(call.id, "") == as_text(item.get("call_id"))), None)


def _valid(item: JsonObject, call: ToolCall) -> JsonObject:
    """With arguments that are an object, and a name that is one: others would make every later request invalid."""
    item = {**item, "name": sendable_name(call.name)}
    if item.get("type") != "function_call" or parse_object(as_text(item.get("arguments"))) is not None:
        return item
    return {**item, "arguments": _dumped(call)}


def _new(call: ToolCall) -> JsonObject:
    return {"type": "function_call", "name": sendable_name(call.name), "arguments": _dumped(call)}


def _dumped(call: ToolCall) -> str:
    return jsontext.dumps(call.arguments).decode()
