"""What holds for every text, however it is cut."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatls.providers.delta import Delta, TextDelta
from chatls.providers.inline import InlineParser
from chatls.providers.inline_families import CLOSERS, ENVELOPES, OPENERS, SPOKEN, THINKING
from chatls.providers.inline_words import EVERYWHERE
from tests.providers.inline_reading import TOOLS, deltas_of, fold, without_pieces

MARKERS = (*OPENERS, *CLOSERS, *THINKING, *THINKING.values(), *ENVELOPES)
PIECES = (
    *MARKERS, *"{}[]()<>|\"'`\\,:=\n ", "```json\n", "~~~\n", "get_time", "python", "many", "word ", "\ud800", "\x00",
    '{"name": "get_time", ', '"arguments": ', '{"city": "x"}', "<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>",
    "<parameter=city>", "</parameter>", '<param name="city">', "</param>", '<parameter name="city">', "get_time(city=",
    "call:get_time{", '<|"|>', "<|message|>", "final", "analysis", "commentary to=functions.get_time", "[ARGS]",
    "functions.get_time:0", "<|tool_call_argument_begin|>", "<![CDATA[", "]]>", "to=functions.get_time", "all\n",
)  # fmt: skip

ANY = st.lists(st.sampled_from(PIECES), max_size=14).map("".join) | st.text(max_size=60)
PLAIN = st.text(st.characters(blacklist_characters="<>[]{}`~◁", blacklist_categories=["Cs"]), max_size=200)


def cut(text: str, places: list[int]) -> list[str]:
    at = sorted(place % (len(text) + 1) for place in places)
    return [text[start:end] for start, end in zip([0, *at], [*at, len(text)], strict=True)]


@settings(max_examples=400)
@given(ANY, st.lists(st.integers(0, 10_000), max_size=10), st.booleans(), st.booleans())
def test_any_text_is_read_and_however_it_is_cut_to_the_same(
    text: str, places: list[int], opened: bool, cut_off: bool
) -> None:
    whole = fold(deltas_of([text], thinking_open=opened, cut=cut_off))
    for pieces in (cut(text, places), list(text)):
        assert without_pieces(fold(deltas_of(pieces, thinking_open=opened, cut=cut_off))) == without_pieces(whole)


@given(PLAIN, st.lists(st.integers(0, 10_000), max_size=10))
def test_text_without_any_marker_comes_through_unchanged(text: str, places: list[int]) -> None:
    if re.match(r"\s*(all|to=|get_time|python|many|Here are)", text):
        return
    reply = fold(deltas_of(cut(text, places)))
    assert (reply.text, reply.thinking, reply.calls) == (text, "", [])


@given(PLAIN, st.lists(st.integers(0, 10_000), max_size=10))
def test_text_that_cannot_become_a_marker_is_held_back_nowhere(text: str, places: list[int]) -> None:
    parser = InlineParser(TOOLS)
    parser.feed("A sentence. ")
    for piece in cut(text, places):
        said = "".join(delta.text for delta in parser.feed(piece) if isinstance(delta, TextDelta))
        held = piece[len(said) :]
        assert piece.startswith(said)
        assert held == "" or any(opener.startswith(held) for opener in (*OPENERS, "functools"))
        if held:
            return


@settings(max_examples=200)
@given(
    st.lists(st.sampled_from(("word ", "\n", "x", "`y` ")), max_size=5).map("".join),
    st.sampled_from(sorted(EVERYWHERE - SPOKEN)),
)
def test_no_piece_of_a_marker_goes_out_before_the_marker_is_whole(before: str, marker: str) -> None:
    parser = InlineParser({})
    text = f"Say: {before} "
    assert said_by(parser.feed(text)) == text
    for character in marker[:-1]:
        assert said_by(parser.feed(character)) == ""


def said_by(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))


@pytest.mark.parametrize("marker", [opener for opener in OPENERS if opener[0] in "<[]"])
def test_a_marker_that_begins_nothing_is_text(marker: str) -> None:
    text = f"The marker {marker} is what it writes."
    assert fold(deltas_of(list(text))).text == text
