"""Slips of models in arguments are mended where nothing is lost and nothing guessed."""

import json
from contextlib import suppress
from typing import Any, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from chatls.tools.fitting import fitted

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
TRUTH: Schema = {"type": "boolean"}
TEXTS: Schema = {"type": "array", "items": TEXT}
MEMBERS: Schema = {"type": "object", "properties": {"name": TEXT, "sure": TRUTH}, "required": ["name"]}
OBJECTS: Schema = {"type": "array", "items": MEMBERS}
EITHER: Schema = {"anyOf": [TEXT, TEXTS]}

MENDED: list[tuple[Schema, Any, Any]] = [
    (TEXT, 3, "3"),
    (TEXT, -(10**30), "-1" + "0" * 30),
    (TEXT, True, "true"),
    (WHOLE, "42", 42),
    (WHOLE, " -7 ", -7),
    (NUMBER, "0", 0),
    (TRUTH, "true", True),
    (TRUTH, "False", False),
    (TEXTS, "a", ["a"]),
    (TEXTS, '["a", 1]', ["a", "1"]),
    (TEXTS, "", [""]),
    (OBJECTS, {"name": 1}, [{"name": "1"}]),
    (OBJECTS, '{"name": "x", "sure": null}', [{"name": "x"}]),
    (OBJECTS, '[{"name": "x", "sure": "true"}]', [{"name": "x", "sure": True}]),
    (MEMBERS, ' {"name": "x"}', {"name": "x"}),
    (EITHER, 5, "5"),
    (EITHER, ["a", 5], ["a", "5"]),
    (EITHER, '["a"]', '["a"]'),
]
KEPT: list[tuple[Schema, Any]] = [
    (TEXT, 1.1),
    (TEXT, ["a"]),
    (TEXT, {"a": 1}),
    (TEXT, None),
    (WHOLE, "many"),
    (WHOLE, "1e3"),
    (WHOLE, "9" * 16),
    (WHOLE, 3.5),
    (NUMBER, "1.10"),
    (TRUTH, 1),
    (TRUTH, "perhaps"),
    (TEXTS, '["a", '),
    (TEXTS, 5),
    (TEXTS, {"a": "b"}),
    (OBJECTS, "{name}"),
    (MEMBERS, "[1]"),
    (MEMBERS, {"name": None}),
    ({"anyOf": [WHOLE, TRUTH]}, "x"),
    ({"anyOf": [TEXTS, OBJECTS]}, 5),
    ({}, 5),
    ({"type": ["string", "null"]}, 5),
]


@pytest.mark.parametrize(("schema", "value", "expected"), MENDED)
def test_a_slip_is_mended(schema: Schema, value: Any, expected: Any) -> None:
    found = fitted(schema, value)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(("schema", "value"), KEPT)
def test_what_would_have_to_be_guessed_stays_as_it_is(schema: Schema, value: Any) -> None:
    found = fitted(schema, value)
    assert (found, type(found)) == (value, type(value))


def test_a_truth_value_is_no_number() -> None:
    assert fitted(WHOLE, True) == fitted(NUMBER, True) == "true"


def a_list_of(item: Schema) -> Schema:
    return {"type": "array", "items": item}


def an_object_with(item: Schema) -> Schema:
    return {"type": "object", "properties": {"a": item}, "required": ["a"]}


def either(one: Schema, other: Schema) -> Schema:
    return {"anyOf": [one, other]}


schemas: st.SearchStrategy[Schema] = st.recursive(
    st.sampled_from([TEXT, WHOLE, NUMBER, TRUTH, MEMBERS, EITHER]),
    lambda inner: st.builds(a_list_of, inner) | st.builds(an_object_with, inner) | st.builds(either, inner, inner),
    max_leaves=4,
)
plain: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text('a1[]{}"')
    | st.sampled_from(["true", " 12", "007", "1.0"])
)
values: st.SearchStrategy[Any] = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "name", "sure"]), inner, max_size=3)
        | st.builds(json.dumps, inner)
    ),
    max_leaves=6,
)


@example(either(a_list_of(TEXT), a_list_of(WHOLE)), [0])
@example(either(a_list_of(TEXT), a_list_of(WHOLE)), 0)
@given(schemas, values)
def test_nothing_is_ever_lost_or_guessed(schema: Schema, value: Any) -> None:
    found = fitted(schema, value)
    assert means(value, found), found
    assert fitted(schema, found) == found
    validator: Any = Draft202012Validator(schema)
    if validator.is_valid(value) and "null" not in json.dumps(value):
        assert (found, type(found)) == (value, type(value))


def means(given: Any, found: Any) -> bool:
    """Whether two values say the same, whatever their types: by what they are spelled like in JSON."""
    if type(given) is type(found) and not isinstance(given, list | dict):
        return given == found
    if isinstance(given, list) and isinstance(found, list):
        ones, others = cast("list[Any]", given), cast("list[Any]", found)
        return len(ones) == len(others) and all(map(means, ones, others))
    if isinstance(given, dict) and isinstance(found, dict):
        members, kept = cast("dict[str, Any]", given), cast("dict[str, Any]", found)
        lost = [members[name] for name in members.keys() - kept.keys()]
        return (
            kept.keys() <= members.keys()
            and lost == [None] * len(lost)
            and all(means(members[n], kept[n]) for n in kept)
        )
    if isinstance(found, list) and len(cast("list[Any]", found)) == 1 and means(given, found[0]):
        return True
    if isinstance(given, str):
        with suppress(ValueError):
            return means(json.loads(given.lower() if isinstance(found, bool) else given), found)
    return isinstance(found, str) and not isinstance(given, float) and json.dumps(given) == found
