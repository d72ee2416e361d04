"""Providers: from a name in the settings to something that can be asked."""

import importlib
from collections.abc import Mapping
from types import ModuleType

from chatls.config import ProviderSettings, Settings
from chatls.errors import SettingsError
from chatls.providers.catalog import ChatDialect, kind_of, known
from chatls.providers.endpoint import find_endpoint
from chatls.providers.provider import Provider


def open_provider(name: str, settings: Settings, environment: Mapping[str, str]) -> Provider:
    """The provider of that name. Connects to nothing; loading an adapter is paid when it is first used.

    Raises `RequestError` (1005 for an unknown name, 1004 if its key is missing) and `SettingsError`.
    """
    own = settings.providers.get(name, ProviderSettings())
    match kind_of(name, settings):
        case "openai_chat":
            entry = known(name)
            endpoint = find_endpoint(name, own, environment)
            dialect = entry.dialect if entry else ChatDialect()
            return _adapter("openai_chat").OpenAIChat(endpoint, settings.limits, dialect, stream=own.stream)
        case "local":
            return _adapter("local").LocalProvider(name, own, settings.limits)
        case "scripted":
            return _adapter("scripted").ScriptedProvider(name, own)
        case kind:
            raise SettingsError(f"provider {name!r}: this version cannot speak {kind}")


def preload() -> None:
    """Load what the first question to a model server needs. For a worker thread, at a moment when nobody waits."""
    _adapter("openai_chat")
    _adapter("client").load()


def _adapter(module: str) -> ModuleType:
    return importlib.import_module(f"chatls.providers.{module}")
