"""The model list of an OpenAI-compatible server, without what is plainly no chat model."""

import re
from collections.abc import Iterator
from typing import Any

from chatls.content import JsonObject
from chatls.providers.provider import ModelInfo
from chatls.shapes import as_object, as_objects, as_text

_NOT_FOR_CHAT = re.compile(
    r"embed|whisper|\btts\b|transcribe|dall-e|moderation|realtime|\bsora\b|rerank|davinci|babbage", re.IGNORECASE
)


def openai_models(answer: Any) -> Iterator[ModelInfo]:
    """What GET /models says, in every shape that was seen: `{"data": [...]}`, `{"models": [...]}`, or the list alone
    (Together).
    """
    members = as_object(answer) if isinstance(answer, dict) else {"data": answer}
    for entry in as_objects(members.get("data") or members.get("models")):
        name = as_text(entry.get("id"))
        if name and not _NOT_FOR_CHAT.search(name):
            yield ModelInfo(name, as_text(entry.get("name")) or name, _window(entry))


def _window(entry: JsonObject) -> int | None:
    """Tokens that the model can read, under whatever name the server gives them."""
    names = ("loaded_context_length", "context_length", "context_window", "max_context_length", "max_model_len")
    meta = as_object(entry.get("meta"))
    values = [*map(entry.get, names), meta.get("n_ctx"), meta.get("n_ctx_train")]
    return next((value for value in values if type(value) is int and value > 0), None)
