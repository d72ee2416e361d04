"""Pages of lines out of a stream."""

from hypothesis import given
from hypothesis import strategies as st

from chatls.tools.pages import Pager


@given(
    text=st.text(st.sampled_from("aé𝄞\n\r\t")),
    cuts=st.lists(st.integers(1, 5)),
    first=st.integers(1, 6),
    length=st.none() | st.integers(0, 5),
)
def test_a_page_is_the_same_however_the_stream_is_cut(
    text: str, cuts: list[int], first: int, length: int | None
) -> None:
    last = None if length is None else first + length
    data, pager = text.encode(), Pager(first, last)
    for size in cuts:
        assert pager.feed(data[:size])
        data = data[size:]
    pager.feed(data)
    page = pager.page()
    lines = text.removesuffix("\n").split("\n") if text else []
    assert page.seen == len(lines)
    assert page.whole
    assert list(page.lines) == [line.removesuffix("\r") for line in lines[first - 1 : last]]
    assert not page.invalid
    assert not page.full
