"""Where the keys of a TOML text stand, whatever else stands in it."""

import tomllib
from typing import Any, cast

from chatls.workspace.tomltext import line_of, lines_of

TEXT = '''\
# [not.a.table]
title = "x = 1"      # [neither]
"a key" . 'b' = 1
many = [
  "fake = 1",
  { inline = 2 },
]
long = """
[still.text]
fake = 3
"""
raw = \'\'\'
other = 4
\'\'\'

[ table . sub ]
key = 1

[[rules]]
tool = "a"
  [rules.inner]
  deep = 1
[[rules]]
tool = "b"
[rules.inner]
deep = 2
'''


def test_every_table_and_key_has_its_line() -> None:
    tomllib.loads(TEXT)
    assert lines_of(TEXT) == {
        ("title",): 2,
        ("a key", "b"): 3,
        ("many",): 4,
        ("long",): 8,
        ("raw",): 12,
        ("table", "sub"): 16,
        ("table", "sub", "key"): 17,
        ("rules", "0"): 19,
        ("rules", "0", "tool"): 20,
        ("rules", "0", "inner"): 21,
        ("rules", "0", "inner", "deep"): 22,
        ("rules", "1"): 23,
        ("rules", "1", "tool"): 24,
        ("rules", "1", "inner"): 25,
        ("rules", "1", "inner", "deep"): 26,
    }


def test_what_has_no_line_has_that_of_what_is_around_it() -> None:
    lines = lines_of(TEXT)
    assert line_of(("many", "1", "inline"), lines) == 4
    assert line_of(("no", "such"), lines) is None


def test_every_key_that_is_read_is_found() -> None:
    def paths(value: Any, above: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
        items = cast(dict[str, Any], value).items() if isinstance(value, dict) else ()
        return {above} | {path for key, inner in items for path in paths(inner, (*above, key))}

    for path in paths(tomllib.loads(TEXT)) - {()}:
        assert line_of(path, lines_of(TEXT)) or path == ("a key",) or path[0] in ("table", "rules")
