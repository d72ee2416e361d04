"""What a picture's first bytes say of it: which format, how many pixels. Pure.

PNG (W3C, section 11.2.1), JPEG (ITU T.81, annex B), GIF (89a, section 18), WebP (RFC 9649): what models can be shown.
"""

from struct import unpack

from chatls.values import dataclass

_NAMES = {"image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF", "image/webp": "WebP"}
_NO_FRAME = {0xC4, 0xC8, 0xCC}
"""Of the JPEG markers C0 to CF, those that begin no frame."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One that models may be shown."""

    mime_type: str
    size: tuple[int, int] | None
    """Pixels, width and height; None where it does not say."""

    @property
    def format(self) -> str:
        """For people."""
        return _NAMES[self.mime_type]

    @property
    def pixels(self) -> str:
        """For people: "640x480 pixels"."""
        return f"{self.size[0]}x{self.size[1]} pixels" if self.size else "of unknown size"


def picture_type(start: bytes) -> str | None:
    r"""The media type of a picture that starts so; None for anything else.

    >>> picture_type(b"\xff\xd8\xff\xe0"), picture_type(b"GIF89a is a format")
    ('image/jpeg', None)
    """
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if start.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if start[:6] in (b"GIF87a", b"GIF89a") and b"\0" in start[:13]:  # else a text about it
        return "image/gif"
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "image/webp"
    return None


def picture(data: bytes) -> Picture | None:
    r"""What a whole file is, if it is a picture.

    >>> picture(b"GIF89a\x40\x01\xc8\x00\x00")
    Picture(mime_type='image/gif', size=(320, 200))
    """
    found = picture_type(data)
    if found is None:
        return None
    measure = {"image/png": _png, "image/jpeg": _jpeg, "image/gif": _gif, "image/webp": _webp}[found]
    try:
        size = measure(data)
    except (ValueError, IndexError):
        size = None
    return Picture(found, size)


def _numbers(form: str, data: bytes, at: int, count: int) -> tuple[int, ...]:
    """Raises `ValueError` where there are not so many bytes."""
    piece = data[at : at + count]
    if len(piece) < count:
        raise ValueError("too short")
    return unpack(form, piece)


def _png(data: bytes) -> tuple[int, int]:
    width, height = _numbers(">II", data, 16, 8)
    return width, height


def _gif(data: bytes) -> tuple[int, int]:
    width, height = _numbers("<HH", data, 6, 4)
    return width, height


def _jpeg(data: bytes) -> tuple[int, int]:
    at = 2
    while data[at] == 0xFF:
        while data[at] == 0xFF:  # fill bytes
            at += 1
        marker, (length,) = data[at], _numbers(">H", data, at + 1, 2)
        if 0xC0 <= marker <= 0xCF and marker not in _NO_FRAME:
            height, width = _numbers(">HH", data, at + 4, 4)
            return width, height
        at += 1 + length
    raise ValueError("no frame")


def _webp(data: bytes) -> tuple[int, int]:
    match data[12:16]:
        case b"VP8X":
            width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
            _numbers("6s", data, 24, 6)
        case b"VP8L":
            (bits,) = _numbers("<I", data, 21, 4)
            width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            width, height = (side & 0x3FFF for side in _numbers("<HH", data, 26, 4))
        case _:
            raise ValueError("no frame")
    return width, height
