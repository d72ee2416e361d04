"""What the daemon says is what its schema says: recorded, live, and for every value that the events can have."""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, cast, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from tests.support.cases import for_each

from chatls import content, editor, events
from chatls.content import to_wire
from chatls.jsontext import dumps, loads
from chatls.lsp import handshake
from chatls.wire import methods

ROOT = Path(__file__).parents[2]
RECORDED = ROOT / "docs/conversation.jsonl"
TRANSCRIPTS = sorted((ROOT / "tests/transcripts").glob("*.jsonl"))

Entry = dict[str, Any]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)
objects = st.dictionaries(st.text(), json_values, max_size=2)
SENT = (*(method.result for method in methods.METHODS), *(method.params for method in methods.REQUESTS_TO_CLIENT))
st.register_type_strategy(events.ToolCallEnd, st.builds(events.ToolCallEnd, arguments=st.none() | objects))
st.register_type_strategy(
    editor.Question,
    st.builds(editor.Question, arguments=objects, preview=st.just((content.Diff("file:///a", "", "x"),))),
)
st.register_type_strategy(methods.ToolEntry, st.builds(methods.ToolEntry, input_schema=objects))


@cache
def schema() -> dict[str, Any]:
    return json.loads((ROOT / "docs/protocol.schema.json").read_text("utf-8"))


@cache
def validator(name: str) -> Any:
    return Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": schema()["$defs"]})


def check(name: str, value: Any) -> None:
    problems = [f"{error.json_path}: {error.message}" for error in validator(name).iter_errors(value)]
    assert not problems, f"{name}: {problems}\n{value}"


def definition(method: str, part: str) -> str:
    return {**schema()["methods"], **schema()["requestsToClient"]}[method][part]["$ref"].rpartition("/")[2]


def params_of(entry: Entry) -> dict[str, Any]:
    return entry["message"].get("params") or {}


def value_of(entry: Entry) -> dict[str, Any]:
    return params_of(entry).get("value") or {}


def read(lines: Iterable[str]) -> list[Entry]:
    entries = [json.loads(line) for line in lines]
    return [entry for entry in entries if "message" in entry]


@pytest.fixture(scope="module")
def live() -> list[Entry]:
    """The documented conversation, held once more with the real daemon."""
    command = [sys.executable, str(ROOT / "docs/record.py")]
    found = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert found.returncode == 0, found.stderr
    return read(found.stdout.splitlines())


def check_conversation(entries: list[Entry]) -> int:
    """Check every event, every parameter and every result; gives how many there were."""
    asked: dict[Any, str] = {}
    tokens: set[Any] = set()
    count = 0
    for entry in entries:
        message = entry["message"]
        method, params = message.get("method"), params_of(entry)
        if method in {**schema()["methods"], **schema()["requestsToClient"]}:
            asked[message["id"]] = method
            tokens.add(params.get("partialResultToken"))
            check(definition(method, "params"), params)
        elif method == "$/progress" and params["token"] in tokens:
            check("ProgressValue", params["value"])
        elif method is None and message["id"] in asked:
            check(definition(asked[message["id"]], "result"), message["result"])
        else:
            continue
        count += 1
    return count


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(schema())
    for name in schema()["$defs"]:
        Draft202012Validator.check_schema(schema()["$defs"][name])


def test_every_reference_leads_somewhere() -> None:
    text = json.dumps(schema())
    wanted = {part.partition('"')[0] for part in text.split('"#/$defs/')[1:]}
    assert wanted <= set(schema()["$defs"])
    assert set(schema()["methods"]) == {method.name for method in methods.METHODS}
    assert set(schema()["requestsToClient"]) == {method.name for method in methods.REQUESTS_TO_CLIENT}


def test_the_schema_refuses_what_is_wrong() -> None:
    good = {"kind": "textChunk", "text": "x", "seq": 1, "turnId": "t"}
    check("ProgressValue", good)
    check("ProgressValue", {**good, "unknown": 1})
    for wrong in ({**good, "text": 1}, {**good, "kind": "begin"}, {"kind": "textChunk", "text": "x"}):
        assert not validator("ProgressValue").is_valid(wrong)
    assert not validator("PromptParams").is_valid({"content": ""})
    assert not validator("PromptParams").is_valid({"content": [{"text": "no type"}]})


def test_what_a_newer_daemon_may_say_fits_as_well() -> None:
    event = {"seq": 1, "turnId": "t"}
    check("ProgressValue", {**event, "kind": "danceStart", "partner": 1})
    call = {**event, "kind": "toolCallStart", "toolCallId": "c", "name": "n"}
    check("ProgressValue", {**call, "toolKind": "dance"})
    assert not validator("ProgressValue").is_valid({**call, "toolKind": 5})
    assert not validator("ProgressValue").is_valid(call)
    check("ToolContent", {"type": "hologram"})
    assert not validator("ToolContent").is_valid({"type": "text"})
    check("ErrorCode", 1999)
    closed = [place for place in enums(schema()["$defs"], "") if not place.endswith("/anyOf/0")]
    sent_by_clients = ("PromptParams/", "PermissionAnswer/", "ElicitAnswer/", "ExportParams/", "RewindParams/")
    assert [place for place in closed if not place.startswith(sent_by_clients) and "/not/" not in place] == []


def enums(value: Any, place: str) -> Iterator[str]:
    """Where enums stand."""
    if isinstance(value, dict):
        for name, item in cast("dict[str, Any]", value).items():
            yield from [place] if name == "enum" else enums(item, f"{place}/{name}".lstrip("/"))
    elif isinstance(value, list):
        for index, item in enumerate(cast("list[Any]", value)):
            yield from enums(item, f"{place}/{index}")


def test_the_root_leads_generators_to_every_type() -> None:
    assert schema()["type"] == "object"
    assert schema()["properties"] == {name: {"$ref": f"#/$defs/{name}"} for name in schema()["$defs"]}
    names = get_args(content.ToolContent) + get_args(events.Event)
    assert {schema()["$defs"][kind.__name__]["title"] for kind in names} == {kind.__name__ for kind in names}
    assert schema()["$defs"]["JsonObject"]["additionalProperties"] is True, "or its members are dropped"


def test_the_first_question_and_its_answer_have_types() -> None:
    (hello,) = [entry for entry in read(RECORDED.read_text("utf-8").splitlines()) if method_of(entry) == "initialize"]
    check("InitializeParams", hello["message"]["params"])
    answer = json.loads(dumps(handshake.answer({})))
    check("InitializeResult", answer)
    check("ServerChat", answer["capabilities"]["experimental"]["chat"])
    asked = {"version", *(method.capability for method in methods.REQUESTS_TO_CLIENT)}
    assert set(schema()["$defs"]["ClientChat"]["properties"]) == {*asked, "sessionsChanged"}
    offered = set(answer["capabilities"]["experimental"]["chat"])
    assert set(schema()["$defs"]["ServerChat"]["properties"]) == asked | set(handshake.OFFERS) == offered
    assert not validator("InitializeParams").is_valid(
        {"capabilities": {"experimental": {"chat": {"permission": "yes"}}}}
    )
    numbers = {item["const"] for item in schema()["$defs"]["ErrorCode"]["anyOf"] if "const" in item}
    assert {-32700, -32602, -32002, 1001, 1007} <= numbers


def method_of(entry: Entry) -> str | None:
    return entry["message"].get("method")


@pytest.mark.parametrize("kind", get_args(events.Event) + SENT)
def test_every_value_that_can_be_sent_fits_the_schema(kind: type) -> None:
    is_event = kind in get_args(events.Event)

    values = cast("st.SearchStrategy[Any]", st.from_type(kind))

    @given(values)
    @settings(max_examples=25, deadline=None)
    def fits(value: Any) -> None:
        sent = cast("dict[str, Any]", loads(dumps(to_wire(value))))
        check("ProgressValue" if is_event else kind.__name__, {**sent, "seq": 1, "turnId": "t"} if is_event else sent)

    fits()


def test_the_recorded_conversation_fits_the_schema() -> None:
    assert check_conversation(read(RECORDED.read_text("utf-8").splitlines())) > 20


@for_each("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_transcripts_fit_the_schema(path: Path) -> None:
    *values, last = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    for value in values:
        check("ProgressValue", value)
    if "result" in last:
        check("PromptResult", last["result"])
    else:
        assert {"code", "message"} <= set(last["error"])


def test_a_live_conversation_fits_the_schema(live: list[Entry]) -> None:
    assert check_conversation(live) > 20


def test_the_recorded_conversation_is_still_how_it_goes(live: list[Entry]) -> None:
    assert outline(live) == outline(read(RECORDED.read_text("utf-8").splitlines()))


def test_events_are_numbered_and_come_before_their_answer(live: list[Entry]) -> None:
    for token, answer in (("t1", 2), ("t2", 3), ("t3", 4)):
        places = [index for index, entry in enumerate(live) if params_of(entry).get("token") == token]
        assert [value_of(live[index])["seq"] for index in places] == list(range(1, len(places) + 1))
        assert value_of(live[places[0]])["kind"] == "turnStart"
        assert [index > places[-1] for index, entry in enumerate(live) if is_answer(entry, answer)] == [True]


def is_answer(entry: Entry, number: int) -> bool:
    message = entry["message"]
    return entry["from"] == "daemon" and message.get("id") == number and "method" not in message


def outline(entries: list[Entry]) -> list[str]:
    """What is said, each thing once, in the order in which it first comes; reports of progress depend on the time."""
    said: dict[str, None] = {}
    for entry in entries:
        message, kind = entry["message"], value_of(entry).get("kind", "")
        if kind != "report":
            names = (entry["from"], message.get("method"), message.get("id"), params_of(entry).get("token"), kind)
            said[" ".join(map(str, names))] = None
    return list(said)
