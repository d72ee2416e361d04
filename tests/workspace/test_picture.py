"""What a picture's first bytes say, and that nothing else is taken for one."""

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatls.workspace.picture import picture, picture_type
from tests.support.cases import for_each


def png(width: int, height: int) -> bytes:
    """A whole one, black."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\0" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def segment(marker: int, data: bytes) -> bytes:
    return b"\xff%c%b%b" % (marker, struct.pack(">H", len(data) + 2), data)


FRAME = struct.pack(">BHHB", 8, 480, 640, 3) + bytes(9)
EXIF = segment(0xE1, b"Exif\0\0" + b"\xff\xc0" * 50)
WEBP = b"RIFF\x40\0\0\0WEBP"
PICTURES = [
    (png(640, 480), "PNG", (640, 480)),
    (b"\xff\xd8" + segment(0xE0, b"JFIF\0" + bytes(9)) + segment(0xC0, FRAME), "JPEG", (640, 480)),
    (b"\xff\xd8" + EXIF + segment(0xC4, bytes(20)) + b"\xff\xff" + segment(0xC2, FRAME)[1:], "JPEG", (640, 480)),
    (b"\xff\xd8" + segment(0xE0, b"JFIF\0"), "JPEG", None),
    (b"GIF89a" + struct.pack("<HHBBB", 640, 480, 0, 0, 0), "GIF", (640, 480)),
    (WEBP + b"VP8X" + struct.pack("<II", 10, 0) + b"\x7f\x02\0\xdf\x01\0", "WebP", (640, 480)),
    (WEBP + b"VP8L" + struct.pack("<I", 9) + b"\x2f" + struct.pack("<I", 639 | 479 << 14), "WebP", (640, 480)),
    (WEBP + b"VP8 " + bytes(4) + b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 640, 480), "WebP", (640, 480)),
    (WEBP + b"VP9 ", "WebP", None),
]


@for_each("data, form, size", PICTURES, ids=[form for _, form, _ in PICTURES])
def test_a_picture_says_how_large_it_is(data: bytes, form: str, size: tuple[int, int] | None) -> None:
    found = picture(data)
    assert found
    assert (found.format, found.size) == (form, size)


@for_each("data", [data for data, *_ in PICTURES], ids=[form for _, form, _ in PICTURES])
def test_one_that_is_cut_off_anywhere_is_no_trouble(data: bytes) -> None:
    for end in range(min(len(data), 300)):
        found = picture(data[:end])
        assert found is None or found.size in (None, (640, 480))


@given(st.binary(max_size=80), st.sampled_from([data[:16] for data, *_ in PICTURES]))
def test_whatever_follows_is_no_trouble(rest: bytes, start: bytes) -> None:
    picture(start + rest)


@pytest.mark.parametrize("data", [b"", b"GIF89a, a text", b"RIFFxxxxWAVEfmt ", b"\x89PNG", b"BM6\0\0\0", b"<svg/>"])
def test_nothing_else_is_one(data: bytes) -> None:
    assert picture_type(data) is None
    assert picture(data) is None
