"""Every transcript folds to its view; the other clients' tests do the same in their languages."""

import json
from pathlib import Path
from typing import Any

import pytest

from chatls_client.protocol import PromptResult, TurnError, event_from_wire
from chatls_client.view import View, fail, finish, fold

TRANSCRIPTS = Path(__file__).parents[2] / "transcripts"
NAMES = sorted(path.stem for path in TRANSCRIPTS.glob("*.jsonl"))


def entries(name: str) -> list[dict[str, Any]]:
    lines = (TRANSCRIPTS / f"{name}.jsonl").read_text("utf-8").split("\n")
    return [json.loads(line) for line in lines if line]


def view_of(name: str) -> View:
    view = View()
    for entry in entries(name):
        match entry:
            case {"result": result}:
                view = finish(view, PromptResult.from_wire(result))
            case {"error": {"message": message, "data": data}}:
                view = fail(view, TurnError(data["kind"], message, data["retryable"], data.get("retryAfterMs")))
            case _:
                event = event_from_wire(entry)
                view = view if event is None else fold(view, event)
    return view


def test_there_are_transcripts() -> None:
    assert len(NAMES) >= 8


@pytest.mark.parametrize("name", NAMES)
def test_a_transcript_folds_to_its_view(name: str) -> None:
    expected = json.loads((TRANSCRIPTS / f"{name}.view.json").read_text("utf-8"))
    assert view_of(name).to_wire() == expected


@pytest.mark.parametrize("name", NAMES)
def test_a_transcript_keeps_the_promises_of_the_protocol(name: str) -> None:
    *events, answer = entries(name)
    assert {"result", "error"} & set(answer)
    assert (
        [event["seq"] for event in events] == list(range(events[0]["seq"], events[0]["seq"] + len(events)))
        if events
        else True
    )
    assert [event["kind"] for event in events[:1]] in ([], ["turnStart"])
    begun = [event["toolCallId"] for event in events if event["kind"] == "toolCallStart"]
    last = {event["toolCallId"]: event["kind"] for event in events if "toolCallId" in event}
    assert last == dict.fromkeys(begun, "toolRunEnd")
