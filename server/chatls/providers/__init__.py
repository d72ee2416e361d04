"""Providers, and their factory: from a name in the settings to something that can be asked."""

import importlib
from collections.abc import Mapping
from functools import partial
from types import ModuleType
from typing import assert_never

from chatls.providers.http.endpoint import find_endpoint
from chatls.providers.known.catalog import ChatDialect, entry_of, hands_on_text, kind_of
from chatls.providers.provider import Provider
from chatls.settings.config import ProviderKind, ProviderSettings, Settings


def open_provider(name: str, settings: Settings, environment: Mapping[str, str]) -> Provider:
    """The provider of that name. Connects to nothing; loading an adapter is paid when it is first used.

    Raises `RequestError` (1005 for an unknown name, 1004 if its key is missing) and `SettingsError`.
    """
    own = settings.providers.get(name, ProviderSettings())
    limits, stream, images = settings.limits, own.stream, own.images
    endpoint = partial(find_endpoint, name, own, environment)
    kind = kind_of(name, settings)
    inline = own.inline_tool_calls == "auto" and hands_on_text(name, own)
    match kind:
        case "openai_chat":
            entry = entry_of(name, own)
            dialect = entry.dialect if entry else ChatDialect()
            llamacpp = name == "llamacpp"
            return _adapter(kind).OpenAIChat(
                endpoint(), limits, dialect, stream=stream, inline=inline, llamacpp=llamacpp, images=images
            )
        case "openai_responses":
            return _adapter(kind).OpenAIResponses(endpoint(), limits, stream=stream, images=images)
        case "anthropic":
            return _adapter(kind).Anthropic(endpoint(), limits, stream=stream, images=images)
        case "gemini":
            return _adapter(kind).Gemini(endpoint(), limits, stream=stream, images=images)
        case "ollama":
            return _adapter(kind).Ollama(
                endpoint(), limits, own.context_window, stream=stream, inline=inline, images=images
            )
        case "local":
            return _adapter(kind).LocalProvider(name, own, limits)
        case "scripted":
            return _adapter(kind).ScriptedProvider(name, own)
        case _:
            assert_never(kind)


def preload(kind: ProviderKind) -> None:
    """Load what the first question to a server of that kind needs. For a worker thread, when nobody waits."""
    _adapter(kind)


def _adapter(kind: ProviderKind) -> ModuleType:
    """A kind's module is called as the kind is; one that needs a folder has it in there."""
    return _module({"local": "local.provider", "scripted": "scripted.player"}.get(kind, kind))


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"chatls.providers.{name}")
