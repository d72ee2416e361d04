"""What a person must see before they agree."""

import re
import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from chatls.visible import is_hidden, shows, visible, visible_line
from tests.support.cases import for_each


@for_each(
    ("text", "seen"),
    [
        ("git status", "git status"),
        ("größe 日本 ✓", "größe 日本 ✓"),
        ("a\u202eb", "a\\u{202E}b"),
        ("a\0\x07\x1b[31mb\x7f", "a\\u{0000}\\u{0007}\\u{001B}[31mb\\u{007F}"),
        ("a\u200b\ufeff\u00ad\u2028b", "a\\u{200B}\\u{FEFF}\\u{00AD}\\u{2028}b"),
        ("tag\U000e0041\U000e0001", "tag\\u{E0041}\\u{E0001}"),
        ("selector\ufe0f\U000e0100", "selector\\u{FE0F}\\u{E0100}"),
        ("filler\u3164\u115f\u2800", "filler\\u{3164}\\u{115F}\\u{2800}"),
        ("own\ue000 half\ud800 none\u0378", "own\\u{E000} half\\u{D800} none\\u{0378}"),
        ("spaces\u00a0\u3000\u2003", "spaces\\u{00A0}\\u{3000}\\u{2003}"),
        ("tab\tand\rreturn", "tab\\u{0009}and\\u{000D}return"),
        ("ls" + 120 * " " + "; id", "ls⟨120 spaces⟩; id"),
        ("ls" + 10 * "\t" + "; id", "ls⟨10 spaces and tabs⟩; id"),
        ("eight" + 8 * " " + "stay", "eight        stay"),
        ("ls\nid", "1: ls\n2: id"),
        ("ls\n", "1: ls\n2: "),
    ],
)
def test_nothing_is_hidden(text: str, seen: str) -> None:
    assert visible(text) == seen


def test_the_numbers_of_many_lines_stand_below_each_other() -> None:
    lines = visible("\n".join("abcdefghij")).split("\n")
    assert lines[0] == " 1: a"
    assert lines[9] == "10: j"


@given(st.text())
@example("\u3164\u202e\n\t" + 99 * " ")
def test_what_is_seen_can_all_be_seen(text: str) -> None:
    for seen in (visible(text), visible_line(text)):
        for line in seen.split("\n"):
            assert shows(line)
            assert not any(is_hidden(letter) for letter in line)
            assert not re.search(" {12}", line)


@given(st.text())
def test_the_quick_look_agrees_with_the_slow_one(text: str) -> None:
    assert shows(text) == (not any(is_hidden(letter) for letter in text))


@given(st.text(), st.integers(1, 200))
def test_one_line_is_one_line_of_bounded_length(text: str, most: int) -> None:
    line = visible_line(text, most)
    assert "\n" not in line
    assert len(line) <= most


def test_no_format_character_is_forgotten() -> None:
    ranges = (range(0x3000), range(0xD800, 0xE000, 97), range(0xF000, 0x10000), range(0xE0000, 0xE1000))
    for code in (code for part in ranges for code in part):
        letter = chr(code)
        if unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp", "Co", "Cs", "Cn"):
            assert is_hidden(letter), hex(code)
