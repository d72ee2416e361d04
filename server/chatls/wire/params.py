"""What a request of ours is made of: the base of all parameters, what counts as given, and how a method is told."""

from typing import Any, cast

from pydantic import BaseModel, ConfigDict, StrictInt, StrictStr

from chatls.content import camel
from chatls.values import dataclass

Token = StrictInt | StrictStr
"""A progress token; 0 and "" are tokens like any other, and 1 is not "1"."""


class Params(BaseModel):
    """Parameters of a request. Unknown members are ignored."""

    model_config = ConfigDict(
        alias_generator=camel, populate_by_name=True, extra="ignore", frozen=True, defer_build=True
    )


class NoParams(Params):
    """Nothing."""


@dataclass(frozen=True, slots=True)
class Method:
    """A request of the client's."""

    name: str
    params: type[Params]
    result: type
    summary: str


@dataclass(frozen=True, slots=True)
class RequestToClient:
    """A request of the daemon's that is not LSP's own."""

    name: str
    capability: str
    """Which `experimental.chat` member of the client says that it answers."""
    params: type
    result: type[Params]
    summary: str


def given(whole: Any) -> Any:
    """Without the members that are null, however deep they are: many languages write them for what is not there.

    Layer by layer, and in its place: it may be nested deeper than Python calls functions.
    """
    layer: list[Any] = [whole]
    while layer:
        inner: list[Any] = []
        for value in layer:
            if isinstance(value, dict):
                members = cast("dict[Any, Any]", value)
                for name in [name for name, item in members.items() if item is None]:
                    del members[name]
                inner += members.values()
            elif isinstance(value, list):
                inner += cast("list[Any]", value)
        layer = inner
    return whole
