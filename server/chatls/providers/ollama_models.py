"""The model list of an Ollama server, and what each can do."""

import re
from typing import Any

import anyio

from chatls.content import JsonObject
from chatls.errors import ProviderError
from chatls.providers.http.server import Server
from chatls.providers.provider import ModelInfo
from chatls.shapes import as_list, as_object, as_objects, as_text

_LISTING = 5.0
"""Seconds that the server gets for the list and all that is asked about it."""
_AT_ONCE = 4
"""Models that are asked about at the same time."""
_EMBEDS = re.compile(r"embed|\bbge\b|minilm", re.IGNORECASE)
"""Names of models that cannot chat, where the server does not say what they can."""


async def installed_models(server: Server, context_window: int | None) -> tuple[ModelInfo, ...]:
    """Those that can chat; empty where the server does not answer. `context_window`: what is set, in tokens."""
    shown: dict[str, JsonObject] = {}
    entries: list[JsonObject] = []
    with anyio.move_on_after(_LISTING):
        entries = await _listed(server)
        await _show(server, entries, shown)
    known = ((entry["name"], {**entry, **shown.get(entry["name"], {})}) for entry in entries)
    return tuple(_info(name, about, context_window) for name, about in known if _chats(name, about))


async def _listed(server: Server) -> list[JsonObject]:
    try:
        listed = as_object(await server.get("/api/tags", _LISTING))
    except ProviderError:
        return []
    return [entry for entry in as_objects(listed.get("models")) if as_text(entry.get("name"))]


async def _show(server: Server, entries: list[JsonObject], shown: dict[str, JsonObject]) -> None:
    """Ask about each model. One that is not answered in time stays unknown, and is listed all the same."""
    slots = anyio.CapacityLimiter(_AT_ONCE)

    async def ask(name: str) -> None:
        async with slots:
            try:
                shown[name] = as_object(await server.post("/api/show", {"model": name}, _LISTING))
            except ProviderError:
                return

    async with anyio.create_task_group() as tasks:
        for entry in entries:
            tasks.start_soon(ask, entry["name"])


def _chats(name: str, about: JsonObject) -> bool:
    capabilities = _capabilities(about)
    return not _EMBEDS.search(name) if capabilities is None else "completion" in capabilities


def _capabilities(about: JsonObject) -> list[Any] | None:
    """None where the server does not say: versions before 0.6.4."""
    capabilities = about.get("capabilities")
    return as_list(capabilities) if isinstance(capabilities, list) else None


def _info(name: str, about: JsonObject, context_window: int | None) -> ModelInfo:
    capabilities = _capabilities(about)
    title = name if capabilities is None or "tools" in capabilities else f"{name} (no tools)"
    return ModelInfo(name, title, context_window or _window(as_object(about.get("model_info"))))


def _window(model_info: JsonObject) -> int | None:
    """Tokens: the member is called after the architecture, "llama.context_length"."""
    values = [value for key, value in model_info.items() if key.endswith(".context_length")]
    return next((value for value in values if type(value) is int and value > 0), None)
