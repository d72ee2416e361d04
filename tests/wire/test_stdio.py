"""Bytes: framing that finds its way back from anything, and output that never blocks, loses or reorders."""

import asyncio
import os
import pickle
from collections.abc import Iterator
from itertools import pairwise

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatls.wire.stdio import (
    FRAME_CAP,
    HEADER_CAP,
    SKIP_CAP,
    FrameReader,
    Input,
    Lost,
    Output,
    frame,
    read_some,
    write_all,
)

SOON = 120
HELLO = frame(b'{"a":1}')


def bodies(items: list[bytes | Lost]) -> list[bytes]:
    return [item for item in items if isinstance(item, bytes)]


def losses(items: list[bytes | Lost]) -> list[str]:
    return [item.reason for item in items if isinstance(item, Lost)]


def chunked(data: bytes, cuts: list[int]) -> Iterator[bytes]:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return (data[start:end] for start, end in pairwise(places))


def test_a_frame_that_comes_byte_by_byte_is_read_once_and_whole() -> None:
    reader = FrameReader()
    assert [item for byte in HELLO + HELLO for item in reader.feed(bytes([byte]))] == [b'{"a":1}', b'{"a":1}']


@pytest.mark.parametrize(
    "header",
    [
        b"content-length: 2\r\n\r\n",
        b"CONTENT-LENGTH:2\r\n\r\n",
        b"Content-Length : \t2 \r\n\r\n",
        b"Content-Length: 2\n\n",
        b"Content-Length: 2\n\r\n",
        b"Content-Length: 0002\r\n\r\n",
        b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: 2\r\n\r\n",
        b"Content-Length: 2\r\nContent-Type: x\r\nX: y: z\r\n\r\n",
        b"\r\n\r\n\nContent-Length: 2\r\n\r\n",
        b"a line of garbage\r\nContent-Length: 2\r\n\r\n",
        b"\xff\xfe\x00\nContent-Length: 2\r\n\r\n",
    ],
)
def test_odd_headers_are_understood(header: bytes) -> None:
    assert FrameReader().feed(header + b"{}" + HELLO) == [b"{}", b'{"a":1}']


@pytest.mark.parametrize(
    ("garbage", "words"),
    [
        (b"Content-Type: x\r\n\r\n{}", "no Content-Length"),
        (b"garbage\n\nmore garbage", "no Content-Length"),
        (b"Content-Length: -5\r\n\r\n{}", "cannot be used"),
        (b"Content-Length: five\r\n\r\n{}", "cannot be used"),
        (b"Content-Length:\r\n\r\n{}", "cannot be used"),
        (b"Content-Length: 0x10\r\n\r\n{}", "cannot be used"),
        (b"Content-Length: \xd9\xa3\r\n\r\n{}", "cannot be used"),
        (b"Content-Length: 1_0\r\n\r\n{}", "cannot be used"),
        (b"Content-Length: 999999999999\r\n\r\n{}", "cannot be used"),
        (b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n{}", "cannot be used"),
        (b"X: " + b"y" * (HEADER_CAP + 10), "64 KiB"),
    ],
)
def test_where_a_boundary_is_lost_it_is_said_once_and_found_at_the_next_header(garbage: bytes, words: str) -> None:
    for items in (
        FrameReader().feed(garbage + HELLO + HELLO),
        [item for reader in [FrameReader()] for part in (garbage, HELLO, HELLO) for item in reader.feed(part)],
    ):
        assert bodies(items) == [b'{"a":1}', b'{"a":1}']
        assert [reason for reason in losses(items) if words in reason] == losses(items)
        assert len(losses(items)) == 1


def test_a_body_that_is_shorter_than_it_was_said_to_be_costs_one_message_more_and_no_others() -> None:
    items = FrameReader().feed(b"Content-Length: 20\r\n\r\n{}" + HELLO * 3)
    assert bodies(items)[1:] == [b'{"a":1}', b'{"a":1}']
    assert bodies(items)[0].startswith(b"{}Content-Length")


def test_a_length_of_zero_is_an_empty_body() -> None:
    assert FrameReader().feed(b"Content-Length: 0\r\n\r\n" + HELLO) == [b"", b'{"a":1}']


def test_the_first_usable_length_counts() -> None:
    assert FrameReader().feed(b"Content-Length: 2\r\nContent-Length: 5\r\n\r\n{}" + HELLO) == [b"{}", b'{"a":1}']


def test_a_message_that_is_too_long_is_skipped_by_its_count() -> None:
    reader = FrameReader()
    (lost,) = reader.feed(b"Content-Length: %d\r\n\r\n" % (FRAME_CAP + 1))
    assert isinstance(lost, Lost)
    assert str(FRAME_CAP + 1) in lost.reason
    tricky = b"Content-Length: 5\r\n\r\n"  # within what is skipped, a header is none
    body = tricky + b" " * (FRAME_CAP + 1 - len(tricky))
    found = [item for at in range(0, len(body), 2**20) for item in reader.feed(body[at : at + 2**20])]
    assert found == []
    assert reader.feed(HELLO) == [b'{"a":1}']


def test_a_message_of_just_the_longest_length_is_read() -> None:
    reader = FrameReader()
    body = b" " * FRAME_CAP
    items = reader.feed(frame(body))
    assert len(items) == 1
    assert items[0] == body


def test_beyond_what_is_skipped_the_next_header_is_searched_for() -> None:
    items = FrameReader().feed(b"Content-Length: %d\r\n\r\n" % (SKIP_CAP + 1) + b"x" * 999 + HELLO)
    assert bodies(items) == [b'{"a":1}']


def test_searching_keeps_no_more_than_a_tail_of_what_it_read() -> None:
    reader = FrameReader()
    reader.feed(b"garbage\n\n")
    for _ in range(64):
        assert reader.feed(b"x" * 2**16) == []
    assert sum(map(len, bodies(reader.feed(HELLO)))) == 7
    assert len(pickle.dumps(reader)) < 4096


BLOCKS = st.one_of(
    st.binary(max_size=30).map(frame),
    st.sampled_from(
        [
            b"Content-Length: -1\r\n\r\n",
            b"Content-Length: 99999999999999\r\n\r\nabc",
            b"garbage\r\n",
            b"gar\n\nbage",
            b"\r\n",
            b"content-length:3\n\nabc",
            b"Content-Length: 2",
            b"\xff\x00",
            b"Content-Length: 12\r\n\r\n{}",
        ]
    ),
)


@settings(max_examples=300)
@given(st.lists(BLOCKS, max_size=6).map(b"".join), st.lists(st.integers(0, 10_000), max_size=12))
def test_any_chunking_of_any_input_gives_the_same(data: bytes, cuts: list[int]) -> None:
    whole = FrameReader().feed(data)
    reader, parts = FrameReader(), list[bytes | Lost]()
    for part in chunked(data, cuts):
        parts += reader.feed(part)
    assert parts == whole


@given(st.lists(st.binary(max_size=200)), st.lists(st.integers(0, 10_000), max_size=12))
def test_well_formed_frames_come_out_as_they_went_in(contents: list[bytes], cuts: list[int]) -> None:
    reader = FrameReader()
    data = b"".join(frame(body) for body in contents)
    assert [item for part in chunked(data, cuts) for item in reader.feed(part)] == contents


@given(st.binary(max_size=400), st.lists(st.integers(0, 10_000), max_size=6))
def test_garbage_never_raises_and_a_frame_behind_it_and_a_line_is_found(garbage: bytes, cuts: list[int]) -> None:
    if b"content-length" in garbage.lower():
        return
    reader = FrameReader()
    found = [item for part in chunked(garbage + b"\n\n" + HELLO, cuts) for item in reader.feed(part)]
    assert bodies(found) == [b'{"a":1}']


class Pipe:
    """A real pipe whose reading end is the test's."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        os.set_blocking(self.reading, False)
        self.output = Output(self.writing, asyncio.get_running_loop())

    def read(self, count: int = 2**20) -> bytes:
        try:
            return os.read(self.reading, count)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        self.output.close()
        os.close(self.writing)
        os.close(self.reading)


@pytest.mark.asyncio
async def test_what_the_pipe_takes_is_written_at_once() -> None:
    pipe = Pipe()
    pipe.output.write(b"hello")
    assert pipe.output.waiting == 0
    assert pipe.read() == b"hello"
    pipe.close()


@pytest.mark.asyncio
async def test_what_the_pipe_does_not_take_is_kept_and_leaves_in_order() -> None:
    pipe, emptied = Pipe(), anyio.Event()
    pipe.output.on_room = emptied.set
    sent = b"".join(b"%08d" % number for number in range(100_000))
    for at in range(0, len(sent), 7777):
        pipe.output.write(sent[at : at + 7777])
    assert 0 < pipe.output.waiting < len(sent)
    assert not emptied.is_set()
    got = bytearray()
    with anyio.fail_after(SOON):
        while len(got) < len(sent):
            await anyio.wait_readable(pipe.reading)
            got += pipe.read(5000)
        await emptied.wait()
    assert got == sent
    assert pipe.output.waiting == 0
    pipe.close()


@pytest.mark.asyncio
@pytest.mark.parametrize("while_waiting", [True, False])
async def test_a_reader_that_left_is_noticed_once_and_nothing_raises(while_waiting: bool) -> None:
    pipe, closed = Pipe(), list[int]()
    gone = anyio.Event()

    def on_closed() -> None:
        closed.append(1)
        gone.set()

    pipe.output.on_closed = on_closed
    if while_waiting:
        pipe.output.write(b"x" * 10**6)
    os.close(pipe.reading)
    pipe.output.write(b"y")
    with anyio.fail_after(SOON):
        await gone.wait()
    pipe.output.write(b"z" * 10**6)
    assert closed == [1]
    assert pipe.output.waiting == 0
    pipe.output.close()
    os.close(pipe.writing)


@pytest.mark.asyncio
async def test_a_closed_output_leaves_the_descriptor_blocking_as_it_was() -> None:
    pipe = Pipe()
    assert not os.get_blocking(pipe.writing)
    pipe.output.write(b"x" * 10**6)
    pipe.output.close()
    assert os.get_blocking(pipe.writing)
    os.close(pipe.writing)
    os.close(pipe.reading)


@pytest.mark.asyncio
async def test_input_is_handed_over_in_order_and_its_end_too() -> None:
    reading, writing = os.pipe()
    got, ended = list[bytes](), anyio.Event()

    def receive(data: bytes) -> None:
        got.append(data)
        if not data:
            ended.set()

    Input(reading, asyncio.get_running_loop(), receive)
    sent = os.urandom(3 * 2**20)
    with anyio.fail_after(SOON):
        await anyio.to_thread.run_sync(write_all, writing, sent)
        os.close(writing)
        await ended.wait()
    assert b"".join(got) == sent
    os.close(reading)


def test_reading_waits_also_where_the_descriptor_was_made_non_blocking() -> None:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.write(writing, b"x")
    assert read_some(reading) == b"x"
    os.close(writing)
    assert read_some(reading) == b""
    os.close(reading)


def test_reading_from_what_is_closed_is_its_end() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    assert read_some(reading) == b""
    os.close(writing)


def test_writing_all_to_nobody_raises() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with pytest.raises(BrokenPipeError):
        write_all(writing, b"x")
    os.close(writing)
