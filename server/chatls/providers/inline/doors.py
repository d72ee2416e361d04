"""What models write into their text (`inline/`): loaded when a reply begins, or a request first needs it."""

from collections.abc import Mapping

from chatls.content import JsonObject
from chatls.providers.delta import CallArguments, CallReady, CallStart, Delta
from chatls.providers.http.body import Decoder
from chatls.providers.known.refused import Learnt
from chatls.providers.provider import ModelRequest

_CALL = (CallStart, CallArguments, CallReady)


def read_inline(decoder: Decoder, request: ModelRequest, learnt: Learnt) -> Decoder:
    """See `layer.read_inline`."""
    from chatls.providers.inline import layer

    return layer.read_inline(decoder, request, learnt)


def with_tools_in_prompt(asked: ModelRequest) -> ModelRequest:
    """See `request.with_tools_in_prompt`."""
    from chatls.providers.inline import request

    return request.with_tools_in_prompt(asked)


def calls_in(text: str, tools: Mapping[str, JsonObject]) -> list[Delta]:
    """The whole calls of these tools (schemas by name) that stand in a text; none where none is whole."""
    from chatls.providers.inline.parser import InlineParser

    parser = InlineParser(tools)
    deltas = [*parser.feed(text), *parser.finish()]
    return [delta for delta in deltas if isinstance(delta, _CALL)] if parser.any_call else []
