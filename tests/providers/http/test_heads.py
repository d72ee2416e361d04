"""HTTP heads: what is sent, what is read, how long the body is; what is none is refused."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatls.providers.http import heads
from chatls.providers.http.transfer import Chunks, Sized, Unsized
from tests.support.cases import for_each


def test_a_request_is_its_line_and_its_headers() -> None:
    assert (
        heads.request("GET", "/v1?x", {"host": "h", "a": "b c"}) == b"GET /v1?x HTTP/1.1\r\nhost: h\r\na: b c\r\n\r\n"
    )


@for_each(("name", "value"), [("a b", "c"), ("", "c"), ("a", "b\r\nc: d"), ("a", "ü"), ("a\n", "b")])
def test_what_would_be_another_header_is_not_sent(name: str, value: str) -> None:
    with pytest.raises(ValueError, match="cannot be sent"):
        heads.request("GET", "/", {name: value})


def test_an_answer_is_read_in_every_case_and_spelling() -> None:
    head = heads.read(
        b"HTTP/1.1 200 OK then\r\nCONTENT-Type: text/x\r\nSet-Cookie: a\r\nset-cookie: b\r\nlong: c\r\n  d\r"
    )
    assert (head.status, head.reason, head.lasts) == (200, "OK then", True)
    assert head.headers == {"content-type": "text/x", "set-cookie": "a, b", "long": "c d"}
    assert heads.read(b"HTTP/1.1 404").status == 404


@for_each(
    ("text", "lasts"),
    [
        (b"HTTP/1.1 200 OK\r\nconnection: Close", False),
        (b"HTTP/1.1 200 OK\r\nconnection: x, close", False),
        (b"HTTP/1.0 200 OK", False),
        (b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive", True),
    ],
)
def test_a_connection_lasts_as_the_answer_says(text: bytes, lasts: bool) -> None:
    assert heads.read(text).lasts is lasts


@for_each(
    ("headers", "kind"),
    [
        (b"", Unsized),
        (b"\r\ncontent-length: 5", Sized),
        (b"\r\ncontent-length: 5\r\ncontent-length: 5", Sized),
        (b"\r\ncontent-length: 5\r\ntransfer-encoding: chunked", Chunks),
        (b"\r\ntransfer-encoding: gzip, Chunked", Chunks),
        (b"\r\ntransfer-encoding: identity", Unsized),
    ],
)
def test_how_long_the_body_is(headers: bytes, kind: type[object]) -> None:
    assert isinstance(heads.read(b"HTTP/1.1 200 OK" + headers).body(), kind)


def test_no_content_is_no_body() -> None:
    assert heads.read(b"HTTP/1.1 204 No Content").body().ended


@for_each("length", [b"-1", b"5, 6", b"x", b"1_0"])
def test_a_length_that_is_none_is_refused(length: bytes) -> None:
    with pytest.raises(ValueError, match="no length"):
        heads.read(b"HTTP/1.1 200 OK\r\ncontent-length: " + length).body()


@for_each(
    "text",
    [b"", b"SSH-2.0-x", b"HTTP/2 200", b"HTTP/1.1 20", b"HTTP/1.1 200 OK\r\nno header", b"HTTP/1.1 200 OK\r\n: x"],
)
def test_what_is_no_answer_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match="an answer"):
        heads.read(text)


@given(st.binary(max_size=200))
def test_anything_is_a_head_or_refused(data: bytes) -> None:
    with suppress(ValueError):
        heads.read(data)


def test_a_head_is_split_from_what_follows_and_bounded() -> None:
    assert heads.split(b"a\r\nb\r\n\r\nrest") == (b"a\r\nb\r", b"rest")
    assert heads.split(b"a\nb\n\nrest") == (b"a\nb", b"rest")
    assert heads.split(b"a\r\nb\r\n") is None
    with pytest.raises(ValueError, match="no end"):
        heads.split(b"x" * (heads.LONGEST + 1))
