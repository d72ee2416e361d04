"""What servers say, as it is taken: names, descriptions, schemas, results, forms. Whatever it is, nothing raises."""

import json
from base64 import b64encode
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatls.content import Image, ResourceLink, TextContent
from chatls.editor import FormAnswer
from chatls.errors import ToolError
from chatls.mcp.forms import UnaskableError, answered, form_of
from chatls.mcp.offered import LARGEST_SCHEMA, LONGEST_DESCRIPTION, LONGEST_WORD, in_head, mended, offers, problem
from chatls.mcp.results import output_of

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
GIF = b64encode(b"GIF89a\x01\x00\x01\x00\x00").decode()
WORDS = [
    "name",
    "description",
    "inputSchema",
    "properties",
    "required",
    "type",
    "annotations",
    "content",
    "text",
    "uri",
]
objects = st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=5), json_values, max_size=6)


@given(st.lists(objects | json_values, max_size=6))
def test_whatever_a_server_lists_names_are_short_plain_and_unique(listed: list[Any]) -> None:
    found = offers("own", listed)
    names = [offer.name for offer in found]
    assert len(set(names)) == len(names)
    assert all(len(name) <= LONGEST_WORD and name.startswith("own__") for name in names)
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") for name in names)
    assert all(len(offer.description) <= LONGEST_DESCRIPTION for offer in found)
    assert all(offer.schema["type"] == "object" for offer in found)


def test_a_long_name_that_two_tools_have_is_cut_so_that_each_has_its_own() -> None:
    listed = [{"name": "x" * 80 + end} for end in "ab"]
    assert [offer.name[-3:] for offer in offers("own", listed)] == ["xxx", "x_2"]
    assert {len(offer.name) for offer in offers("own", listed)} == {LONGEST_WORD}


def test_a_description_is_cut_and_hides_nothing() -> None:
    (offer,) = offers("own", [{"name": "a", "description": "say\U000e0041 \u202ethis" + "x" * 3000}])
    assert offer.description.startswith("(from the MCP server own) say\\u{E0041} \\u{202E}thisxxx")
    assert (len(offer.description), offer.description[-5:]) == (LONGEST_DESCRIPTION, "[cut]")


def test_a_schema_that_is_too_long_loses_its_descriptions_and_no_argument_of_that_name() -> None:
    properties = {
        "description": {"type": "string", "description": "x" * 40_000},
        "b": {"title": "y", "type": "integer"},
    }
    (offer,) = offers("own", [{"name": "a", "inputSchema": {"properties": properties}}])
    assert offer.schema["properties"] == {"description": {"type": "string"}, "b": {"type": "integer"}}
    huge = {"properties": {f"p{number}": {"enum": ["x" * 100]} for number in range(LARGEST_SCHEMA // 100)}}
    assert offers("own", [{"name": "a", "inputSchema": huge}]) == ()


@given(objects, objects)
def test_whatever_the_schema_arguments_are_checked_without_a_fault(schema: Any, arguments: Any) -> None:
    found = mended(schema, arguments)
    assert isinstance(found, dict)
    assert problem(schema, found) is None or isinstance(problem(schema, found), str)


def test_slips_are_mended_and_what_is_plainly_wrong_is_refused() -> None:
    nullable = {"type": "object", "properties": {"a": {"type": ["string", "null"]}, "b": {"type": "string"}}}
    assert mended(nullable, {"a": None, "b": None}) == {"a": None}
    schema = {"type": "object", "properties": {"n": {"type": "integer"}, "s": {"type": ["string", "null"]}}}
    assert mended(schema, {"n": "5"}) == {"n": 5}
    assert problem(schema, {"n": 5, "s": None}) is None
    assert problem(schema, {"n": "five"}) == "n: must be integer"
    assert problem({**schema, "additionalProperties": False}, {"x": 1}) == "x: no such argument; there are n, s"


def test_arguments_that_a_server_wants_in_the_head_are_there() -> None:
    inner = {"properties": {"id": {"type": "integer", "x-mcp-header": "Id"}}}
    schema = {
        "properties": {"a": {"type": "string", "x-mcp-header": "Area"}, "b": inner, "c": {"x-mcp-header": "no no"}}
    }
    (offer,) = offers("own", [{"name": "a", "inputSchema": schema}])
    assert in_head(offer, {"a": "x", "b": {"id": 7}, "c": "y"}) == {"mcp-param-Area": "x", "mcp-param-Id": "7"}


# Results


@given(objects | st.fixed_dictionaries({"content": st.lists(objects, max_size=5)}))
def test_whatever_a_result_is_something_is_made_of_it(result: Any) -> None:
    with suppress(ToolError):
        assert all(isinstance(item, TextContent | Image | ResourceLink) for item in output_of(result).content)


def test_each_kind_of_content_is_what_it_is() -> None:
    content = [
        {"type": "text", "text": "hi"},
        {"type": "image", "mimeType": "image/png", "data": GIF},
        {"type": "image", "mimeType": "image/png", "data": "aGk="},
        {"type": "image", "mimeType": "image/png", "data": "%%%"},
        {"type": "image", "mimeType": "image/svg+xml", "data": "aGk="},
        {"type": "audio", "mimeType": "audio/wav", "data": "aGk="},
        {"type": "resource_link", "uri": "file:///a\u202e", "name": "A"},
        {"type": "resource", "resource": {"uri": "x:1", "text": "inside"}},
        {"type": "hologram"},
    ]
    found = output_of({"content": content}).content
    assert found[1] == Image("image/gif", GIF)
    assert [getattr(item, "text", type(item).__name__) for item in found] == [
        "hi",
        "Image",
        "[a picture that is too large, or none: it is left out]",
        "[a picture that is too large, or none: it is left out]",
        "[a picture of the kind image/svg+xml: it is left out]",
        "[sound, audio/wav: it is left out]",
        "ResourceLink",
        "link: file:///a\\u{202E} (A)",
        "x:1:\ninside",
        "[content of the kind hologram: it is left out]",
    ]


def test_a_result_of_data_alone_is_told_as_text_and_too_many_pictures_are_left_out() -> None:
    (item,) = output_of({"content": [], "structuredContent": {"a": 1}}).content
    assert item == TextContent('{"a":1}')
    picture = {"type": "image", "mimeType": "image/gif", "data": GIF}
    found = output_of({"content": [picture] * 10}).content
    assert sum(isinstance(item, Image) for item in found) == 8


def test_a_failed_result_raises_its_words() -> None:
    with pytest.raises(ToolError, match="not there"):
        output_of({"content": [{"type": "text", "text": "not there"}], "isError": True})


# Forms


@given(objects, objects)
def test_whatever_a_server_wants_to_ask_it_is_a_form_or_refused(params: Any, values: Any) -> None:
    with suppress(UnaskableError):
        form = form_of("own", ("s", "t", "c"), {**params, "mode": "form"})
        assert answered(form, FormAnswer("accept", values))["action"] in ("accept", "cancel")


@pytest.mark.parametrize(
    "params",
    [
        {"mode": "url", "url": "https://x"},
        {"requestedSchema": {"properties": {"a": {"type": "array"}}}},
        {"requestedSchema": {"properties": {f"p{number}": {"type": "string"} for number in range(60)}}},
    ],
)
def test_what_is_no_form_is_not_asked(params: Any) -> None:
    with pytest.raises(UnaskableError):
        form_of("own", ("s", "t", "c"), params)


def test_an_answer_is_given_as_it_fits_and_a_no_is_a_no() -> None:
    schema = {"properties": {"n": {"type": "number"}, "b": {"type": "boolean", "default": True}}, "required": ["n"]}
    form = form_of("own", ("s", "t", "c"), {"message": "m", "requestedSchema": schema})
    assert answered(form, FormAnswer("accept", {"n": 1.5})) == {"action": "accept", "content": {"n": 1.5, "b": True}}
    assert answered(form, FormAnswer("accept", {"n": "x"})) == {"action": "cancel"}
    assert answered(form, FormAnswer("decline")) == {"action": "decline"}
    assert json.dumps(answered(form, FormAnswer("accept", {"n": 1, "x": 2}))["content"]) == '{"n": 1, "b": true}'
