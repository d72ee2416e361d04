"""The schemas that models are shown say what pydantic, which checks arguments, says of the same signatures."""

from typing import Annotated, Any, Literal, cast

import pytest
from pydantic import ConfigDict, Field, create_model

from chatls.content import JsonObject
from chatls.tools import TOOLS
from chatls.tools.schema import Argument, arguments_of, schema_of
from chatls.tools.tool import Tool
from chatls.values import dataclass


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of something.

    In two paragraphs.
    """

    size: Annotated[int, Field(gt=0, lt=9, description="How large.")]
    name: str = "piece"
    inner: Annotated[list[str] | None, Field(max_length=3)] = None


ARGUMENTS = {
    "text": Argument(Annotated[str, Field(min_length=1, max_length=9, description="Words.")]),
    "count": Argument(Annotated[int | None, Field(ge=1, le=9, description="How many.")], None),
    "ratio": Argument(Annotated[float, Field(le=2.5)], 1.5),
    "loud": Argument(bool, False),
    "mode": Argument(Literal["a", "b"] | None, None),
    "either": Argument(str | list[str] | None, None),
    "pieces": Argument(Annotated[list[Piece], Field(min_length=1, description="Pieces.")]),
    "one": Argument(Piece | None, None),
}


@pytest.mark.parametrize("tool", TOOLS, ids=[tool.name for tool in TOOLS])
def test_the_schema_of_a_tool_is_that_of_its_signature(tool: Tool) -> None:
    assert tool.spec.input_schema == by_pydantic(arguments_of(tool.run))


def test_all_that_signatures_may_have_is_told() -> None:
    assert schema_of(ARGUMENTS) == by_pydantic(ARGUMENTS)


@pytest.mark.parametrize("annotation", [dict[str, str], object, Annotated[str, Field(pattern="a+")]])
def test_what_has_no_words_is_refused(annotation: Any) -> None:
    with pytest.raises(TypeError, match="no schema is known"):
        schema_of({"strange": Argument(annotation)})


def by_pydantic(arguments: dict[str, Argument]) -> JsonObject:
    """pydantic's schema, without titles, nulls and references."""
    fields: dict[str, Any] = {name: (one.annotation, one.default) for name, one in arguments.items()}
    schema = create_model("tool", __config__=ConfigDict(extra="forbid"), **fields).model_json_schema()
    whole = plain(without_references(schema, schema.pop("$defs", {})))
    return {"type": "object", "properties": {}, "additionalProperties": False, **whole}


def without_references(schema: Any, definitions: JsonObject) -> Any:
    if isinstance(schema, list):
        return [without_references(item, definitions) for item in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    members = cast("JsonObject", schema)
    if isinstance(reference := members.get("$ref"), str):
        members = {**definitions[reference.removeprefix("#/$defs/")], **members}
        del members["$ref"]
    return {key: without_references(value, definitions) for key, value in members.items()}


def plain(schema: Any) -> Any:
    if isinstance(schema, list):
        return [plain(item) for item in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    members = cast("JsonObject", schema)
    choices = [item for item in members.get("anyOf", []) if item != {"type": "null"}]
    if choices and len(choices) < len(members["anyOf"]):
        rest: JsonObject = {key: value for key, value in members.items() if key not in ("anyOf", "default")}
        only: JsonObject = choices[0] if len(choices) == 1 else {"anyOf": choices}
        members = {**rest, **only}
    return {
        key: {name: plain(item) for name, item in value.items()} if key == "properties" else plain(value)
        for key, value in members.items()
        if key != "title"
    }
