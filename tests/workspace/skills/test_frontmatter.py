"""The head of a skill's file: what is read of it, and that nothing in it is guessed at or makes anything fall over."""

import json
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatls.workspace.skills.frontmatter import Frontmatter, parse
from tests.support.cases import for_each

LINE = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=60).map(str.strip).filter(bool)
PLAIN = LINE.filter(lambda line: line[0].isalpha() and " #" not in line and "\t#" not in line)


def head(*lines: str, body: str = "Body.") -> Frontmatter:
    return parse("\n".join(("---", *lines, "---", body)))


@for_each(
    "lines, fields",
    [
        (["name: pdf"], {"name": "pdf"}),
        (["# c", "name: pdf # not this", "", "x: a#b"], {"name": "pdf", "x": "a#b"}),
        (["description: Use when: asked"], {"description": "Use when: asked"}),
        (["description: one", "  two", "  three"], {"description": "one two three"}),
        (["argument-hint: [file] [line]"], {"argument-hint": "[file] [line]"}),
        (["a: 'it''s' # c"], {"a": "it's"}),
        ([r'a: "x\ty\u00e9\"" # c'], {"a": 'x\tyé"'}),
        (['a: "one', '  two"'], {"a": "one two"}),
        (["a: |", "  one", "    two", "", "  three"], {"a": "one\n  two\n\nthree"}),
        (["a: >-", "  one", "  two", "", "  three"], {"a": "one two\nthree"}),
        (["a:", "b: c"], {"a": "", "b": "c"}),
        (["metadata:", "  author: me", "tools:", "- a", "- b", "b: c"], {"b": "c"}),
        (["name: pdf\r", "b: c\r"], {"name": "pdf", "b": "c"}),
    ],
)
def test_what_such_heads_hold_is_read(lines: list[str], fields: dict[str, str]) -> None:
    assert head(*lines) == Frontmatter(fields, "Body.")


@for_each(
    "line, problem",
    [
        ("a: &x b", "line 2: a value that begins with & has to stand in quotes"),
        ("a: *x", "line 2: a value that begins with * has to stand in quotes"),
        ("a: 'x", "line 2: the quotes do not end, or something stands behind them"),
        ('a: "x" y', "line 2: the quotes do not end, or something stands behind them"),
        (r'a: "\q"', r"line 2: \q means nothing between double quotes"),
        (r'a: "\U7fffffff"', r"line 2: \U7fffffff is no character"),
        ("just words", "line 2: it is no `key: value`"),
    ],
)
def test_what_cannot_be_read_is_told_and_the_rest_counts(line: str, problem: str) -> None:
    assert head(line, "b: c") == Frontmatter({"b": "c"}, "Body.", (problem,))


@pytest.mark.parametrize("text", ["", "Just words.", "--- \nname", "----\nname: x\n----\n"])
def test_without_a_head_all_is_body(text: str) -> None:
    found = parse(text)
    assert found.fields == {}
    assert found.body == text


def test_a_head_that_does_not_end_is_told() -> None:
    assert parse("---\nname: x\nbody").problems == ("the second line of --- is missing, which ends the head",)


@given(st.text(max_size=300))
def test_nothing_makes_it_fall_over(text: str) -> None:
    found = parse(f"---\n{text}\n---\nend")
    assert found.body.endswith("end")
    assert parse(text).body in text.replace("\r\n", "\n") or not text.startswith("---")


@given(PLAIN, LINE, LINE, st.lists(LINE, min_size=1, max_size=4))
def test_what_was_written_is_what_is_read(plain: str, single: str, double: str, lines: list[str]) -> None:
    found = head(
        f"plain: {plain}",
        "single: '{}'".format(single.replace("'", "''")),
        f"double: {json.dumps(double, ensure_ascii=False)}",
        "literal: |",
        *(f"  {line}" for line in lines),
    )
    assert found.problems == ()
    assert found.fields == {"plain": plain, "single": single, "double": double, "literal": "\n".join(lines)}


@pytest.mark.parametrize("piece", [" ", "\t", "a: ", "'", '"', "\\", "#", "- ", "a:\n", "|\n "])
def test_no_head_takes_long(piece: str) -> None:
    began = process_time()
    parse(f"---\na: {piece * 16000}\n---\n")
    parse(f"---\n{piece * 16000}\n---\n")
    assert process_time() - began < 5
