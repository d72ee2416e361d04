"""What a server says of a model's chat template: whether it knows tools, and whether it opens the model's thinking."""

from urllib.parse import quote

from chatls.errors import ProviderError
from chatls.providers.http.server import Server
from chatls.providers.known.generation import opens_thinking, opens_thinking_in_go
from chatls.shapes import as_list, as_object, as_text
from chatls.values import dataclass

_ASKING = 5.0
"""Seconds; a router may have to load the model first, and then the answer is not waited for."""
_LEFT_ALONE = (None, "none")
"""llama.cpp does not split off thinking."""


@dataclass(frozen=True, slots=True)
class TemplateFacts:
    """What is known of it."""

    takes_tools: bool = True
    """False: tools are left out in silence, because the template does not know them. Only where the server says so:
    older versions do not, and put the tools into words themselves."""
    opens_thinking: bool = False
    """A reply begins inside a think block, and the server leaves its end in the text."""
    window: int | None = None
    """Tokens that the model can read, where the server says."""


async def ask_llamacpp(server: Server, model: str) -> TemplateFacts | None:
    """None where no server is, yet."""
    try:
        props = as_object(await server.get_beside(f"/props?model={quote(model, safe='')}", _ASKING))
    except ProviderError as error:
        return None if error.kind == "network" else TemplateFacts()
    generation = as_object(props.get("default_generation_settings"))
    parameters, window = as_object(generation.get("params")), generation.get("n_ctx")
    handed_on = parameters.get("reasoning_format") in _LEFT_ALONE
    return TemplateFacts(
        as_object(props.get("chat_template_caps")).get("supports_tools") is not False,
        handed_on and opens_thinking(as_text(props.get("chat_template")) or ""),
        window if type(window) is int and window > 0 else None,
    )


async def ask_ollama(server: Server, model: str) -> TemplateFacts | None:
    """The same. Ollama splits off the thinking of models that it knows to think."""
    try:
        about = as_object(await server.post("/api/show", {"model": model}, _ASKING))
    except ProviderError as error:
        return None if error.kind == "network" else TemplateFacts()
    splits = "thinking" in as_list(about.get("capabilities"))
    return TemplateFacts(opens_thinking=not splits and opens_thinking_in_go(as_text(about.get("template")) or ""))
