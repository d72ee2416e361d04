"""No key is kept: not in one piece, and not in several."""

from hypothesis import given
from hypothesis import strategies as st

from chatls.events import TextChunk, ThinkingChunk, ToolRunOutput
from chatls.store import reading
from chatls.store.coding import BLOT, Blotted
from chatls.store.recorder import Recorder

KEY = "sk-abcdef-0123"


@given(st.lists(st.sampled_from([*(KEY[:at] for at in range(1, 15)), *(KEY[at:] for at in range(14)), "x", "[", ""])))
def test_of_pieces_it_is_taken_as_of_the_whole(pieces: list[str]) -> None:
    found = Blotted([KEY]).across(pieces)
    assert len(found) == len(pieces)
    assert "".join(found) == "".join(pieces).replace(KEY, BLOT)
    assert Blotted([]).across(pieces) == pieces


@given(st.lists(st.text("ab", max_size=4)), st.lists(st.text("ab", min_size=6, max_size=8), max_size=3))
def test_of_several_keys_none_is_left(pieces: list[str], keys: list[str]) -> None:
    """What lies on either side of a blot may be one again by chance, but nothing that was there."""
    found = "".join(Blotted(keys).across(pieces)).split(BLOT)
    assert not [key for key in keys for part in found if key in part]


def test_a_turn_keeps_none_that_came_in_pieces_with_something_between_them() -> None:
    recorder, keys = Recorder("t", ()), Blotted([KEY])
    recorder.hear(TextChunk(f"it is {KEY[:5]}"))
    recorder.hear(ThinkingChunk("hm"))
    recorder.hear(TextChunk(f"{KEY[5:]}, is it"))
    recorder.hear(ToolRunOutput("c", KEY[:3]))
    recorder.hear(ToolRunOutput("d", "other"))
    recorder.hear(ToolRunOutput("c", KEY[3:]))
    rows = dict(recorder.rows())
    recorder.blot(keys)
    rows |= dict(recorder.rows())
    written = [value for _, value in sorted(rows.items())]
    assert written == recorder.values()
    assert [value["text"] for value in written] == ["it is [key]", "hm", ", is it", "[key]", "other", ""]


def test_one_that_was_cut_off_shows_none_when_it_is_read() -> None:
    events = [
        {"kind": "textChunk", "text": f"my {KEY[:4]}"},
        {"kind": "toolCallDelta", "toolCallId": "c", "argumentsDelta": "{"},
        {"kind": "textChunk", "text": KEY[4:]},
        {"kind": "stepEnd", "text": "whole"},
    ]
    assert reading.without_keys(events, Blotted([KEY])) == [
        {"kind": "textChunk", "text": "my [key]"},
        {"kind": "toolCallDelta", "toolCallId": "c", "argumentsDelta": "{"},
        {"kind": "textChunk", "text": ""},
        {"kind": "stepEnd", "text": "whole"},
    ]
