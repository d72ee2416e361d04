"""Text as files hold it, and changes that keep all that is not changed."""

import codecs

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatls.workspace.textfile import (
    FileText,
    NoLetterError,
    NoTextError,
    decode,
    holds,
    line_end,
    plain,
    replaced,
    rewritten,
)

PIECES = ["a", "b", "é", "𝄞", " ", "\t", "\n", "\r\n", "\r", "\n", "\r\n"]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)
UNIFORM = st.tuples(
    st.lists(st.sampled_from(["a", "b", "é", "\n"]), max_size=40).map("".join), st.sampled_from(["\n", "\r\n", "\r"])
)
MARKS = [
    (b"", "utf-8"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
]


@given(st.binary() | st.text().map(str.encode))
def test_what_is_read_is_written_again_byte_for_byte(data: bytes) -> None:
    try:
        file = decode(data)
    except NoTextError:
        return
    assert file.encoded(file.text) == data


@pytest.mark.parametrize(("mark", "encoding"), MARKS)
def test_the_mark_tells_the_encoding_and_is_no_text(mark: bytes, encoding: str) -> None:
    file = decode(mark + "é𝄞\r\n".encode(encoding))
    assert file == FileText("é𝄞\r\n", encoding, mark)
    assert file.encoded("ü") == mark + "ü".encode(encoding)
    assert not file.is_broken


def test_bytes_that_are_no_utf_8_stay() -> None:
    file = decode("é".encode() + b"caf\xe9 \xff\n")
    assert file.is_broken
    assert file.encoded(file.text.replace("caf", "thé")) == b"\xc3\xa9th\xc3\xa9\xe9 \xff\n"


def test_what_never_was_utf_8_is_read_and_written_in_letters_of_one_byte() -> None:
    file = decode(b"d\xe9j\xe0 \x80 \x81\r\n")
    assert (file.text, file.encoding_name) == ("déjà € \x81\r\n", "Windows-1252 (Latin-1)")
    assert not file.is_broken
    assert file.encoded(file.text.replace("déjà", "thé…")) == b"th\xe9\x85 \x80 \x81\r\n"
    for letter in ("→", "\x80", "и"):
        with pytest.raises(NoLetterError, match=f"has no .* .U.{ord(letter):04X}"):
            file.encoded(f"a{letter}")


@given(st.binary(max_size=60).filter(lambda data: b"\0" not in data), st.sampled_from(["latin-1", "utf-8-sig"]))
@example(data=b"\xc2\x80", encoding="latin-1")
@example(data=b"\xef\xbb\xbfa", encoding="latin-1")
def test_a_file_holds_what_an_editor_shows_of_it(data: bytes, encoding: str) -> None:
    try:
        decode(data)
        text = data.decode(encoding)
    except ValueError:
        return
    if text.startswith("\ufeff"):
        return  # two marks: no editor shows the one and hides the other
    for shown in (text, f"\ufeff{text}", plain(text), text.removesuffix("\n")):
        assert holds(data, shown)
    assert not holds(data, f"x{text}")
    assert not holds(data, f"{text}x")


def test_a_file_holds_what_editors_read_in_other_encodings() -> None:
    for text, encoding in (
        ("Привет\n", "cp1251"),
        ("日本語\n", "cp932"),
        ("naïve\r\n", "mac_roman"),
        ("a\n", "utf-16"),
    ):
        assert holds(text.encode(encoding), text), encoding
        assert not holds(text.encode(encoding), text[1:]), encoding
    assert holds(b"a\xe9b", "a\ufffdb")
    assert holds(b"a\0b\n", "a\0b\n")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x7fELF\x02\x01\0\0", "is binary"),
        (b"a\0b", "is binary"),
        (b"text\n" * 9000 + b"\0", "holds binary data"),
        (codecs.BOM_UTF16_LE + b"a\0b", "is no valid UTF-16"),
        (codecs.BOM_UTF32_LE + b"abcd", "is no valid UTF-32"),
        (codecs.BOM_UTF16_LE + b"a\0\0\0", "holds binary data"),
    ],
)
def test_what_is_no_text_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(NoTextError, match=reason):
        decode(data)


@given(TEXTS, st.data())
@example("a\rXX\nb", None)
def test_a_piece_is_replaced_and_the_rest_stays_as_it_is(text: str, data: st.DataObject | None) -> None:
    here = plain(text)
    start = data.draw(st.integers(0, len(here))) if data else 2
    end = data.draw(st.integers(start, len(here))) if data else 4
    new = data.draw(TEXTS) if data else ""
    result = replaced(text, [(start, end)], new)
    assert plain(result) == here[:start] + plain(new) + here[end:]
    before, after = _own(text, start), _own(text, end)
    assert result.startswith(text[:before])
    assert result.endswith(text[after:])


def _own(text: str, place: int) -> int:
    """Where a place of the plain text is in the text itself."""
    at = 0
    for _ in range(place):
        at += 2 if text[at : at + 2] == "\r\n" else 1
    return at


@given(UNIFORM, st.sampled_from(["a", "b", "\n", "ab", "a\n"]), st.sampled_from(["", "x", "x\ny", "\n", "\r\n"]))
def test_all_places_are_replaced_as_python_does_in_a_file_with_one_kind_of_line_end(
    file: tuple[str, str], old: str, new: str
) -> None:
    lines, style = file
    spans, at = list[tuple[int, int]](), lines.find(old)
    while at >= 0:
        spans.append((at, at + len(old)))
        at = lines.find(old, at + len(old))
    text = lines.replace("\n", style)
    only_end = style if "\n" in text or "\r" in text else "\n"
    assert replaced(text, spans, new) == lines.replace(old, plain(new)).replace("\n", only_end)


def test_lines_of_a_mixed_file_that_stay_keep_their_ends() -> None:
    text = "one\ntwo\r\nthree\r\nfour\nfive\r\n"
    start, end = 0, len(plain(text))
    assert replaced(text, [(start, end)], "one\ntwo\n3\n3b\nfour\nfive\n") == ("one\ntwo\r\n3\r\n3b\r\nfour\nfive\r\n")
    assert rewritten(text, "zero\none\nfour\nfive\nsix") == "zero\r\none\nfour\nfive\r\nsix"


def test_new_lines_end_as_those_around_them() -> None:
    assert replaced("a\r\nb\r\n", [(0, 1)], "x\ny") == "x\r\ny\r\nb\r\n"
    assert replaced("a\nb\nc\r\nd\r\ne\r\n", [(0, 3)], "x\ny\nz") == "x\ny\nz\nc\r\nd\r\ne\r\n"
    assert replaced("a", [(0, 1)], "x\r\ny") == "x\ny"
    assert replaced("a\rb", [(2, 3)], "x\ny") == "a\rx\ry"


@given(TEXTS, TEXTS)
def test_a_text_that_is_written_anew_holds_just_what_was_given(old: str, new: str) -> None:
    assert plain(rewritten(old, new)) == plain(new)
    assert rewritten(old, plain(old)) == old


@given(UNIFORM, TEXTS)
def test_a_text_that_is_written_anew_keeps_its_kind_of_line_end(file: tuple[str, str], new: str) -> None:
    text = file[0].replace("\n", file[1])
    assert rewritten(text, new) == plain(new).replace("\n", line_end(text))
