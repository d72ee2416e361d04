"""Which model answers: the servers that are known by name, and the choice where nothing is set.

Light, because it is imported early: no HTTP client, no adapter.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import anyio

from chatls.config import ProviderKind, ProviderSettings, Settings
from chatls.errors import RequestError, SettingsError
from chatls.providers.loopback import Found, find_llamacpp, find_lmstudio

EMBEDDED_PROVIDER = "local"
EMBEDDED_MODEL = "smollm2-135m"
SCRIPTED_MODEL = "script"

BUILT: tuple[ProviderKind, ...] = ("openai_chat", "local", "scripted")
"""The kinds that this version has."""

MODEL_NOT_FOUND = 1005
"""JSON-RPC error code (docs/protocol.md, section 7)."""

_LOOKING = 0.5
"""Seconds that local servers get to say what they are."""


@dataclass(frozen=True, slots=True)
class ChatDialect:
    """Where an OpenAI-compatible server differs; the defaults suit most. A refusal of an optional field is learnt."""

    stream_options: bool = True
    obfuscation: bool = False
    """It pads its events unless asked not to."""
    parallel_tool_calls: bool = True
    longest_reply: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    """Its field for the longest reply."""
    null_content: bool = False
    """A reply that is only calls has the content null in the history, not ""."""
    required: Literal["required", "any"] = "required"
    """Its word for a tool choice that demands a call."""
    thinking: Literal["reasoning_effort", "reasoning", "thinking"] = "reasoning_effort"
    answers_tools: bool = False
    """A user's message may not follow a tool's directly."""


@dataclass(frozen=True, slots=True)
class Known:
    """A server that needs no settings but a key."""

    name: str
    base_url: str
    key_variable: str = ""
    """The environment variable with its key; "" for servers on this machine, which need none."""
    model: str = ""
    """What to ask for if only the provider is named; "" where the server has to tell."""
    dialect: ChatDialect = ChatDialect()
    automatic: bool = True
    """A key alone is enough to choose it: nobody sets this variable for another purpose."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The model that answers."""

    provider: str
    model: str
    reason: str
    """Why this one, for people."""


KNOWN: tuple[Known, ...] = (
    Known(
        "openai",
        "https://api.openai.com/v1",
        "OPENAI_API_KEY",
        "gpt-5.4",
        ChatDialect(obfuscation=True, longest_reply="max_completion_tokens", null_content=True),
    ),
    Known(
        "openrouter",
        "https://openrouter.ai/api/v1",
        "OPENROUTER_API_KEY",
        "openrouter/auto",
        ChatDialect(null_content=True, thinking="reasoning"),
    ),
    Known("groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY", "openai/gpt-oss-120b"),
    Known(
        "mistral",
        "https://api.mistral.ai/v1",
        "MISTRAL_API_KEY",
        "mistral-medium-latest",
        ChatDialect(stream_options=False, required="any", answers_tools=True),
    ),
    Known(
        "deepseek",
        "https://api.deepseek.com/v1",
        "DEEPSEEK_API_KEY",
        "deepseek-flash",
        ChatDialect(parallel_tool_calls=False, thinking="thinking"),
    ),
    Known("together", "https://api.together.xyz/v1", "TOGETHER_API_KEY", "openai/gpt-oss-120b"),
    Known("xai", "https://api.x.ai/v1", "XAI_API_KEY", "grok-4", ChatDialect(null_content=True)),
    Known(
        "github",
        "https://models.github.ai/inference",
        "GITHUB_TOKEN",
        "openai/gpt-4.1",
        ChatDialect(null_content=True),
        automatic=False,
    ),
    Known("llamacpp", "http://127.0.0.1:8080/v1", model="default"),
    Known("lmstudio", "http://127.0.0.1:1234/v1"),
)
"""In the order in which keys are looked for."""

_TO_COME: Mapping[str, ProviderKind] = {"anthropic": "anthropic", "gemini": "gemini", "ollama": "ollama"}


def known(name: str) -> Known | None:
    """The catalogue's entry of that name."""
    return next((entry for entry in KNOWN if entry.name == name), None)


def kind_of(name: str, settings: Settings) -> ProviderKind:
    """Which adapter a provider needs.

    Raises `RequestError` (1005) for a name that nobody knows, `SettingsError` for a kind that is not built yet.
    """
    entry = settings.providers.get(name)
    kind = entry.kind if entry else None
    if kind is None and known(name):
        kind = "openai_chat"
    elif kind is None and name == EMBEDDED_PROVIDER:
        kind = "local"
    kind = kind or _TO_COME.get(name)
    if kind is None:
        raise _unknown(name, settings) if entry is None else SettingsError(f"provider {name!r} needs a kind")
    if kind not in BUILT:
        raise SettingsError(f"provider {name!r}: this version cannot speak {kind}; it has {', '.join(BUILT)}")
    return kind


def named_choice(named: str, settings: Settings) -> Choice:
    """The model that a person named: "provider/model", or a provider alone where it has a default model.

    Raises `RequestError` (1005) and `SettingsError`.
    """
    provider, slash, model = named.partition("/")
    kind_of(provider, settings)
    model = model or _default_model(provider, settings)
    if not model:
        raise RequestError(
            MODEL_NOT_FOUND, f'which model of {provider}? Set "model" to "{provider}/..."', kind="not_found"
        )
    return Choice(provider, model, "it is set" if slash else f"{provider} is set, and this is its default model")


async def choose(settings: Settings, environment: Mapping[str, str]) -> Choice:
    """The model where none is set: a key in the environment, a server on this machine, the embedded model.

    Waits half a second at most. No prompt goes anywhere meanwhile. Raises `SettingsError`.
    """
    for entry in KNOWN:
        if variable := _key_variable(entry, settings, environment):
            return Choice(entry.name, entry.model, f"{variable} is set in the environment")
    for found in await _look_around(settings):
        return Choice(found.provider, found.model, f"{found.title} answers at {found.address}")
    for name, provider in settings.providers.items():
        if provider.kind in ("scripted", "local"):
            return Choice(name, _default_model(name, settings), f"{name!r} is set up, and no key or server was found")
    reason = "no key in the environment and no local model server; a tiny offline demonstration model"
    return Choice(EMBEDDED_PROVIDER, EMBEDDED_MODEL, reason)


async def available(settings: Settings, environment: Mapping[str, str]) -> tuple[str, ...]:
    """The names of all providers that could be asked now: set up, with a key, answering on this machine, embedded."""
    names = [name for name in settings.providers if _is_built(name, settings)]
    names += [entry.name for entry in KNOWN if _key_variable(entry, settings, environment)]
    names += [found.provider for found in await _look_around(settings)]
    return tuple(dict.fromkeys([*names, EMBEDDED_PROVIDER]))


def _key_variable(entry: Known, settings: Settings, environment: Mapping[str, str]) -> str:
    """The variable whose key makes a known provider usable unasked; "" if none does."""
    own = settings.providers.get(entry.name, ProviderSettings())
    if own.kind not in (None, "openai_chat") or own.base_url or not entry.key_variable:
        return ""
    variable = own.api_key_env or entry.key_variable
    return variable if entry.automatic and environment.get(variable, "").strip() else ""


async def _look_around(settings: Settings) -> list[Found]:
    found: dict[str, Found] = {}

    async def look(name: str) -> None:
        entry, own = known(name), settings.providers.get(name, ProviderSettings())
        find = find_llamacpp if name == "llamacpp" else find_lmstudio
        if entry and own.kind in (None, "openai_chat") and (one := await find(own.base_url or entry.base_url)):
            found[name] = one

    with anyio.move_on_after(_LOOKING):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(look, "llamacpp")
            tasks.start_soon(look, "lmstudio")
    return [found[name] for name in ("llamacpp", "lmstudio") if name in found]


def _default_model(name: str, settings: Settings) -> str:
    own = settings.providers.get(name, ProviderSettings())
    match kind_of(name, settings):
        case "local":
            return EMBEDDED_MODEL if own.model_path is None else own.model_path.rpartition("/")[2].removesuffix(".gguf")
        case "scripted":
            return SCRIPTED_MODEL
        case _:
            entry = known(name)
            return entry.model if entry else ""


def _is_built(name: str, settings: Settings) -> bool:
    try:
        kind_of(name, settings)
    except (RequestError, SettingsError):
        return False
    return True


def _unknown(name: str, settings: Settings) -> RequestError:
    names = [*settings.providers, *(entry.name for entry in KNOWN), EMBEDDED_PROVIDER]
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(dict.fromkeys(names))}"
    return RequestError(MODEL_NOT_FOUND, f"there is no provider {name!r}; {hint}", kind="not_found")
