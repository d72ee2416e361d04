"""A whole session as one text: Markdown for people, JSON for programs. Pure."""

import json
from collections.abc import Iterator, Sequence

from chatls.content import JsonObject, to_wire
from chatls.shapes import as_objects, as_text
from chatls.store.entries import SessionPage, TurnEntry
from chatls.store.reading import words_in

ToldTurns = Sequence[tuple[TurnEntry, list[JsonObject]]]


def as_json(page: SessionPage, turns: ToldTurns) -> str:
    """Everything: the session as in a list, and each turn with its events."""
    value = {**to_wire(page.entry), "usage": to_wire(page.usage)}
    value["turns"] = [{**to_wire(entry), "events": events} for entry, events in turns]
    return json.dumps(value, ensure_ascii=False, indent=2).encode("utf-8", "replace").decode() + "\n"


def markdown(page: SessionPage, turns: ToldTurns) -> str:
    """What was said, and what was done in a line each."""
    lines = [f"# {page.entry.title}", "", f"{page.entry.created_at[:10]}, {page.entry.model}", ""]
    for entry, events in turns:
        lines += ["## You", "", *_prompt(events[0] if events else {}), ""]
        lines += [f"## {page.entry.model or 'The model'}", "", *_reply(events)]
        if entry.stop_reason not in ("end_turn", None):
            lines += [f"_({entry.stop_reason})_", ""]
    return "\n".join(lines).encode("utf-8", "replace").decode().rstrip("\n") + "\n"


def _prompt(event: JsonObject) -> Iterator[str]:
    blocks = as_objects(event.get("content"))
    if words := words_in(blocks):
        yield words
    for block in blocks:
        if block.get("type") in ("resource_link", "resource"):
            yield f"- {as_text(block.get('uri'))}"
        elif block.get("type") == "image":
            yield "- (a picture)"


def _reply(events: Sequence[JsonObject]) -> Iterator[str]:
    titles = {as_text(event.get("toolCallId")): as_text(event.get("title")) for event in events if event.get("title")}
    for event in events:
        match event.get("kind"):
            case "textChunk":
                yield from (as_text(event.get("text")), "")
            case "toolRunEnd":
                title = titles.get(as_text(event.get("toolCallId"))) or "a call"
                yield from (f"> {title}: {as_text(event.get('status'))}", "")
            case _:
                pass
