"""The default model, and which one answers: the one that is named, or, where none is, what this machine has.

Light, because it is imported early: no HTTP client, no adapter.
"""

from collections.abc import Awaitable, Callable, Mapping

import anyio

from chatls.errors import MODEL_NOT_FOUND, RequestError, SettingsError
from chatls.providers.known.catalog import (
    EMBEDDED_MODEL,
    EMBEDDED_PROVIDER,
    KNOWN,
    Known,
    default_model,
    entry_of,
    kind_of,
    known,
)
from chatls.providers.known.loopback import Found, find_llamacpp, find_lmstudio, find_ollama, find_sglang, find_vllm
from chatls.settings.config import ProviderKind, ProviderSettings, Settings
from chatls.values import dataclass
from chatls.visible import LONGEST_NAME, visible_line

_LOOKING = 0.5
"""Seconds that local servers get to say what they are."""
_NAMED = 8
"""Models that a complaint about a missing one names."""

_MAKESHIFT = (
    "no key in the environment and no local model server, so a tiny demonstration model answers: it can only find "
    "words in files. For a real one run `chatls setup` in a terminal"
)

_FINDERS: Mapping[str, Callable[[str], Awaitable[Found | None]]] = {
    "llamacpp": find_llamacpp,
    "lmstudio": find_lmstudio,
    "ollama": find_ollama,
    "vllm": find_vllm,
    "sglang": find_sglang,
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """The model that answers."""

    provider: str
    model: str
    """"" where the server has to tell which ones it has."""
    reason: str
    """Why this one, for people."""


def named_choice(named: str, settings: Settings) -> Chosen:
    """The model that a person named: "provider/model", or a provider alone, with its default model if it has one.

    Raises `RequestError` (1005) and `SettingsError`.
    """
    provider, slash, model = named.partition("/")
    kind_of(provider, settings)
    model = model or default_model(provider, settings)
    return Chosen(provider, model, "it is set" if slash else f"{provider} is set, and this is its default model")


async def choose(settings: Settings, environment: Mapping[str, str]) -> Chosen:
    """The model where none is set: a key in the environment, a server on this machine, the embedded model.

    Waits half a second at most. No prompt goes anywhere meanwhile. Raises `SettingsError`.
    """
    for entry in KNOWN:
        if variable := _key_variable(entry, settings, environment):
            return Chosen(entry.name, entry.model, f"{variable} is set in the environment")
    for found in await _look_around(settings):
        return Chosen(found.provider, found.model, f"{found.title} answers at {found.address}")
    for name, provider in settings.providers.items():
        if provider.kind in ("scripted", "local"):
            return Chosen(name, default_model(name, settings), f"{name!r} is set up, and no key or server was found")
    return Chosen(EMBEDDED_PROVIDER, EMBEDDED_MODEL, _MAKESHIFT)


async def only_model(provider: str, settings: Settings, models: Callable[[], Awaitable[tuple[str, ...]]]) -> Chosen:
    """The model of a server that was named without one: the best that it has on this machine, or its only one.

    `models` asks it for all of them. Raises `RequestError` (1005) where a person has to choose.
    """
    with anyio.move_on_after(_LOOKING):
        if found := await _find(provider, settings):
            return Chosen(provider, found.model, f"{found.title} answers at {found.address}")
    names = await models()
    if len(names) == 1:
        return Chosen(provider, names[0], f"it is the only model of {provider}")
    shown = [visible_line(name, LONGEST_NAME) for name in names[:_NAMED]]
    has = ", ".join(shown) + (", ..." if len(names) > _NAMED else "")
    text = f'which model of {provider}? Set "model" to "{provider}/...".'
    raise RequestError(MODEL_NOT_FOUND, f"{text} It has {has}." if names else text)


async def available(settings: Settings, environment: Mapping[str, str]) -> tuple[str, ...]:
    """The names of all providers that could be asked now: set up, with a key, answering on this machine, embedded."""
    names = [name for name in settings.providers if _has_kind(name, settings)]
    names += [entry.name for entry in KNOWN if _key_variable(entry, settings, environment)]
    names += [found.provider for found in await _look_around(settings)]
    return tuple(dict.fromkeys([*names, EMBEDDED_PROVIDER]))


def likely_kind(settings: Settings, environment: Mapping[str, str]) -> ProviderKind:
    """The adapter that the first prompt will probably need; asks nobody. Servers on this machine mostly speak chat."""
    keyed = (entry.name for entry in KNOWN if _key_variable(entry, settings, environment))
    name = settings.models[0].partition("/")[0] if settings.models else next(keyed, None)
    try:
        return kind_of(name, settings) if name else "openai_chat"
    except (RequestError, SettingsError):
        return "openai_chat"


def _key_variable(entry: Known, settings: Settings, environment: Mapping[str, str]) -> str:
    """The variable whose key makes a known provider usable unasked; "" if none does."""
    own = settings.providers.get(entry.name, ProviderSettings())
    if entry_of(entry.name, own) is None or own.base_url or not entry.key_variables:
        return ""
    variable = own.api_key_env or entry.key_variables[0]
    return variable if entry.automatic and environment.get(variable, "").strip() else ""


async def find_local(settings: Settings) -> list[Found]:
    """The model servers that answer on this machine. Waits half a second at most."""
    return await _look_around(settings)


async def _look_around(settings: Settings) -> list[Found]:
    found: dict[str, Found] = {}

    async def look(name: str) -> None:
        if one := await _find(name, settings):
            found[name] = one

    with anyio.move_on_after(_LOOKING):
        async with anyio.create_task_group() as tasks:
            for name in _FINDERS:
                tasks.start_soon(look, name)
    return [found[name] for name in _FINDERS if name in found]


async def _find(name: str, settings: Settings) -> Found | None:
    """A server of the catalogue on this machine, if it is there and says what it is."""
    own, entry = settings.providers.get(name, ProviderSettings()), known(name)
    if name not in _FINDERS or entry is None or entry_of(name, own) is None:
        return None
    return await _FINDERS[name](own.base_url or entry.base_url)


def _has_kind(name: str, settings: Settings) -> bool:
    try:
        kind_of(name, settings)
    except (RequestError, SettingsError):
        return False
    return True
