"""What each decoder costs for one event, framing included, beside `json.loads` of the same payloads, in one run."""

import json
from collections.abc import Callable
from time import process_time
from typing import Any

from chatls.providers.anthropic_reply import AnthropicDecoder
from chatls.providers.chat_reply import ChatDecoder
from chatls.providers.gemini_reply import GeminiDecoder
from chatls.providers.http.body import Body, Decoder
from chatls.providers.http.framing import NdjsonFramer, SseFramer
from chatls.providers.http.status import Origin
from chatls.providers.ollama_reply import OllamaDecoder
from chatls.providers.responses_reply import ResponsesDecoder

COUNT = 10_000
ROUNDS = 5
SOURCE = Origin("bench", "127.0.0.1")
WORD = "word after word, "


def chat(number: int) -> Any:
    choice = {"index": 0, "delta": {"content": f"{number} "}, "logprobs": None, "finish_reason": None}
    head = {"id": "chatcmpl-BKzWsUUy8pO2HKm4LzVWxWN4VCV6T", "object": "chat.completion.chunk", "created": 1795168687}
    return {**head, "model": "bench-model-2026-11-20", "system_fingerprint": "fp_f7a584cf1f", "choices": [choice]}


def responses(number: int) -> Any:
    place = {"item_id": "msg_01830d662ab3856501693c32183a488190a612c4", "output_index": 0, "content_index": 0}
    kind = {"type": "response.output_text.delta", "sequence_number": number}
    return {**kind, **place, "delta": f"{number} ", "logprobs": [], "obfuscation": "x8kHqbVn2Qw"}


def anthropic(number: int) -> Any:
    if not number:
        return {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    return {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": f"{number} {WORD}"}}


def gemini(number: int) -> Any:
    candidate = {"content": {"parts": [{"text": f"{number} {WORD * 2}"}], "role": "model"}, "index": 0}
    usage = {"promptTokenCount": 13, "candidatesTokenCount": number, "totalTokenCount": number + 13}
    usage |= {"promptTokensDetails": [{"modality": "TEXT", "tokenCount": 13}]}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "bench", "responseId": "x8kHqbVn2Qw"}


def ollama(number: int) -> Any:
    message = {"role": "assistant", "content": f"{number} "}
    return {"model": "bench:8b", "created_at": "2026-11-20T12:48:17.123456789Z", "message": message, "done": False}


def chat_arguments(number: int) -> Any:
    head = {
        "index": 0,
        "id": "call_1",
        "type": "function",
        "function": {"name": "search", "arguments": '{"pattern": "'},
    }
    more = {"index": 0, "function": {"arguments": f"{number} "}}
    event = chat(number)
    event["choices"][0]["delta"] = {"tool_calls": [more if number else head]}
    return event


def responses_arguments(number: int) -> Any:
    place = {"output_index": 0, "sequence_number": number}
    if not number:
        item = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "search", "arguments": ""}
        return {"type": "response.output_item.added", **place, "item": item}
    piece = {"delta": f"{number} ", "obfuscation": "x8kHqbVn2Qw"}
    item_id = "fc_01830d662ab3856501693c32151234819091cfca267e98cc5f"
    return {"type": "response.function_call_arguments.delta", **place, "item_id": item_id, **piece}


def anthropic_arguments(number: int) -> Any:
    if not number:
        block: Any = {"type": "tool_use", "id": "toolu_1", "name": "search", "input": {}}
        return {"type": "content_block_start", "index": 0, "content_block": block}
    delta = {"type": "input_json_delta", "partial_json": f"{number} {WORD}"}
    return {"type": "content_block_delta", "index": 0, "delta": delta}


KINDS: dict[str, tuple[Callable[[Origin], Decoder], Callable[[int], Any]]] = {
    "openai_chat": (ChatDecoder, chat),
    "openai_responses": (ResponsesDecoder, responses),
    "anthropic": (AnthropicDecoder, anthropic),
    "openai_chat, arguments": (ChatDecoder, chat_arguments),
    "openai_responses, arguments": (ResponsesDecoder, responses_arguments),
    "anthropic, arguments": (AnthropicDecoder, anthropic_arguments),
    "gemini": (GeminiDecoder, gemini),
    "ollama": (OllamaDecoder, ollama),
}


def decoders() -> dict[str, tuple[float, float]]:
    """For each kind: microseconds an event, ours and those of `json.loads`; the best of several rounds."""
    return {name: _measured(name, decoder, make) for name, (decoder, make) in KINDS.items()}


def _measured(name: str, decoder: Callable[[Origin], Decoder], make: Callable[[int], Any]) -> tuple[float, float]:
    payloads = [json.dumps(make(number), separators=(",", ":")) for number in range(COUNT)]
    lines = [(f"{text}\n" if name == "ollama" else _framed(text)).encode() for text in payloads]
    ours: list[float] = []
    plain: list[float] = []
    for _ in range(ROUNDS):
        body = Body(SOURCE, NdjsonFramer() if name == "ollama" else SseFramer(), decoder(SOURCE))
        begin = process_time()
        deltas = sum(len(body.feed(line)) for line in lines)
        ours.append(process_time() - begin)
        assert deltas >= COUNT - 1
        begin = process_time()
        for text in payloads:
            json.loads(text)
        plain.append(process_time() - begin)
    return min(ours) / COUNT * 1e6, min(plain) / COUNT * 1e6


def _framed(text: str) -> str:
    kind = json.loads(text).get("type")
    return f"event: {kind}\ndata: {text}\n\n" if kind else f"data: {text}\n\n"


if __name__ == "__main__":
    for kind, (us, floor) in decoders().items():
        print(f"{kind}: {us:.2f} us an event, json.loads {floor:.2f} us, {us / floor:.2f}x")
