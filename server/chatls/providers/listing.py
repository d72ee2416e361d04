"""The models that an OpenAI-compatible server lists, without what is plainly no chat model."""

import re
from collections.abc import Iterator
from typing import Any, cast

from chatls.content import JsonObject
from chatls.errors import ProviderError
from chatls.providers.http import Server
from chatls.providers.provider import ModelInfo

_NOT_FOR_CHAT = re.compile(
    r"embed|whisper|\btts\b|transcribe|dall-e|moderation|realtime|\bsora\b|rerank|davinci|babbage", re.IGNORECASE
)
_LISTING = 5.0
"""Seconds that a server gets to list its models."""


async def listed_models(server: Server) -> tuple[ModelInfo, ...]:
    """What GET /models says; empty where the server does not answer."""
    try:
        listed = await server.get("/models", _LISTING)
    except ProviderError:
        return ()
    return tuple(_models(listed))


def _models(listed: Any) -> Iterator[ModelInfo]:
    """Every shape of list that was seen: `{"data": [...]}`, `{"models": [...]}`, or the list alone (Together)."""
    if isinstance(listed, dict):
        members = cast(JsonObject, listed)
        listed = members.get("data") or members.get("models")
    for item in cast(list[Any], listed) if isinstance(listed, list) else []:
        entry = cast(JsonObject, item) if isinstance(item, dict) else {}
        name, title = entry.get("id"), entry.get("name")
        if isinstance(name, str) and name and not _NOT_FOR_CHAT.search(name):
            yield ModelInfo(name, title if isinstance(title, str) and title else name, _window(entry))


def _window(entry: JsonObject) -> int | None:
    """Tokens that the model can read, under whatever name the server gives them."""
    names = ("context_length", "context_window", "max_context_length", "max_model_len")
    values = [entry.get(name) for name in names]
    if isinstance(meta := entry.get("meta"), dict):
        values.append(cast(JsonObject, meta).get("n_ctx_train"))
    return next((value for value in values if type(value) is int and value > 0), None)
