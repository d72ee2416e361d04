r"""Text as files hold it: the encoding, the mark at the start, the line ends; and changes that keep all of them. Pure.

Models write `\n`, whatever the file's lines end with: texts are compared as `plain` gives them, and what is put in gets
the line ends of what was there. A file without a mark that is no UTF-8 is taken for Windows-1252 (Latin-1 with letters
for most control characters; WHATWG "Encoding", index windows-1252), unless much of it is UTF-8.
"""

import codecs
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence

from chatls.values import dataclass
from chatls.workspace.linediff import differences

MOST_BYTES = 16 * 1024 * 1024
"""Of a file that can be changed."""

_SNIFFED = 8192
_TEXT_BYTES = bytes({*range(0x20, 0x100), *b"\t\n\r\f\b\x1b"} - {0x7F})
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""UTF-32 stands first: its mark begins with UTF-16's."""
_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")
_LEGACY = "cp1252"
_UNUSED = "\x81\x8d\x8f\x90\x9d"
"""What Windows-1252 gives no letter stays what it is in Latin-1."""
_MOSTLY = 10
"""So many times as many bytes that are no UTF-8 as letters beyond ASCII that are: it never was UTF-8."""
_CODECS = (
    "latin-1",
    "iso8859-15",
    "iso8859-2",
    "cp1250",
    "cp1251",
    "koi8-r",
    "cp932",
    "euc_jp",
    "gb18030",
    "big5",
    "cp949",
    "mac_roman",
    "cp437",
)
"""What an editor may have read a file in."""


class NoTextError(ValueError):
    """Bytes that are no text. Its words go behind "the file"."""


class NoLetterError(ValueError):
    """A letter that an encoding does not have. Its words go behind "it"."""


@dataclass(frozen=True, slots=True)
class FileText:
    """What a file holds."""

    text: str
    """With its own line ends and without the mark. A byte that is no UTF-8 is a lone surrogate (PEP 383)."""
    encoding: str = "utf-8"
    mark: bytes = b""
    """The byte order mark at its start."""

    def encoded(self, text: str) -> bytes:
        """Another text, as this file would hold it. Raises `NoLetterError`."""
        try:
            return self.mark + text.encode(self.encoding, _errors(self.encoding))
        except UnicodeEncodeError as error:
            letter = text[error.start]
            raise NoLetterError(
                f"is {self.encoding_name}, which has no {letter!r} (U+{ord(letter):04X}): write it in other letters"
            ) from error

    @property
    def is_broken(self) -> bool:
        """Whether there are bytes that are no UTF-8, in what is UTF-8 for the rest."""
        return _has_broken(self.text)

    @property
    def is_legacy(self) -> bool:
        """Whether it is no Unicode."""
        return self.encoding == _LEGACY

    @property
    def encoding_name(self) -> str:
        """For people: "Windows-1252", "UTF-16"."""
        return "Windows-1252 (Latin-1)" if self.is_legacy else self.encoding[:6].upper().removesuffix("-")


def decode(data: bytes) -> FileText:
    r"""The text of a whole file. Raises `NoTextError` where it is none.

    >>> decode(b"\xff\xfea\0").text, decode(b"caf\xe9").encoded("th\xe9")
    ('a', b'th\xe9')
    """
    mark, encoding = next((pair for pair in _MARKS if data.startswith(pair[0])), (b"", "utf-8"))
    body = data[len(mark) :]
    if encoding == "utf-8" and is_binary(body[:_SNIFFED]):
        raise NoTextError("is binary")
    try:
        text = body.decode(encoding, _errors(encoding))
    except UnicodeDecodeError as error:
        raise NoTextError(f"is no valid {encoding[:6].upper()}") from error
    if "\0" in text:
        raise NoTextError("holds binary data")
    if not mark and _never_was_utf8(text):
        return FileText(body.decode(_LEGACY, _errors(_LEGACY)), _LEGACY)
    return FileText(text, encoding, mark)


def readable(data: bytes) -> str:
    """A piece of a file for eyes alone: what is no letter is U+FFFD.

    >>> readable(b"caf\\xe9"), readable(b"\\xc3\\xa9 \\xff")
    ('café', 'é �')
    """
    text = data.decode("utf-8", "surrogateescape")
    return data.decode(_LEGACY, _errors(_LEGACY)) if _never_was_utf8(text) else data.decode("utf-8", "replace")


def _never_was_utf8(text: str) -> bool:
    if not _has_broken(text):
        return False
    counts = Counter(text)
    broken = sum(count for letter, count in counts.items() if "\udc80" <= letter <= "\udcff")
    return broken > _MOSTLY * (sum(count for letter, count in counts.items() if letter > "\x7f") - broken)


def _has_broken(text: str) -> bool:
    """Whether there are bytes that are no UTF-8, which stand as lone surrogates. Quick."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _errors(encoding: str) -> str:
    """How bytes that do not fit are kept: every file that is read is written again byte for byte."""
    return {"utf-8": "surrogateescape", _LEGACY: "chatls.unused"}.get(encoding, "surrogatepass")


def _unused(error: UnicodeError) -> tuple[str | bytes, int]:
    """Bytes that Windows-1252 does not use, both ways (`codecs.register_error`)."""
    match error:
        case UnicodeDecodeError():
            return error.object[error.start : error.end].decode("latin-1"), error.end
        case UnicodeEncodeError() if error.object[error.start] in _UNUSED:
            return error.object[error.start].encode("latin-1"), error.start + 1
        case _:
            raise error


codecs.register_error("chatls.unused", _unused)


def holds(data: bytes, text: str) -> bool:
    r"""Whether a file's content is what an editor shows as `text`, in the editor's own terms: line ends, the mark at
    the start, a line feed at the end, and the encoding may be told otherwise.

    >>> holds(b"caf\xe9\r\n", "caf\xe9\n"), holds(b"a\n", "b\n")
    (True, False)
    """
    shown = _bare(text)
    try:
        form = decode(data)
    except NoTextError:
        return _bare(data.decode("utf-8", "replace")) == shown
    if _bare(form.text) == shown:
        return True
    if data.isascii():
        return False
    # An editor may take for something else also what is UTF-8.
    return _is_read_as(data, "utf-8", shown, "replace") or any(_is_read_as(data, codec, shown) for codec in _CODECS)


def _bare(text: str) -> str:
    return plain(text.removeprefix("\ufeff")).removesuffix("\n")


def _is_read_as(data: bytes, encoding: str, shown: str, errors: str = "strict") -> bool:
    """Whether a file in that encoding is what is shown. Mostly its beginning says no."""
    try:
        start = codecs.getincrementaldecoder(encoding)(errors).decode(data[:_SNIFFED])
        return shown.startswith(_bare(start)) and _bare(data.decode(encoding, errors)) == shown
    except UnicodeDecodeError:
        return False


def is_binary(start: bytes) -> bool:
    """Whether a file that starts so, without a mark, is no text."""
    start = start[:_SNIFFED]
    return b"\0" in start or 10 * len(start.translate(None, _TEXT_BYTES)) > 3 * len(start)


def plain(text: str) -> str:
    r"""With `\n` at the end of each line.

    >>> plain("a\r\nb\rc\n")
    'a\nb\nc\n'
    """
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def line_end(text: str) -> str:
    r"""What most lines end with; `\n` where there is only one line.

    >>> line_end("a\r\nb\nc\r\n"), line_end("a")
    ('\r\n', '\n')
    """
    pairs = text.count("\r\n")
    counts = {"\n": text.count("\n") - pairs, "\r\n": pairs, "\r": text.count("\r") - pairs}
    return max(counts, key=counts.__getitem__)


def replaced(text: str, spans: Iterable[tuple[int, int]], new: str) -> str:
    r"""`text` with `new` in place of each span: from, to, counted in `plain(text)`; in order, none overlapping.

    >>> replaced("a\r\nb\r\nc", [(2, 3)], "x\ny")
    'a\r\nx\r\ny\r\nc'
    """
    new, style = plain(new), line_end(text)
    pairs = [match.start() - count for count, match in enumerate(re.finditer("\r\n", text))]
    pieces, at = list[str](), 0
    for span in spans:
        start, end = (place + bisect_left(pairs, place) for place in span)
        pieces += text[at:start], _fitted(new, text[start:end], style)
        at = end
    return _joined((*pieces, text[at:]))


def rewritten(old: str, new: str) -> str:
    r"""`new` with the line ends of `old`: those of most lines or, where they are mixed, each line that stays its own.

    >>> rewritten("a\r\nb\r\n", "b\nc")
    'b\r\nc'
    """
    return _fitted(plain(new), old, line_end(old))


def _fitted(new: str, old: str, style: str) -> str:
    if "\n" not in new:
        return new
    if plain(old) == new:
        return old
    if len(ends := {line[len(line.rstrip("\r\n")) :] for line in _LINE.findall(old)} - {""}) < 2:
        return new.replace("\n", ends.pop() if ends else style)
    lines, wanted = _LINE.findall(old), _LINE.findall(new)
    pieces, at = list[str](), 0
    for first, last, start, stop in differences([plain(line) for line in lines], wanted):
        pieces += lines[at:first]
        pieces += _ended(wanted[start:stop], lines[first:last], style)
        at = last
    return _joined((*pieces, *lines[at:]))


def _ended(new: Sequence[str], old: Sequence[str], style: str) -> Iterable[str]:
    """Lines, each with the end of the one that it replaces."""
    for number, line in enumerate(new):
        end = style
        if number < len(old) and old[number][-1] in "\r\n":
            end = old[number][len(old[number].rstrip("\r\n")) :]
        yield line.replace("\n", end)


def _joined(pieces: Iterable[str]) -> str:
    r"""One text; a `\r` and a `\n` that meet stay two line ends."""
    joined = list[str]()
    for piece in filter(None, pieces):
        if joined and joined[-1][-1] == "\r" and piece[0] == "\n":
            joined.append("\n")
        joined.append(piece)
    return "".join(joined)
