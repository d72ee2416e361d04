"""Reading what ripgrep prints."""

from pathlib import Path

from chatls.tools.searching.matches import LONGEST_LINE, Columns, Matches


def matches(context: int = 0) -> Matches:
    return Matches(lambda name: lambda number: (Path(name), number), limit=9, context=context)


def told(found: Matches) -> list[tuple[str, int, str | None]]:
    return [(str(path), line.number, line.text) for path, lines in found.files.items() for line in lines]


def test_a_line_is_a_name_a_number_and_a_text_whatever_they_hold() -> None:
    found = matches()
    for record in (b"./a\x003:0:7:8\0-9", b"./two", b"lines\x004:0:hit\r", b"./\xff\x005:0:"):
        assert found.take(record)
    assert told(found) == [("a", 3, "7:8\ufffd-9"), ("two\nlines", 4, "hit"), ("\udcff", 5, "")]


def test_a_remark_on_a_binary_file_is_no_part_of_the_next_name() -> None:
    found = matches()
    remark = b': WARNING: stopped searching binary file after match (found "\\0" byte around offset 9)'
    for record in (b"./a\x001:0:hit", b"./a" + remark, b"./b\x001:0:hit", b"./b" + remark):
        assert found.take(record)
    assert told(found) == [("a", 1, "hit"), ("b", 1, "hit")]


def test_a_line_longer_than_is_printed_is_known_by_its_length() -> None:
    found = matches(context=1)
    remark = b" [... omitted end of long line]"
    assert found.take(b"./a\x001:0:" + remark)
    assert found.take(b"./a\x002-0-" + b"x" * LONGEST_LINE + remark)
    assert found.take(b"./a\x003:0:" + b"x" * LONGEST_LINE + remark)
    assert told(found) == [("a", 1, remark.decode()), ("a", 2, None), ("a", 3, None)]


def test_long_lines_are_shown_around_the_places_that_are_told() -> None:
    found = matches()
    assert found.take(b"./a\x001:0:" + b"x" * 900 + b"HIT")
    assert found.take(b"./a\x002:0:" + b"y" * 900)
    columns = Columns()
    for record in (b"1:901:[Omitted long line with 1 matches]", b"2:[Omitted long matching line]", b"rg: something"):
        assert columns.take(record)
    found.centre(columns.first)
    assert told(found) == [("a", 1, "..." + "x" * 397 + "HIT"), ("a", 2, "y" * 400 + "...")]
    assert not found.whole


def test_what_is_no_record_is_passed_over() -> None:
    found = matches()
    for record in (b"", b"rg: something else", b"./a\0no number", b"./a\x007;", b"x" * 100_000):
        assert found.take(record)
    assert not found.files


def test_the_lines_of_a_file_that_is_not_wanted_are_not_kept() -> None:
    found = Matches(lambda _: None, limit=9, context=0)
    assert found.take(b"./a\x001:0:hit")
    assert not found.files
