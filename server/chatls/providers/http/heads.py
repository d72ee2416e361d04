"""HTTP/1.1 heads: a request's as bytes, an answer's as values, and how long the body behind it is (RFC 9112). Pure."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from chatls.providers.http.transfer import Chunks, Sized, Transfer, Unsized

LONGEST = 128 * 1024
"""Bytes of an answer's head."""

_END = re.compile(rb"\n\r?\n")
_STATUS = re.compile(r"HTTP/1\.([01]) +(\d{3})(?: +(.*))?")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class Head(NamedTuple):
    """The head of an answer."""

    status: int
    reason: str
    headers: Mapping[str, str]
    """By lower-case name; the values of several of one name have commas between them."""
    lasts: bool
    """The connection can be used again behind the body."""

    def body(self) -> Transfer:
        """How long the body is. Raises `ValueError` for a length that is none."""
        if self.status in (204, 304):
            return Sized(0)
        if self.headers.get("transfer-encoding", "").rpartition(",")[2].strip().lower() == "chunked":
            return Chunks()
        lengths = {length.strip() for length in self.headers.get("content-length", "").split(",")} - {""}
        if not lengths:
            return Unsized()
        length, *others = lengths
        if others or not (length.isascii() and length.isdigit()):
            raise ValueError("a body has no length")
        return Sized(int(length))


def request(method: str, target: str, headers: Mapping[str, str]) -> bytes:
    """A request's head. Raises `ValueError` for a header that cannot be sent."""
    for name, value in headers.items():
        if not _NAME.fullmatch(name) or not value.isascii() or not value.isprintable():
            raise ValueError(f"the header {name!r} cannot be sent")
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{method} {target} HTTP/1.1\r\n{lines}\r\n".encode("ascii")


def split(data: bytes) -> tuple[bytes, bytes] | None:
    """A head, and what is behind it; None where it is not whole yet. Raises `ValueError` for one without an end."""
    found = _END.search(data)
    if found is None and len(data) > LONGEST:
        raise ValueError("a head has no end")
    return None if found is None else (data[: found.start()], data[found.end() :])


def read(head: bytes) -> Head:
    """An answer's head. Raises `ValueError` where it is none.

    >>> read(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r").headers
    {'content-length': '2'}
    """
    first, *lines = head.decode("latin-1").lstrip("\r\n").split("\n")
    status = _STATUS.fullmatch(first.rstrip())
    if status is None:
        raise ValueError("an answer is no HTTP")
    headers: dict[str, str] = {}
    last = ""
    for line in lines:
        if line[:1] in (" ", "\t") and last:  # a value goes on, as it once was allowed to
            headers[last] += f" {line.strip()}"
            continue
        name, colon, value = line.partition(":")
        if not colon or not _NAME.fullmatch(name):
            raise ValueError("an answer has a header that is none")
        last, value = name.lower(), value.strip()
        headers[last] = f"{headers[last]}, {value}" if last in headers else value
    said = {word.strip() for word in headers.get("connection", "").lower().split(",")}
    lasts = "close" not in said if status[1] == "1" else "keep-alive" in said
    return Head(int(status[2]), status[3] or "", headers, lasts)
