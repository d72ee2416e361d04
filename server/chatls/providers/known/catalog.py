"""The presets, servers that are known by name: address, key, default model, protocol, and what each accepts.

Light, because it is imported early: no HTTP client, no adapter.
"""

import difflib
from typing import Literal, get_args
from urllib.parse import urlsplit

from chatls.errors import MODEL_NOT_FOUND, RequestError, SettingsError
from chatls.settings.config import ProviderKind, ProviderSettings, Settings
from chatls.values import dataclass

EMBEDDED_PROVIDER = "local"
EMBEDDED_MODEL = "smollm2-135m"
SCRIPTED_MODEL = "script"

BUILT: tuple[ProviderKind, ...] = get_args(ProviderKind)
"""The kinds that this version has."""


KeyHeader = tuple[str, str]
"""The header that carries a key, and what stands before it."""

BEARER: KeyHeader = ("authorization", "Bearer ")


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
    """"" where everybody has an address of their own, which the settings must then name."""
    key_variables: tuple[str, ...] = ()
    """The environment variables that may hold its key, the best first; none for servers on this machine."""
    model: str = ""
    """What to ask for if only the provider is named; "" where the server has to tell."""
    kind: ProviderKind = "openai_chat"
    elsewhere: ProviderKind | None = None
    """The kind at another address under this name, if it is another one: gateways speak chat completions."""
    dialect: ChatDialect = ChatDialect()
    key_header: KeyHeader = BEARER
    start: str = ""
    """The command that starts it, where it runs on this machine."""
    automatic: bool = True
    """A key in the first variable is enough to choose it: nobody sets that one for another purpose."""


_OPENAI = ChatDialect(obfuscation=True, longest_reply="max_completion_tokens", null_content=True)

KNOWN: tuple[Known, ...] = (
    Known("anthropic", "https://api.anthropic.com", ("ANTHROPIC_API_KEY",), "claude-sonnet-5", "anthropic"),
    Known(
        "openai",
        "https://api.openai.com/v1",
        ("OPENAI_API_KEY",),
        "gpt-6.1-sol",
        # Its newer models take no tools over chat completions (LibreChat#14231).
        "openai_responses",
        elsewhere="openai_chat",
        dialect=_OPENAI,
    ),
    Known(
        "gemini",
        "https://generativelanguage.googleapis.com/v1beta",
        ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        "gemini-3.8-flash",
        "gemini",
    ),
    Known(
        "openrouter",
        "https://openrouter.ai/api/v1",
        ("OPENROUTER_API_KEY",),
        "openrouter/auto",
        dialect=ChatDialect(null_content=True, thinking="reasoning"),
    ),
    Known("groq", "https://api.groq.com/openai/v1", ("GROQ_API_KEY",), "openai/gpt-oss-120b"),
    Known(
        "mistral",
        "https://api.mistral.ai/v1",
        ("MISTRAL_API_KEY",),
        "mistral-medium-latest",
        dialect=ChatDialect(stream_options=False, required="any", answers_tools=True),
    ),
    Known(
        "deepseek",
        "https://api.deepseek.com/v1",
        ("DEEPSEEK_API_KEY",),
        "deepseek-flash",
        dialect=ChatDialect(parallel_tool_calls=False, thinking="thinking"),
    ),
    Known("together", "https://api.together.xyz/v1", ("TOGETHER_API_KEY",), "openai/gpt-oss-120b"),
    Known("xai", "https://api.x.ai/v1", ("XAI_API_KEY",), "grok-4.3", dialect=ChatDialect(null_content=True)),
    Known(
        "azure",
        "",
        ("AZURE_OPENAI_API_KEY",),
        dialect=ChatDialect(longest_reply="max_completion_tokens", null_content=True),
        key_header=("api-key", ""),
        automatic=False,
    ),
    Known(
        "github",
        "https://models.github.ai/inference",
        ("GITHUB_TOKEN",),
        "openai/gpt-4.1",
        dialect=ChatDialect(null_content=True),
        automatic=False,
    ),
    Known("llamacpp", "http://127.0.0.1:8080/v1", start="llama-server -m MODEL.gguf --jinja"),
    Known("lmstudio", "http://127.0.0.1:1234/v1", start="lms server start"),
    Known("ollama", "http://127.0.0.1:11434", kind="ollama", start="ollama serve"),
    Known("vllm", "http://127.0.0.1:8000/v1", start="vllm serve MODEL"),
    Known("sglang", "http://127.0.0.1:30000/v1", start="python -m sglang.launch_server --model-path MODEL"),
)
"""In the order in which keys, and then servers on this machine, are looked for."""


def known(name: str) -> Known | None:
    """The catalogue's entry of that name."""
    return next((entry for entry in KNOWN if entry.name == name), None)


def entry_of(name: str, own: ProviderSettings) -> Known | None:
    """The same, unless the settings give that name to a server of another kind."""
    entry = known(name)
    return entry if entry and own.kind in (None, entry.kind, entry.elsewhere) else None


def hands_on_text(name: str, own: ProviderSettings) -> bool:
    """Whether a server may leave calls and thinking in the text: all but the hosted ones of the catalogue."""
    entry = entry_of(name, own)
    everywhere = entry is not None and not entry.base_url
    if own.base_url is None or everywhere:
        return not (entry and entry.key_variables)
    return _host(own.base_url) not in {_host(one.base_url) for one in KNOWN if one.key_variables and one.base_url}


def _host(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def kind_of(name: str, settings: Settings) -> ProviderKind:
    """Which adapter a provider needs.

    Raises `RequestError` (1005) for a name that nobody knows, `SettingsError` for one that is set up without a kind.
    """
    own = settings.providers.get(name)
    if own and own.kind:
        return own.kind
    if entry := known(name):
        moved = own and own.base_url not in (None, entry.base_url)
        return entry.elsewhere if moved and entry.elsewhere else entry.kind
    if name == EMBEDDED_PROVIDER:
        return "local"
    raise SettingsError(f"provider {name!r} needs a kind: {', '.join(BUILT)}") if own else _unknown(name, settings)


def default_model(name: str, settings: Settings) -> str:
    """What to ask a provider for if only it is named; "" where the server has to tell. Raises as `kind_of` does."""
    own = settings.providers.get(name, ProviderSettings())
    match kind_of(name, settings):
        case "local":
            return EMBEDDED_MODEL if own.model_path is None else own.model_path.rpartition("/")[2].removesuffix(".gguf")
        case "scripted":
            return SCRIPTED_MODEL
        case _:
            entry = entry_of(name, own)
            return entry.model if entry else ""


def _unknown(name: str, settings: Settings) -> RequestError:
    names = [*settings.providers, *(entry.name for entry in KNOWN), EMBEDDED_PROVIDER]
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(dict.fromkeys(names))}"
    return RequestError(MODEL_NOT_FOUND, f"there is no provider {name!r}; {hint}")
