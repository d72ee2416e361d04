"""The assembler of calls by itself; what servers do with it stands in cases.py."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatls.providers.arguments import ObjectScanner, read_arguments
from chatls.providers.delta import CallArguments, CallReady, CallStart, Delta
from chatls.providers.toolcalls import ToolCallAssembler

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=12,
)
objects = st.dictionaries(st.text(max_size=6), values, max_size=4)


def fragments(data: st.DataObject, text: str) -> list[str]:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=10)))
    return [text[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def ready(deltas: list[Delta]) -> list[CallReady]:
    return [delta for delta in deltas if isinstance(delta, CallReady)]


@given(arguments=objects, indent=st.sampled_from([None, 1]), data=st.data())
def test_a_call_is_ready_with_its_last_brace_however_it_is_cut(
    arguments: dict[str, Any], indent: int | None, data: st.DataObject
) -> None:
    assembler = ToolCallAssembler()
    text = json.dumps(arguments, indent=indent, ensure_ascii=data.draw(st.booleans()))
    deltas = assembler.add(index=0, call_id="c1", name="f", arguments="")
    for piece in filter(None, fragments(data, text)):
        assert not ready(deltas)
        deltas += assembler.add(index=0, arguments=piece)
    assert [delta.arguments for delta in ready(deltas)] == [arguments]
    assert "".join(delta.text for delta in deltas if isinstance(delta, CallArguments)) == text
    assert assembler.finish() == []


@given(first=objects, second=objects, data=st.data())
@settings(max_examples=40)
def test_interleaved_calls_do_not_mix(first: dict[str, Any], second: dict[str, Any], data: st.DataObject) -> None:
    assembler = ToolCallAssembler()
    queues = [fragments(data, json.dumps(first)), fragments(data, json.dumps(second))]
    deltas = [delta for index in (0, 1) for delta in assembler.add(index=index, call_id=f"c{index}", name=f"f{index}")]
    starts = [delta.call_id for delta in deltas if isinstance(delta, CallStart)]
    while any(queues):
        index = data.draw(st.sampled_from([place for place, queue in enumerate(queues) if queue]))
        deltas += assembler.add(index=index, arguments=queues[index].pop(0))
    got = {delta.call_id: delta.arguments for delta in [*ready(deltas), *ready(assembler.finish())]}
    assert got == dict(zip(starts, [first, second], strict=True))


@given(arguments=objects.filter(bool), data=st.data())
@settings(max_examples=40)
def test_cumulative_fragments_give_the_arguments_once(arguments: dict[str, Any], data: st.DataObject) -> None:
    text = json.dumps(arguments)
    ends = sorted(data.draw(st.sets(st.integers(2, len(text)), max_size=8)) | {len(text)})
    assembler = ToolCallAssembler()
    deltas = assembler.add(index=0, call_id="c1", name="f", arguments='{"')
    for end in ends:
        deltas += assembler.add(index=0, arguments=text[:end])
    got = [*ready(deltas), *ready(assembler.finish())]
    assert [delta.arguments for delta in got] == [arguments]


def test_more_text_after_ready_is_a_contradiction() -> None:
    assembler = ToolCallAssembler()
    deltas = assembler.add(index=0, call_id="c1", name="f", arguments='{"a":1}')
    [first] = ready(deltas)
    more = assembler.add(index=0, arguments=',"b":2}')
    assert more == [CallArguments(first.call_id, ',"b":2}')]
    [second] = ready(assembler.finish())
    assert second.call_id == first.call_id
    assert second.arguments is None
    assert assembler.finish() == []


def test_blanks_inside_a_contradiction_are_kept() -> None:
    assembler = ToolCallAssembler()
    deltas = assembler.add(index=0, call_id="c1", name="f", arguments='{"a":"x y"}')
    for piece in ('{"a":"x', " ", 'y"}'):
        deltas += assembler.add(index=0, arguments=piece)
    deltas += assembler.finish()
    assert [delta.arguments for delta in ready(deltas)] == [{"a": "x y"}, {"a": "x y"}]


def test_blanks_after_ready_change_nothing() -> None:
    assembler = ToolCallAssembler()
    assembler.add(index=0, call_id="c1", name="f", arguments="{}")
    assert assembler.add(index=0, arguments=" \n") == []
    assert assembler.add(index=0, call_id="c1", name="f", arguments="") == []
    assert assembler.finish() == []


@given(arguments=objects, blank=st.sampled_from(["", " ", "\n"]), data=st.data())
def test_an_empty_object_in_front_of_the_arguments_is_none_of_them(
    arguments: dict[str, Any], blank: str, data: st.DataObject
) -> None:
    text = json.dumps(arguments)
    for named in (False, True):
        assembler, again = ToolCallAssembler(), {"call_id": "c1", "name": "f"} if named else {}
        deltas = assembler.add(index=0, call_id="c1", name="f", arguments="{}" + blank)
        for piece in filter(None, fragments(data, text)):
            deltas += assembler.add(index=0, arguments=piece, **again)
        deltas += assembler.finish()
        assert ready(deltas)[-1].arguments == arguments
        assert len([delta for delta in deltas if isinstance(delta, CallStart)]) == 1


def test_a_signal_of_the_provider_closes_a_call() -> None:
    assembler = ToolCallAssembler()
    assembler.add(index=3, call_id="c1", name="f", arguments="")
    [delta] = assembler.close(index=3)
    assert isinstance(delta, CallReady)
    assert delta.arguments == {}
    assert assembler.close(index=3) == []
    assert assembler.close(index=9) == []
    assert assembler.any_ready


def test_the_start_waits_for_the_name_and_the_arguments_for_the_start() -> None:
    assembler = ToolCallAssembler()
    assert assembler.add(index=0, call_id="c1", arguments='{"a"') == []
    assert assembler.add(index=0, arguments=":1}") == []
    start, arguments, done = assembler.add(index=0, name="f")
    assert isinstance(start, CallStart)
    assert arguments == CallArguments(start.call_id, '{"a":1}')
    assert done == CallReady(start.call_id, {"a": 1})


def test_long_arguments_in_small_fragments_are_looked_at_once() -> None:
    assembler = ToolCallAssembler()
    assembler.add(index=0, call_id="c1", name="f", arguments='{"text":"')
    for _ in range(50_000):  # parsing all of it at each brace would take minutes
        assembler.add(index=0, arguments="if (a) { b[0] }")
    [done] = ready(assembler.add(index=0, arguments='"}'))
    assert done.arguments == {"text": "if (a) { b[0] }" * 50_000}


@given(text=st.text(alphabet='{}[]"\\ab: ,1', max_size=30), data=st.data())
def test_the_scanner_agrees_however_the_text_is_cut(text: str, data: st.DataObject) -> None:
    whole, pieces = ObjectScanner(), ObjectScanner()
    whole.feed(text)
    for piece in fragments(data, text):
        pieces.feed(piece)
    assert whole.whole == pieces.whole


@given(objects)
@settings(max_examples=40)
def test_the_scanner_takes_an_object_for_whole_exactly_at_its_end(value: dict[str, Any]) -> None:
    text = json.dumps(value)
    scanner = ObjectScanner()
    for letter in text[:-1]:
        scanner.feed(letter)
        assert not scanner.whole
    scanner.feed(text[-1])
    assert scanner.whole
    scanner.feed(" \n")
    assert scanner.whole
    scanner.feed("x")
    assert not scanner.whole


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        (" \n", {}),
        ("null", {}),
        ('""', {}),
        ('{"a": 1}', {"a": 1}),
        ('"{\\"a\\": 1}"', {"a": 1}),
        ('```json\n{"a": 1}\n```', {"a": 1}),
        ("```\n{}\n```", {}),
        ('{"a": 1}{"a": 1}\n{"a": 1}', {"a": 1}),
        ('{"a": "x\ty"}', {"a": "x\ty"}),
        ('{"a": "\\ud800"}', {"a": "\ufffd"}),
    ],
)
def test_arguments_are_what_was_meant(text: str, expected: Any) -> None:
    assert read_arguments(text) == expected


@pytest.mark.parametrize("text", ["[1]", "7", '"x"', "{", '{"a": 1}{"b": 2}', "{'a': 1}", "[" * 100_000, "```json\n{"])
def test_arguments_that_are_no_object_say_so(text: str) -> None:
    complaint = read_arguments(text)
    assert isinstance(complaint, str)
    assert complaint.startswith("the arguments")
    assert len(complaint) < 500
