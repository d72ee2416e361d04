"""Bytes to events: right at every split, and linear."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatls.errors import ProviderError
from chatls.providers.http.framing import NdjsonFramer, SseEvent, SseFramer
from tests.support.cases import for_each


def events(
    data: bytes, cuts: list[int] | None = None, framer: SseFramer | NdjsonFramer | None = None
) -> list[SseEvent]:
    framer = framer or SseFramer()
    bounds = [0, *sorted(cut for cut in cuts or [] if cut < len(data)), len(data)]
    got = [event for start, stop in pairwise(bounds) for event in framer.feed(data[start:stop])]
    return got + framer.eof()


def texts(data: bytes) -> list[str]:
    return [event.data for event in events(data)]


@for_each(
    ("data", "expected"),
    [
        (b"data: a\n\ndata: b\n\n", ["a", "b"]),
        (b"data: a\r\n\r\ndata: b\r\n\r\n", ["a", "b"]),
        (b"data: a\r\rdata: b\r\r", ["a", "b"]),
        (b"data: a\n\r\ndata: b\r\n\n", ["a", "b"]),
        (b"data:a\n\ndata:  b \n\n", ["a", " b "]),
        (b"data: a\ndata: b\n\n", ["a\nb"]),
        (b"data\n\ndata:\n\ndata: \n\n", ["", "", ""]),
        (b": hello\n\n:\n\ndata: a\n: in between\ndata: b\n\n", ["a\nb"]),
        (b"\xef\xbb\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\n", ["a"]),
        (b"\n\n\ndata: a\n\n\n\n", ["a"]),
        (b"id: 1\nretry: 5\nunknown: x\ndata: a\n\n", ["a"]),
        (b"  data: a\n\n\tdata: b\n\n", ["a", "b"]),
        (b"data: a", ["a"]),
        (b"data: a\n", ["a"]),
        (b"event: x\n\ndata: a\n\n", ["a"]),
        (b"", []),
        (b"\xef\xbb\xbf", []),
        ("data: a\u2028b\u2029c\x85d\x0be\x0cf\x1cg\n\n".encode(), ["a\u2028b\u2029c\x85d\x0be\x0cf\x1cg"]),
        (b"data: \xff\xfe\xe4\n\n", ["\ufffd\ufffd\ufffd"]),
        ("data: \U0001f600é\n\n".encode(), ["\U0001f600é"]),
    ],
)
def test_lines_and_events_are_found_as_the_standard_says(data: bytes, expected: list[str]) -> None:
    assert texts(data) == expected
    assert [event.data for event in events(data, list(range(len(data))))] == expected


def test_an_event_has_a_name_or_is_a_message() -> None:
    got = events(b"event: ping\ndata: a\n\ndata: b\n\nevent:\ndata: c\n\n")
    assert got == [SseEvent("ping", "a"), SseEvent("message", "b"), SseEvent("message", "c")]


def test_a_field_error_is_an_event_of_that_name() -> None:
    assert events(b'error: {"a": 1}\n\ndata: b\n\n') == [SseEvent("error", '{"a": 1}'), SseEvent("message", "b")]


def test_a_line_that_ends_with_a_return_is_not_ended_twice() -> None:
    framer = SseFramer()
    assert framer.feed(b"data: a\r") == []
    assert framer.feed(b"\ndata: b\r") == []
    assert framer.feed(b"\n\r") == [SseEvent("message", "a\nb")]
    assert framer.feed(b"\ndata: c\n\n") == [SseEvent("message", "c")]


pieces = st.sampled_from(
    [
        *(
            b"data: ",
            b"data:",
            b"data",
            b"event: x",
            b"event:",
            b"error: e",
            b":",
            b" ",
            b"\n",
            b"\n\n",
            b"\r",
            b"\r\n",
        ),
        *(b"{", b"a", "é€\U0001f600".encode(), "\u2028\x85\x0b".encode(), b"\xff", b"\xef\xbb\xbf", b"id: 1"),
    ]
)
streams = st.lists(pieces, max_size=30).map(b"".join)


@given(data=streams, cuts=st.lists(st.integers(0, 120), max_size=8))
@example(data=b"data: a\r\n\r\ndata: b\n\n", cuts=[8, 9, 10])
def test_any_cut_gives_the_same_events(data: bytes, cuts: list[int]) -> None:
    whole = events(data)
    assert events(data, cuts) == whole
    assert events(data, list(range(len(data)))) == whole


@given(st.lists(st.text(st.characters(blacklist_characters="\r\n", blacklist_categories=["Cs"]), min_size=1)))
def test_what_was_framed_comes_out(lines: list[str]) -> None:
    assert texts("".join(f"data: {line}\n\n" for line in lines).encode()) == lines


@given(data=streams, cuts=st.lists(st.integers(0, 120), max_size=8))
def test_any_cut_gives_the_same_json_lines(data: bytes, cuts: list[int]) -> None:
    whole = events(data, framer=NdjsonFramer())
    assert events(data, cuts, NdjsonFramer()) == whole


def test_json_lines_end_at_line_feeds_and_with_the_stream() -> None:
    data = '{"a": "\u2028\x85"}\n\n  \r\n{"b": 1}\r\n{"c": 2}'.encode()
    assert [event.data for event in events(data, framer=NdjsonFramer())] == [
        '{"a": "\u2028\x85"}',
        '{"b": 1}',
        '{"c": 2}',
    ]


@for_each("framer", [SseFramer, NdjsonFramer])
def test_one_endless_line_is_refused(framer: type[SseFramer]) -> None:
    endless = framer(limit=1000)
    endless.feed(b"data: " + b"x" * 900)
    with pytest.raises(ProviderError) as failure:
        endless.feed(b"x" * 100)
    assert failure.value.kind == "bad_response"


def test_an_event_of_endlessly_many_lines_is_refused() -> None:
    framer = SseFramer(limit=1000)
    framer.feed(b"data:\n" * 1000)
    with pytest.raises(ProviderError):
        framer.feed(b"data:\n")


def test_a_long_stream_of_short_events_is_not_refused() -> None:
    framer = SseFramer(limit=1000)
    assert sum(len(framer.feed(b"data: abc\ndata: d\n\n")) for _ in range(1000)) == 1000


def test_a_huge_line_in_small_reads_is_kept_in_pieces() -> None:
    framer = SseFramer()
    for _ in range(50_000):  # joining them at each read would take minutes
        framer.feed(b"x" * 200)
    framer.feed(b"\ndata: " + b"y" * 200)
    for _ in range(50_000):
        framer.feed(b"y" * 200)
    [event] = framer.feed(b"\n\n")
    assert len(event.data) == 200 * 50_001


def test_a_lone_return_ends_a_line_also_where_one_read_looks_like_one_event() -> None:
    framer = SseFramer()
    assert [event.data for event in framer.feed(b"data: first\n\n")] == ["first"]
    assert framer.feed(b"data: a\rdata: b\n\n") == [SseEvent("message", "a\nb")]
    assert framer.feed(b"event: e\rdata: c\n\n") == [SseEvent("e", "c")]
    assert framer.feed(b"event: e\ndata: d\n\n") == [SseEvent("e", "d")]
    assert framer.feed(b"event: \ndata: f\n\n") == [SseEvent("message", "f")]
