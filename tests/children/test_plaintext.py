"""What programs write for terminals, as plain text."""

from hypothesis import example, given
from hypothesis import strategies as st

from chatls.children.plaintext import Plain, plain
from tests.support.cases import for_each


@for_each(
    ("written", "read"),
    [
        ("plain\n", "plain\n"),
        ("no end", "no end"),
        ("\x1b[1;31mred\x1b[0m\x1b[K", "red"),
        ("\x1b]0;a title\x07text", "text"),
        ("\x1b]52;c;c2VjcmV0\x1b\\text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bPdevice\x1b\\text\x1b_app\x1b\\", "text"),
        ("\x9b31mred\x9d0;title\x9ctext", "redtext"),
        ("\x1b(Btext\x1b=\x1b>\x1bM", "text"),
        ("\x1b]0;no end\nnext line", "\nnext line"),
        ("\x1b]0;broken off\x1b[31mred", "red"),
        ("\x1b\x1b[0m[31mtext", "\ufffd[31mtext"),
        ("a\0b\x01", "a\ufffdb\ufffd"),
        ("ding\a\x0e\x0f", "ding"),
        ("a\u202eb\u200b\U000e0041\u2028", "a\\u{202E}b\\u{200B}\\u{E0041}\\u{2028}"),
        ("warning ⚠\ufe0f ok", "warning ⚠ ok"),
        ("größe\u00a0日本\t✓", "größe\u00a0日本\t✓"),
        ("windows\r\nlines\r\n", "windows\nlines\n"),
        ("twice\r\r\n", "twice\n"),
        ("10%\r50%\r100%\n", "100%\n"),
        ("10%\r50%\r", "50%"),
        ("long one\r   \rdone", "done"),
        ("\x1b[2K\r10%\x1b[2K\r20%\n", "20%\n"),
        ("|\b/\b-\bdone", "done"),
        ("N\bNA\bAM\bME\bE", "NAME"),
        ("\b\b\bx", "x"),
    ],
)
def test_text_is_what_a_person_would_read(written: str, read: str) -> None:
    assert plain(written) == read
    stream = Plain()
    assert "".join(stream.feed(letter) for letter in written) + stream.finish() == read


WRITTEN = st.lists(
    st.sampled_from(
        ["\x1b", "[", "]", "31m", "\x07", "\\", "\x1b[0m", "\x9b", "\x9d", "\r", "\n", "\b", "a", "\u202e", ";"]
    )
).map("".join)


@given(WRITTEN, st.lists(st.integers(0, 30)))
@example("\x1b]x\x1b\\", [4])
@example("\x1b\x1b[0m", [2])
@example("\x9d\x9bB\x1b\x08\\", [3])
def test_it_does_not_matter_how_the_output_is_cut(written: str, cuts: list[int]) -> None:
    stream, pieces, rest = Plain(), list[str](), written
    for cut in cuts:
        piece, rest = rest[:cut], rest[cut:]
        pieces.append(stream.feed(piece))
    pieces += [stream.feed(rest), stream.finish()]
    assert "".join(pieces) == plain(written)


@given(st.text())
def test_nothing_that_acts_on_a_terminal_is_left(written: str) -> None:
    read = plain(written)
    assert read.replace("\n", "").replace("\t", "").replace(" ", "").isprintable() or all(
        letter.isprintable() or letter.isspace() for letter in read
    )
    assert not set(read) & set("\x1b\x9b\x9d\a\b\r\0\u202e\u200b")


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P"])))
def test_ordinary_text_stays_as_it_is(written: str) -> None:
    assert plain(written) == written


def test_no_line_and_no_sequence_is_held_back_for_ever() -> None:
    stream = Plain()
    seen = 0
    for _ in range(100):
        seen += len(stream.feed("x" * 10_000))
        assert len(stream.line) < 20_000
    assert seen + len(stream.finish()) == 1_000_000
    for piece in ("\x1b]52;c;", *(100 * ["A" * 10_000])):
        assert stream.feed(piece) == ""
        assert len(stream.line) == 0
    assert stream.feed("\x07after\n") == "after\n"


def test_the_line_that_is_not_finished_can_be_looked_at() -> None:
    stream = Plain()
    assert stream.feed("a\nb\rc") == "a\n"
    assert stream.line == "c"
