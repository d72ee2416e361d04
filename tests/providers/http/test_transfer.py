"""Where a body ends: whatever it is cut into, what is in it comes out, and what is none is refused."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatls.providers.http.transfer import Chunks, Sized, Unsized
from tests.support.cases import for_each


def coded(parts: list[bytes], trailers: bytes = b"") -> bytes:
    """A body of these chunks."""
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n" + trailers + b"\r\n"


@given(
    st.lists(st.binary(min_size=1, max_size=50), max_size=8),
    st.lists(st.integers(0, 600)),
    st.sampled_from([b"", b"x: y\r\n", b"a: b\r\nc: d\r\n"]),
    st.binary(max_size=5),
)
def test_the_body_comes_out_at_every_split(parts: list[bytes], cuts: list[int], trailers: bytes, rest: bytes) -> None:
    whole = coded(parts, trailers)
    places = sorted({0, *(cut for cut in cuts if cut < len(whole)), len(whole + rest)})
    chunks, found = Chunks(), b""
    for begin, end in pairwise(places):
        assert not chunks.ended
        found += chunks.feed((whole + rest)[begin:end])
    assert (found, chunks.ended, chunks.rest) == (b"".join(parts), True, rest)


def test_extensions_blanks_and_bare_line_feeds_are_passed_over() -> None:
    chunks = Chunks()
    assert chunks.feed(b'3;a="b"\r\nabc\r\n2 \nde\n0\n\n') == b"abcde"
    assert chunks.ended


@for_each("data", [b"zz\r\n", b"\r\n", b"3\r\nabcd\r\n", b"-3\r\nabc\r\n", b"0x3\r\nabc\r\n", b"1" * 70_000])
def test_what_is_no_chunk_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="a chunk"):
        Chunks().feed(data)


def test_a_body_of_a_length_ends_there_and_one_of_none_with_its_connection() -> None:
    sized, empty, unsized = Sized(5), Sized(0), Unsized()
    assert (sized.feed(b"ab"), sized.ended) == (b"ab", False)
    assert (sized.feed(b"cdef"), sized.ended, sized.rest) == (b"cde", True, b"f")
    assert empty.ended
    assert unsized.feed(b"abc") == b"abc"
    unsized.eof()
    assert unsized.ended
    sized.eof()


@for_each("body", [Chunks(), Sized(1)])
def test_an_end_of_the_connection_inside_of_a_body_is_no_end(body: Chunks | Sized) -> None:
    with pytest.raises(ValueError, match="inside of a body"):
        body.eof()
