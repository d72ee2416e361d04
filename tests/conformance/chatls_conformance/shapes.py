"""docs/protocol.schema.json: which shape a message must have."""

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from chatls_conformance.framing import Json


@cache
def schema() -> Json:
    """The schema that came along with the package, or the one of the project that it stands in."""
    packed = files("chatls_conformance").joinpath("protocol.schema.json")
    if packed.is_file():
        return json.loads(packed.read_text("utf-8"))
    return json.loads((Path(__file__).parents[3] / "docs/protocol.schema.json").read_text("utf-8"))


@cache
def _validator(name: str) -> Any:
    return Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": schema()["$defs"]})


def misshapen(name: str, value: Any) -> str | None:
    """What is wrong with a value of a shape."""
    for error in _validator(name).iter_errors(value):
        return f"{name}: {error.json_path}: {error.message[:300]}"
    return None


def misshapen_method(method: str, part: str, value: Any) -> str | None:
    """The same of the `params` or the `result` of a request, from whichever side; None where its shape is not ours."""
    if method == "initialize":
        found = schema()["initialize"]
    else:
        found = {**schema()["methods"], **schema()["requestsToClient"]}.get(method)
    return misshapen(found[part]["$ref"].rpartition("/")[2], value) if found else None
