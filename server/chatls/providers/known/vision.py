"""Which models see pictures: by their names, as far as these tell, and by what a server refuses. Pure.

A model whose name says nothing is shown them: its server refuses what it does not take. Some leave pictures out without
a word, so those that are known to be blind are told of them in words at once (from their model cards).
"""

import re
from collections.abc import Iterable

from chatls.content import Image
from chatls.errors import ProviderError
from chatls.message import Message, ToolMessage, UserMessage

_SEES = re.compile(r"vl\d*\b|vision|omni|multimodal|ocr|vlm", re.IGNORECASE)
_BLIND = re.compile(
    r"deepseek|gpt-?3\.5|gpt-?oss|\bo1-mini|\bo1-preview|\bo3-mini|codestral|mixtral|mistral-(7b|nemo)|codellama"
    r"|llama-?[12]\b|llama-?3(\.[13])?\b|qwen(1\.5|2|2\.5|3)(?![.\d])|qwq|kimi-k2(?!\.[5-9])|glm-4\.[567](?!v)|glm-5(?!v)"
    r"|minimax-m[12]|phi-?[34]\b|smollm|starcoder|command-r|granite|gemma-?[12]\b|claude-(2|instant)|olmo|hermes",
    re.IGNORECASE,
)
_PICTURES = re.compile(r"\b(images?|pictures?|vision|multi-?modal|image_url|input_image|inline_?data)\b", re.IGNORECASE)
_ANY = re.compile(
    r"\bsupports? (only )?(for )?(images?|pictures?|vision|multi-?modal)|\bonly supports? text"
    r"|\bimages?( (input|content|url)s?)? (is|are) not supported|\bnot a (multi-?modal|vision)|certain models|mmproj",
    re.IGNORECASE,
)
_STATUSES = (None, 400, 404, 413, 415, 422, 500, 501)
"""With these a server refuses pictures; None: inside a stream."""
_KINDS = ("bad_request", "not_found", "bad_response", "internal", "overloaded")


def is_blind(model: str) -> bool:
    """Whether a model is known not to see.

    >>> [is_blind(name) for name in ("deepseek-chat", "qwen3-coder:30b", "qwen3-vl:8b", "gpt-4o", "my-model")]
    [True, True, False, False, False]
    """
    return bool(_BLIND.search(model)) and not _SEES.search(model)


def is_about_pictures(error: ProviderError) -> bool:
    """Whether a server refuses pictures: these, or any."""
    refused = error.http_status in _STATUSES and error.kind in _KINDS
    return refused and bool(_PICTURES.search(str(error)))


def is_about_any(error: ProviderError) -> bool:
    """Whether such a refusal is about pictures as such, and not about what was sent.

    >>> said = "image input is not supported", "image dimensions exceed 8000 pixels", "Unsupported MIME type: image/gif"
    >>> [is_about_any(ProviderError("bad_request", words)) for words in said]
    [True, False, False]
    """
    return bool(_ANY.search(str(error)))


def has_pictures(messages: Iterable[Message]) -> bool:
    """Whether there are any, in prompts or results."""
    for message in messages:
        match message:
            case UserMessage(content):
                if any(isinstance(block, Image) for block in content):
                    return True
            case ToolMessage(results):
                if any(isinstance(item, Image) for result in results for item in result.content):
                    return True
            case _:
                pass
    return False
