"""Every habit of servers that is in the tables, read by the decoder that it is for, however the bytes are cut."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from chatls.content import Usage
from tests.providers.cases import CASES, Case
from tests.providers.cases_native import NATIVE
from tests.providers.reading import Seen, read, stream_bytes
from tests.support.cases import for_each

ALL = CASES + NATIVE


def named(case: Case) -> str:
    return f"{case.kind}: {case.name}"


def check(case: Case, got: Seen) -> None:
    assert (got.text, got.thinking, got.calls, got.error) == (case.text, case.thinking, case.calls, case.error)
    assert got.stop == ("tool_calls" if case.calls and case.stop == "end_turn" else case.stop)
    if case.tokens:
        read, written, cached = case.tokens
        assert got.usage == Usage(read, written, cached)


@for_each("case", ALL, ids=named)
def test_every_habit_of_servers_is_read_as_it_was_meant(case: Case) -> None:
    check(case, read([stream_bytes(case.stream, case.kind)], case.kind))


@for_each("case", ALL, ids=named)
def test_a_stream_of_single_bytes_is_read_the_same(case: Case) -> None:
    data = stream_bytes(case.stream, case.kind)
    check(case, read((data[place : place + 1] for place in range(len(data))), case.kind))


@given(case=st.sampled_from(ALL), data=st.data())
def test_any_cut_gives_the_same_texts_and_calls(case: Case, data: st.DataObject) -> None:
    whole = stream_bytes(case.stream, case.kind)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(whole)), max_size=12)))
    pieces = [whole[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    expected = read([whole], case.kind)
    got = read((piece for piece in pieces if piece), case.kind)
    assert replace(got, replay=None) == replace(expected, replay=None)


@for_each("case", ALL, ids=named)
def test_each_call_of_a_reply_has_an_id_of_its_own(case: Case) -> None:
    replay = read([stream_bytes(case.stream, case.kind)], case.kind).replay
    assert replay is None or all(len(ours) == 9 for ours in replay.call_ids)


def test_no_two_cases_of_a_kind_are_called_the_same() -> None:
    names = [named(case) for case in ALL]
    assert [name for name in names if names.count(name) > 1] == []
