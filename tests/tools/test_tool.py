"""What models are told about tools, and what becomes of what they send."""

from typing import Annotated, Literal

import jsonschema
import pytest
from pydantic import Field

from chatls.content import JsonObject
from chatls.errors import ToolError
from chatls.tools import TOOLS
from chatls.tools.tool import Tool, ToolContext, tool

NAMES = [tool.name for tool in TOOLS]


@tool(kind="other", read_only=False)
def sample(
    context: ToolContext,
    title: Annotated[str, Field(description="What.")],
    count: Annotated[int | None, Field(ge=1, description="How many.")] = None,
    mode: Annotated[Literal["a", "b"], Field(description="Which way.")] = "a",
    tags: Annotated[list[str] | None, Field(description="Names.")] = None,
) -> str:
    """Do something.

    In two paragraphs.
    """
    return f"{title} {count} {mode} {tags} {context}"


def refusal(tool: Tool, arguments: JsonObject) -> str:
    with pytest.raises(ToolError) as caught:
        tool.validate(arguments)
    return str(caught.value)


def test_a_schema_says_all_there_is_to_say_and_no_more() -> None:
    assert sample.spec.input_schema == {
        "type": "object",
        "properties": {
            "title": {"type": "string", "description": "What."},
            "count": {"type": "integer", "minimum": 1, "description": "How many."},
            "mode": {"type": "string", "enum": ["a", "b"], "default": "a", "description": "Which way."},
            "tags": {"type": "array", "items": {"type": "string"}, "description": "Names."},
        },
        "required": ["title"],
        "additionalProperties": False,
    }
    assert sample.spec.name == "sample"
    assert sample.spec.description == "Do something.\n\nIn two paragraphs."


def test_a_tool_without_a_title_is_called_by_its_name() -> None:
    assert sample.title({}) == "sample"


@pytest.mark.parametrize("tool", TOOLS, ids=NAMES)
def test_every_schema_is_one_and_describes_every_argument(tool: Tool) -> None:
    schema = tool.spec.input_schema
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["additionalProperties"] is False
    for name, part in schema["properties"].items():
        assert part["description"], name
        assert "anyOf" not in part or name == "command", "a shell line or an argument vector is the one choice there is"
        assert "title" not in part
        assert part.get("default", 0) is not None
    assert tool.spec.description


def test_tools_that_only_read_are_known_and_all_others_ask() -> None:
    changing = "edit_file write_file edit_notebook move_file delete_file rename_symbol run_command"
    assert [tool.name for tool in TOOLS if not tool.read_only] == changing.split()


def test_the_tools_take_the_arguments_that_the_protocol_promises() -> None:
    promised: dict[str, dict[str, object]] = {
        "read_file": {"path": ..., "start_line": None, "end_line": None},
        "search": {
            "pattern": ...,
            "path": None,
            "glob": None,
            "literal": False,
            "case_sensitive": False,
            "context": 0,
            "max_results": 100,
            "output": "lines",
            "multiline": False,
        },
        "list_files": {"path": None, "glob": None, "max_results": 200},
        "diagnostics": {"path": None},
        "definition": {"path": ..., "line": ..., "symbol": ...},
        "references": {"path": ..., "line": ..., "symbol": ..., "what": "references"},
        "symbols": {"path": None, "query": None},
        "skill": {"name": ..., "file": None},
        "edit_file": {"path": ..., "edits": ...},
        "write_file": {"path": ..., "content": ...},
        "edit_notebook": {"path": ..., "changes": ...},
        "move_file": {"path": ..., "to": ...},
        "delete_file": {"path": ...},
        "rename_symbol": {"path": ..., "line": ..., "symbol": ..., "new_name": ...},
        "run_command": {
            "command": None,
            "cwd": None,
            "timeout": None,
            "background": False,
            "stop": None,
            "network": False,
            "outside": None,
        },
    }
    assert list(promised) == NAMES
    for offered in TOOLS:
        schema, arguments = offered.spec.input_schema, promised[offered.name]
        assert list(schema["properties"]) == list(arguments)
        assert schema.get("required", []) == [name for name, value in arguments.items() if value is ...]
        defaults = {name: part["default"] for name, part in schema["properties"].items() if "default" in part}
        assert defaults == {name: value for name, value in arguments.items() if value not in (..., None)}


def test_defaults_are_filled_in_and_null_stands_for_nothing_given() -> None:
    expected = {"title": "x", "count": None, "mode": "a", "tags": None}
    assert sample.validate({"title": "x"}) == expected
    assert sample.validate({"title": "x", "count": None, "mode": None}) == expected
    assert sample.validate({"title": "x", "count": "3"})["count"] == 3


def test_arguments_that_do_not_fit_are_refused_in_words_for_the_model() -> None:
    assert refusal(sample, {}) == "sample: title: required"
    assert refusal(sample, {"title": None}) == "sample: title: required"
    assert "sample: name: no such argument; there are title, count, mode, tags" in refusal(
        sample, {"name": 1, "title": ""}
    )
    assert "count: Input should be greater than or equal to 1" in refusal(sample, {"title": "x", "count": 0})
    assert "count: Input should be a valid integer" in refusal(sample, {"title": "x", "count": "many"})
    assert "mode" in refusal(sample, {"title": "x", "mode": "c"})
    assert "tags.1" in refusal(sample, {"title": "x", "tags": ["a", 3.5]})
    assert "count" in refusal(sample, {"title": "x", "count": True})
    assert "title" in refusal(sample, {"title": 1.10})


def test_slips_that_lose_nothing_are_taken() -> None:
    assert sample.validate({"title": 404, "count": "7", "tags": "one"}) == {
        "title": "404",
        "count": 7,
        "mode": "a",
        "tags": ["one"],
    }
    assert sample.validate({"title": "x", "tags": '["a", 3]'})["tags"] == ["a", "3"]
