"""What holds for every text, however it is cut: for the reader alone, and for the layer around a decoder."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chatls import jsontext
from chatls.content import JsonObject
from chatls.jsontext import printable
from chatls.providers.chat_reply import ChatDecoder
from chatls.providers.delta import Delta, Finished, TextDelta, ThinkingDelta
from chatls.providers.http.body import Decoder
from chatls.providers.http.framing import SseEvent
from chatls.providers.inline import words as words
from chatls.providers.inline.dialect import OWN_SUFFIX
from chatls.providers.inline.families import CLOSERS, OPENERS
from chatls.providers.inline.layer import InlineDecoder
from chatls.providers.inline.marks import SPOKEN, THINKING
from chatls.providers.inline.parser import InlineParser
from chatls.providers.known.refused import Learnt
from chatls.providers.ollama_reply import OllamaDecoder
from tests.providers.inline.reading import CITY, TOOLS, Reply, deltas_of, fold, without_pieces
from tests.providers.inline.test_parser import ONE_CALL
from tests.providers.reading import SOURCE
from tests.support.cases import for_each

MARKERS = tuple(
    marker.replace(OWN_SUFFIX, ":x")
    for marker in sorted({*words.EVERYWHERE, *words.LINE_OPENERS, *CLOSERS, *words.ENDS, words.STEPS})
)
PIECES = (
    *MARKERS, *"{}[]()<>|\"'`\\,:=\n ", "```json\n", "~~~\n", "get_time", "python", "many", "word ", "\ud800", "\x00",
    '{"name": "get_time", ', '"arguments": ', '{"city": "x"}', "<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>",
    "<parameter=city>", "</parameter>", '<param name="city">', "</param>", '<parameter name="city">', "get_time(city=",
    "call:get_time{", '<|"|>', "<|message|>", "final", "analysis", "commentary to=functions.get_time", "[ARGS]",
    "analysisWe ", "assistantcommentary to=functions.get_time json", "assistantfinal", "get_time{", "print(",
    "{'name': ", "'get_time', 'arguments': ", "{'city': 'x'}", "```tool_code\n", "`", "``", "x `y ",
    "</parameter/>", ", ", "; ",
    "functions.get_time:0", "<|tool_call_argument_begin|>", "<![CDATA[", "]]>", "to=functions.get_time", "all\n",
    "<tool_call:x>", "</tool_call:x>", "<arg_key:x>", ":x>", "<think:x>", "<tool_call", "call:get_time{city:",
    "get_time>{", "Time/get_time", "get_time<|content_invoke_tool_json|>", "tool=\"get_time\"", "<|sep|>", "Action: ",
)  # fmt: skip
PLACES = st.lists(st.integers(0, 10_000), max_size=10)
TOOL_SETS = st.sampled_from(({}, {"get_time": CITY}, TOOLS))

BEFORE = ("", "Text. ", "Text:\n", "<think>", "```json\n", "```json\nx ")
MIXED = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)


@st.composite
def broken_calls(draw: st.DrawFn) -> str:
    """A call as some model writes it, with something taken out of it, and something put in."""
    text = draw(st.sampled_from(BEFORE)) + draw(st.sampled_from([*ONE_CALL.values()]))
    for _ in range(draw(st.integers(0, 2))):
        start, size = draw(st.integers(0, len(text))), draw(st.sampled_from((0, 0, 1, 2, 9)))
        text = text[:start] + draw(st.sampled_from(("", *PIECES))) + text[start + size :]
    return text + draw(MIXED)


ANY = MIXED | broken_calls() | st.text(max_size=60)


def cut(text: str, places: list[int]) -> list[str]:
    at = sorted(place % (len(text) + 1) for place in places)
    return [text[start:end] for start, end in zip([0, *at], [*at, len(text)], strict=True)]


@settings(max_examples=500, deadline=None)
@given(ANY, PLACES, TOOL_SETS, st.booleans(), st.booleans())
def test_any_text_is_read_and_however_it_is_cut_to_the_same(
    text: str, places: list[int], tools: Mapping[str, JsonObject], opened: bool, cut_off: bool
) -> None:
    whole = fold(deltas_of([text], tools, thinking_open=opened, cut=cut_off))
    for pieces in (cut(text, places), list(text)):
        assert without_pieces(fold(deltas_of(pieces, tools, thinking_open=opened, cut=cut_off))) == without_pieces(
            whole
        )
    assert tools or not whole.calls


def chat_event(text: str, label: str | None = None) -> Any:
    return {"choices": [{"delta": {"content": text} if text else {}, "finish_reason": label}]}


def ollama_line(text: str, label: str | None = None) -> Any:
    return {"message": {"content": text}, "done": label is not None, "done_reason": label}


def through(decoder: Decoder, events: Iterable[Any]) -> list[Delta]:
    """All that a layer says of a reply."""
    deltas = [delta for event in events for delta in decoder.feed(SseEvent("message", jsontext.dumps(event).decode()))]
    return deltas + decoder.finish()


def layered(kind: str, pieces: list[str], tools: Mapping[str, JsonObject], learnt: Learnt, label: str) -> list[Delta]:
    if kind == "ollama":
        inner, event = OllamaDecoder(SOURCE), ollama_line
    else:
        inner, event = ChatDecoder(SOURCE), chat_event
    events = [event(printable(piece)) for piece in pieces]
    return through(InlineDecoder(inner, tools, learnt, "m"), [*events, event("", label)])


def summed_up(deltas: list[Delta]) -> tuple[Reply, str]:
    finished = deltas[-1]
    assert isinstance(finished, Finished)
    return without_pieces(fold(deltas[:-1])), finished.stop


@settings(max_examples=300, deadline=None)
@given(ANY, PLACES, TOOL_SETS, st.sampled_from(("openai_chat", "ollama")), st.sampled_from(("stop", "length")))
def test_the_layer_around_a_decoder_reads_the_same_as_the_reader_alone(
    text: str, places: list[int], tools: Mapping[str, JsonObject], kind: str, label: str
) -> None:
    pieces = [printable(piece) for piece in cut(text, places)]
    alone = without_pieces(fold(deltas_of(pieces, tools, cut=label == "length")))
    reply, stop = summed_up(layered(kind, pieces, tools, Learnt(), label))
    assert reply == alone
    called = any(call.ready for call in alone.calls)
    assert stop == ("max_tokens" if label == "length" else "tool_calls" if called else "end_turn")


@settings(max_examples=200, deadline=None)
@given(ANY, PLACES, TOOL_SETS)
def test_a_think_block_that_is_expected_to_be_open_does_not_depend_on_the_cuts(
    text: str, places: list[int], tools: Mapping[str, JsonObject]
) -> None:
    text = printable(text)
    learnt = [Learnt(thinking_open=True) for _ in range(3)]
    first, *others = (
        summed_up(layered("openai_chat", pieces, tools, one, "stop"))
        for one, pieces in zip(learnt, ([text], cut(text, places), list(text)), strict=True)
    )
    assert others == [first, first]


HARMLESS = (
    *"{}[]()<>|/\"'`~\\,:;=_-\n \t▷", "word", " tool", "call", "think", "name", "```", "```json\n", "~~~\n", "a < b",
    "[0]", '{"a": 1}', '{"name": "x"', '"arguments": {', "[TOOL", "<|", "|>", "</", "<b>", "x](y)", "func", "function ",
    ">>", "\r\n", "\u2028", "é", "日本", "\N{WINKING FACE}", "\x00", "\x0c",
)  # fmt: skip
UNMARKED = st.lists(st.sampled_from(HARMLESS), max_size=30).map("".join) | st.text(
    st.characters(blacklist_categories=["Cs"]), max_size=200
)


def without_markers(text: str) -> str:
    """The text; discards examples in which there is a marker by chance, or what is one at the beginning of a reply."""
    assume(not any(marker in text for marker in (*MARKERS, "to=")))
    assume(not re.match(r"\s*(all|get_time|python|many)\n", text))
    return text


@settings(max_examples=400, deadline=None)
@given(UNMARKED.map(without_markers), PLACES, TOOL_SETS, st.sampled_from(("openai_chat", "ollama")))
def test_text_without_any_marker_comes_through_byte_for_byte(
    text: str, places: list[int], tools: Mapping[str, JsonObject], kind: str
) -> None:
    pieces = cut(text, places)
    for deltas in (deltas_of(pieces, tools), layered(kind, pieces, tools, Learnt(), "stop")[:-1]):
        assert all(isinstance(delta, TextDelta) for delta in deltas)
        assert said_by(deltas).encode() == text.encode()


BEGINNINGS = sorted({word[:size] for word in words.EVERYWHERE for size in range(1, len(word))})
NO_CALLS = [f"{opener}zz " for opener in sorted(words.CALLS | words.LINE_OPENERS)]
"""Openers that begin nothing are text. Other markers are never shown, so only their beginnings may stand here."""

NEARLY = st.lists(
    st.sampled_from(BEGINNINGS)
    | st.sampled_from(NO_CALLS)
    | st.sampled_from(("word", " ", "\n", "`x` ", "{ x", "[x", '{"name": "x"} ')),
    max_size=12,
).map("".join)


def longest_end(text: str, looked_for: Iterable[str]) -> str:
    """The longest beginning of one of these words, not all of it, that the text ends in."""
    ends = (text[-size:] for size in range(min(len(text), 40), 0, -1))
    return next((end for end in ends if any(word != end and word.startswith(end) for word in looked_for)), "")


def check_shown(parser: InlineParser, pieces: list[str], looked_for: Iterable[str]) -> None:
    """Nothing is taken out of this text; but what may become a marker waits."""
    fed = shown = ""
    for piece in pieces:
        fed += piece
        shown += said_by(parser.feed(piece))
        held = longest_end(fed, looked_for)
        assert fed.startswith(shown)
        assert len(shown) <= len(fed) - len(held), (fed, held)
    shown += said_by(parser.finish())
    assert shown == fed


@settings(max_examples=400, deadline=None)
@given(NEARLY, PLACES, st.booleans(), st.sampled_from(({}, {"get_time": CITY})))
def test_no_text_that_went_out_ends_in_a_markers_beginning(
    text: str, places: list[int], singly: bool, tools: Mapping[str, JsonObject]
) -> None:
    assume(not any(marker in text for marker in words.EVERYWHERE - words.CALLS))
    parser = InlineParser(tools)
    assert said_by(parser.feed("Say: ")) == "Say: "
    check_shown(parser, list(text) if singly else cut(text, places), words.EVERYWHERE)


@settings(max_examples=200, deadline=None)
@given(NEARLY, PLACES, st.booleans())
def test_no_thinking_that_went_out_ends_in_a_markers_beginning(text: str, places: list[int], singly: bool) -> None:
    assume(not any(marker in text for marker in words.ENDS | words.LAST | words.HARMONY))
    parser = InlineParser({})
    assert said_by(parser.feed("<think>Hm: ")) == "Hm: "
    check_shown(parser, list(text) if singly else cut(text, places), {"</think>", *words.CALLS, *words.LAST})


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(("word ", "\n", "x", "`y` ")), max_size=5).map("".join),
    st.sampled_from(sorted(words.EVERYWHERE - SPOKEN)),
)
def test_no_piece_of_a_marker_goes_out_before_the_marker_is_whole(before: str, marker: str) -> None:
    parser = InlineParser({})
    text = f"Say: {before} "
    assert said_by(parser.feed(text)) == text
    for character in marker[:-1]:
        assert said_by(parser.feed(character)) == ""


PLAIN = st.text(st.characters(blacklist_characters="<>[]{}`~◁", blacklist_categories=["Cs"]), max_size=200)


@settings(deadline=None)
@given(PLAIN, PLACES, TOOL_SETS)
def test_text_that_cannot_become_a_marker_is_held_back_nowhere(
    text: str, places: list[int], tools: Mapping[str, JsonObject]
) -> None:
    parser = InlineParser(tools)
    parser.feed("A sentence. ")
    for piece in cut(text, places):
        said = said_by(parser.feed(piece))
        held = piece[len(said) :]
        assert piece.startswith(said)
        assert held == "" or any(opener.startswith(held) for opener in words.LINE_OPENERS)
        if held:
            return


def said_by(deltas: Iterable[Delta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, TextDelta | ThinkingDelta))


@for_each("marker", [opener for opener in OPENERS if opener[0] in "<[]"])
def test_a_marker_that_begins_nothing_is_text(marker: str) -> None:
    text = f"The marker {marker} is what it writes."
    assert fold(deltas_of(list(text))).text == text


@for_each("word", sorted({*words.EVERYWHERE, *words.LINE_OPENERS, *words.FENCES, *THINKING.values(), "{", "["}))
def test_what_passes_unread_can_begin_no_word(word: str) -> None:
    """The shortcut of plain pieces knows each word of the table, wherever a piece ends."""
    for size in range(1, len(word) + 1):
        looked_for = words.in_thinking(words.ENDS) if word in words.ENDS else words.Words((*words.EVERYWHERE, word))
        assert looked_for.beginning.search(f"some text {word[:size]}")


def test_a_fence_that_begins_a_reply_is_not_closed_inside_a_line() -> None:
    text = f"```json\nx ```\n{ONE_CALL['hermes']}\n```\n"
    assert fold(deltas_of([text])).text == fold(deltas_of(list(text))).text == text
