r"""The text of an open document is what the editor has, after any edits, at any size of its pieces."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatls.lsp import opentext
from chatls.lsp.opentext import OpenText
from tests.support.cases import for_each
from tests.support.positions import offset

ENCODINGS = ["utf-8", "utf-16", "utf-32"]
TEXT = st.text(st.sampled_from("ab\n\r\u2028\u0085\x0b\x0c\u00e9\u20ac\U0001f600"), max_size=40)
NUMBER = st.integers(0, 12) | st.just(2**31)
EDIT = st.tuples(NUMBER, NUMBER, NUMBER, NUMBER, TEXT, st.booleans())


@pytest.fixture(params=[(3, 1, 2), (5, 2, 3), (1024, 256, 128)], autouse=True, scope="module")
def _sizes(request: pytest.FixtureRequest) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, size in zip(("LONGEST", "SHORTEST", "MOST"), request.param, strict=True):
            patch.setattr(opentext, name, size)
        yield


@given(TEXT, st.lists(EDIT, max_size=12), st.sampled_from(ENCODINGS))
def test_any_edits_give_the_text_that_the_editor_has(
    text: str, edits: list[tuple[int, int, int, int, str, bool]], encoding: str
) -> None:
    document = OpenText(text, encoding)
    for *places, new, look in edits:
        start, end = (places[0], places[1]), (places[2], places[3])
        first, last = offset(text, *start, encoding), offset(text, *end, encoding)
        if last < first:
            with pytest.raises(ValueError, match="before it starts"):
                document.replace(start, end, new)
        else:
            document.replace(start, end, new)
            text = text[:first] + new + text[last:]
        if look:
            assert document.snapshot().text() == text
    assert document.snapshot().text() == text


@given(TEXT, TEXT)
def test_a_snapshot_stays_what_it_was_and_is_the_same_until_the_text_changes(text: str, new: str) -> None:
    document = OpenText(text, "utf-16")
    before = document.snapshot()
    assert document.snapshot() is before
    document.replace((0, 1), (2, 0), new)
    assert document.snapshot() is not before
    assert before.text() == text


@for_each(
    ("text", "start", "end", "new", "after"),
    [
        ("abc\r\ndef", (0, 4), (0, 9), "X", "abcX\r\ndef"),
        ("abc\rdef", (0, 3), (0, 3), "X", "abcX\rdef"),
        ("abc\r", (1, 0), (1, 0), "\n", "abc\r\n"),
        ("abc\ndef", (0, 3), (0, 3), "\r", "abc\r\ndef"),
        ("a\r1\nb", (1, 0), (1, 1), "", "a\r\nb"),
        ("a\x0cb\u2028c\u0085d\ne", (1, 0), (1, 1), "X", "a\x0cb\u2028c\u0085d\nX"),
        ("", (0, 0), (9, 9), "", ""),
    ],
)
def test_particular_edits(text: str, start: tuple[int, int], end: tuple[int, int], new: str, after: str) -> None:
    document = OpenText(text, "utf-16")
    document.replace(start, end, new)
    assert document.snapshot().text() == after
    document.replace((1, 0), (1, 0), "|")
    at = offset(after, 1, 0, "utf-16")
    assert document.snapshot().text() == f"{after[:at]}|{after[at:]}"


def test_pieces_neither_grow_nor_crumble() -> None:
    """However a text is typed and deleted, its pieces and pages stay of bounded size."""
    document = OpenText("", "utf-16")
    for number in range(3000):
        document.replace((number // 3, 0), (number // 3, number % 5), "some words\n")
    for number in range(2900):
        document.replace((number % 50, 0), (number % 50 + 1, 0), "")
    pages = document.snapshot().pages
    sizes = [len(piece.text) for page in pages for piece in page.pieces]
    assert max(sizes) <= opentext.LONGEST + 1
    assert min(sizes) >= min(opentext.SHORTEST, opentext.LONGEST // 2) or len(sizes) == 1
    assert max(len(page.pieces) for page in pages) <= opentext.MOST


def test_threads_may_read_while_the_text_changes() -> None:
    document = OpenText("line\n" * 10_000, "utf-16")
    with ThreadPoolExecutor(4) as threads:
        found: list[tuple[int, Future[str]]] = []
        for number in range(200):
            snapshot = document.snapshot()
            found += [(number, threads.submit(snapshot.text)) for _ in range(2)]
            document.replace((5000, 0), (5000, 0), "x")
        for number, text in found:
            assert text.result().count("x") == number
