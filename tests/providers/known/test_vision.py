"""Who sees pictures: names that are known, and the words in which servers refuse them."""

from chatls.errors import ErrorKind, ProviderError
from chatls.providers.known.vision import is_about_any, is_about_pictures, is_blind
from tests.support.cases import for_each

BLIND = [
    "deepseek-chat",
    "deepseek-v3.2",
    "deepseek/deepseek-r1:free",
    "gpt-3.5-turbo",
    "openai/gpt-oss-120b",
    "o3-mini",
    "qwen3-coder:30b",
    "Qwen/Qwen3-32B",
    "qwen2.5:7b",
    "llama3.1:8b",
    "meta-llama/Llama-3.3-70B-Instruct",
    "kimi-k2-0905",
    "glm-4.6",
    "MiniMax-M2",
    "codestral-latest",
    "phi4:14b",
    "SmolLM2-135M-Instruct",
    "granite4:micro",
]
SEEING = [
    "gpt-4o",
    "gpt-5",
    "o3",
    "claude-sonnet-4-5",
    "gemini-2.5-flash",
    "qwen3-vl:8b",
    "Qwen2.5-VL-7B",
    "qwen3.5-plus",
    "llava:7b",
    "pixtral-12b",
    "llama3.2-vision:11b",
    "llama-4-scout",
    "gemma3:4b",
    "kimi-k2.5",
    "glm-4.5v",
    "deepseek-vl2",
    "granite3.2-vision",
    "minicpm-v:8b",
    "phi-4-multimodal-instruct",
    "mistral-small-3.2",
    "my-own-model",
]


@for_each("name", BLIND)
def test_these_are_known_to_be_blind(name: str) -> None:
    assert is_blind(name)


@for_each("name", SEEING)
def test_these_are_shown_pictures(name: str) -> None:
    assert not is_blind(name)


REFUSALS: list[tuple[str, int | None, ErrorKind, bool]] = [
    ("Invalid content type. image_url is only supported by certain models.", 400, "bad_request", True),
    ("No endpoints found that support image input", 404, "not_found", True),
    (
        "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj",
        500,
        "internal",
        True,
    ),
    ("Qwen/Qwen3-8B is not a multimodal model", 400, "bad_request", True),
    ("This model does not support images", None, "bad_request", True),
    ("messages.2.content.0.image.source: image exceeds 5 MB maximum", 400, "bad_request", False),
    ("Unable to process input image. Please retry", 400, "bad_request", False),
    ("Could not process image", 400, "bad_request", False),
    ("Unsupported MIME type: image/gif", 400, "bad_request", False),
    ("You uploaded an unsupported image. Please make sure your image has a valid format", 400, "bad_request", False),
]


@for_each("words, status, kind, any_picture", REFUSALS)
def test_a_refusal_is_of_all_pictures_or_of_these(
    words: str, status: int | None, kind: ErrorKind, any_picture: bool
) -> None:
    error = ProviderError(kind, words, http_status=status)
    assert (is_about_pictures(error), is_about_any(error)) == (True, any_picture)


OTHERS: list[tuple[str, int | None, ErrorKind]] = [
    ("image-server.example cannot be reached", None, "network"),
    ("too many image tokens per minute", 429, "rate_limited"),
    ("messages: text content blocks must be non-empty", 400, "bad_request"),
    ("no access to vision models", 403, "forbidden"),
]


@for_each("words, status, kind", OTHERS)
def test_other_faults_are_about_no_picture(words: str, status: int | None, kind: ErrorKind) -> None:
    assert not is_about_pictures(ProviderError(kind, words, http_status=status))
