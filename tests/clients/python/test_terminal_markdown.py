"""Markdown on a terminal: drawn while it is written, the same however it is cut, and nothing of it lost."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.text import Text

from chatls_client.drawing.markdown import MarkdownFlow
from chatls_client.drawing.toolrows import UNICODE
from chatls_client.harmless import harmless

LINES = st.sampled_from(
    [
        "",
        "word and word",
        "# head",
        "- item one",
        "  - deeper",
        "1. first",
        "```python",
        "```",
        "    x = 1",
        "~~~",
        "| a | b |",
        "|---|---|",
        "| one | two |",
        "> quoted",
        "===",
        "---",
        "<div>html</div>",
        "[name]: http://a.b",
        "**bold** `code` [text](http://c.d)",
        "#",
        "-",
        "|",
        "\t\u202e<b>&lt;",
    ]
)
ANSWERS = st.lists(LINES, max_size=14).map("\n".join)


def streamed(text: str, width: int, *sizes: int) -> list[Text]:
    flow, rows, end = MarkdownFlow(UNICODE), list[Text](), 0
    while end < len(text):
        end += sizes[len(rows) % len(sizes)] if sizes else 1
        rows += flow.take(harmless(text[:end]), width, whole=False)[0]
    return rows + flow.take(harmless(text), width, whole=True)[0]


def whole(text: str, width: int = 60) -> list[str]:
    return [row.plain for row in MarkdownFlow(UNICODE).take(harmless(text), width, whole=True)[0]]


@settings(deadline=None)
@given(ANSWERS, st.lists(st.integers(1, 30), max_size=4), st.integers(8, 60))
def test_it_comes_out_the_same_however_it_was_cut(text: str, sizes: list[int], width: int) -> None:
    assert [row.plain for row in streamed(text, width, *sizes)] == whole(text, width)


@settings(deadline=None)
@given(ANSWERS, st.integers(8, 60))
def test_no_word_is_lost_and_none_changes_its_place(text: str, width: int) -> None:
    def words(found: str) -> list[str]:
        return re.findall(r"[a-z]", found)

    shown = "".join(whole(text, width))
    assert words(shown) == words(harmless(text))


@settings(deadline=None)
@given(st.text(max_size=200), st.integers(8, 40))
def test_whatever_is_written_it_is_drawn(text: str, width: int) -> None:
    assert [row.plain for row in streamed(text, width, 7)] == whole(text, width)


def test_it_is_drawn_as_it_is_meant() -> None:
    answer = "# Head\n\nSome **bold**, `code`.\nA second line.\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    assert whole(answer) == [
        *("Head", ""),
        *("Some bold, code.", "A second line.", ""),
        *(" • one", " • two", ""),
        *(" a  b", " ────", " 1  2"),
    ]


def test_a_block_of_code_keeps_its_lines_and_says_its_language() -> None:
    assert whole("Look:\n```python\nif x:\n\n    y()\n```\nThen.") == [
        "Look:",
        "── python",
        "if x:",
        "",
        "    y()",
        "──",
        "Then.",
    ]


def test_code_stands_as_soon_as_a_line_is_whole_and_the_rest_waits() -> None:
    flow = MarkdownFlow(UNICODE)
    text = "A paragraph\nof two lines"
    assert flow.take(text, 40, whole=False)[0] == []
    text += "\n\n```sh\necho one\necho t"
    final, live = flow.take(text, 40, whole=False)
    assert [row.plain for row in final] == ["A paragraph", "of two lines", "", "── sh", "echo one"]
    assert [row.plain for row in live] == ["echo t", "──"]


def test_links_are_text_and_nothing_is_a_command_for_the_terminal() -> None:
    shown = whole("[the docs](https://example.org/a) <https://b.c> ![pic](d.png) &#8203;", 100)
    assert shown == ["the docs (https://example.org/a) <https://b.c> !pic (d.png) &#8203;"]
