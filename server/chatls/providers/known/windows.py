"""What hosted models can read, for where neither the settings nor the server tell. Written down from general knowledge,
not from a list of the makers', and rather too low than too high: a wrong number is mended by `contextWindow` in the
settings, and by the number in a refusal.
"""

import re

from chatls.providers.known.catalog import entry_of
from chatls.settings.config import ProviderSettings

_TOKENS: tuple[tuple[str, int], ...] = (
    (r"claude", 200_000),
    (r"gpt-4\.1", 1_047_576),
    (r"gpt-4o|gpt-4-turbo|\bo1-mini", 128_000),
    (r"\bo[134]\b", 200_000),
    (r"gpt-oss", 131_072),
    (r"gpt-[5-9]", 272_000),
    (r"gemini", 1_048_576),
    (r"grok", 131_072),
    (r"deepseek", 128_000),
    (r"(mistral|magistral|devstral)-(large|medium|small)|codestral", 128_000),
    (r"kimi-k2|moonshot", 131_072),
    (r"qwen3", 131_072),
    (r"glm-4\.[5-9]|glm-[5-9]", 128_000),
    (r"llama-(3\.[1-3]|4)|llama3\.[1-3]", 131_072),
)
"""The first that is found in a model's name."""


def usual_window(provider: str, model: str, own: ProviderSettings) -> int | None:
    """Tokens; None for what is unknown, and for servers that somebody started with a window of their own."""
    entry = entry_of(provider, own)
    if entry is None or not entry.key_variables:
        return None
    return next((tokens for name, tokens in _TOKENS if re.search(name, model, re.IGNORECASE)), None)
