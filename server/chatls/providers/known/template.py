"""What llama.cpp's server says of a model's chat template. It leaves out in silence what the template does not know."""

from urllib.parse import quote

from chatls.errors import ProviderError
from chatls.providers.http.server import Server
from chatls.shapes import as_object

_ASKING = 5.0
"""Seconds; a router may have to load the model first, and then the answer is not waited for."""


async def template_takes_tools(server: Server, model: str) -> tuple[bool | None, int | None]:
    """False only where the server says so: older versions do not, and put the tools into words themselves. None where
    no server is, yet. With it the tokens that the model can read, where the server says.
    """
    try:
        props = as_object(await server.get_beside(f"/props?model={quote(model, safe='')}", _ASKING))
    except ProviderError as error:
        return (None if error.kind == "network" else True), None
    window = as_object(props.get("default_generation_settings")).get("n_ctx")
    told = window if type(window) is int and window > 0 else None
    return as_object(props.get("chat_template_caps")).get("supports_tools") is not False, told
