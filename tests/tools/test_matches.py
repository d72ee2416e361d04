"""Reading what ripgrep says."""

from pathlib import Path

import pytest

from chatls.tools.matches import Matches

BEGIN = b'{"type":"begin","data":{"path":{"text":"./a"}}}'
MATCH = b'{"type":"match","data":{"lines":{"text":"hit\\n"},"line_number":3,"submatches":[{"start":0,"end":3}]}}'


def matches() -> Matches:
    return Matches(lambda name: lambda number: (Path(name), number), limit=9, context=0)


@pytest.mark.parametrize("summary", [b'{"data":{},"type":"summary"}', b'{"type":"summary","data":{}}'])
def test_the_end_is_known_however_it_is_spelled(summary: bytes) -> None:
    found = matches()
    assert found.take(BEGIN)
    assert found.take(MATCH)
    assert not found.finished
    assert found.take(summary)
    assert found.finished
    assert [(line.number, line.text) for line in found.files[Path("./a")]] == [(3, "hit")]


def test_what_is_no_record_is_no_end() -> None:
    found = matches()
    assert found.take(b"")
    assert found.take(b"rg: something else")
    assert not found.finished


def test_the_lines_of_a_file_that_is_not_wanted_are_not_even_read() -> None:
    found = Matches(lambda _: None, limit=9, context=0)
    assert found.take(BEGIN)
    assert found.take(b'{"type":"match", and no JSON')
    assert not found.files
