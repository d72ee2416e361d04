"""Texts of real models, with calls and thinking inside: each gives what is expected of it, however it is cut.

CHATLS_STREAMS names the folder that holds them, below `localtext`; `tools.json` there has the tools.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from chatls.content import JsonObject
from tests.providers.inline.reading import Reply, read
from tests.support.cases import for_each

FOLDER = os.environ.get("CHATLS_STREAMS")
TEXTS = sorted(Path(FOLDER, "localtext").glob("*/*.txt")) if FOLDER else []

pytestmark = pytest.mark.skipif(FOLDER is None, reason="CHATLS_STREAMS is not set: NO MODEL'S TEXT IS TESTED")

KEPT_IN_TEXT = "no reasoning_format, or `none`: upstream was told to leave thinking in the text; we always take it out"
UNBEGUN = "upstream knew that the template opens no block; we do not, and what ends one tells of its beginning"
UNSEEN = "the thinking was in what the template had written already, which is not in the text"
OPENED = "the template opens a think block, though the flags do not say so: what closes one is in the text"

EXPLAINED: dict[str, tuple[JsonObject, str]] = {
    "apriel/003": ({"thinking": "I'm\nthinking"}, "its first line is the template's, which is not in the text"),
    "cohere/003": ({"text": "Hello, world!\nWhat's up?", "thinking": "I'm\nthinking"}, KEPT_IN_TEXT),
    "deepseek_r1/007": (
        {"thinking": "I'm\nthinking"},
        "a think block opened twice: mistral/003 and minimax/005 expect that the second opener is dropped",
    ),
    "deepseek_r1/011": ({"text": "Hello, world!\nWhat's up?", "thinking": "I'm\nthinking"}, KEPT_IN_TEXT),
    "deepseek_r1/015": ({"thinking": ""}, UNSEEN),
    "gptoss_harmony/025": (
        {"tool_calls": [{"name": "special_function", "arguments": {"arg1": 1}}]},
        "parse_tool_calls was off upstream",
    ),
    "hermes/029": ({"text": "Hello, world!\nWhat's up?", "thinking": "I'm\nthinking"}, KEPT_IN_TEXT),
    "hermes/031": (
        {"text": "Hello, world!\nWhat's up?\n```json\n{}```", "thinking": "I'm\nthinking"},
        "reasoning_in_content was on upstream",
    ),
    "hermes/033": ({"text": "Hello, world!\nWhat's up?", "thinking": "I'm\nthinking"}, UNBEGUN),
    "nemotron/001": ({"text": "Hello, world!\nWhat's up?"}, KEPT_IN_TEXT),
}
"""Expectations that hold under other settings than ours: what is right here, and why."""

OPENED_UNSAID = {"cohere/007", "cohere/013", "nemotron/007", "other/009"}
"""See OPENED: the same templates' other texts begin inside the think block."""


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def tools() -> dict[str, JsonObject]:
    listed = json.loads(Path(FOLDER or "", "localtext", "tools.json").read_text("utf-8"))
    return {tool["name"]: tool["parameters"] for tool in listed.values()}


@for_each("path", TEXTS, ids=name_of)
def test_a_models_text_gives_what_is_expected(path: Path) -> None:
    case = json.loads(path.with_suffix(".json").read_text("utf-8"))
    flags, expect = case["flags"], dict(case["expect"])
    expect |= EXPLAINED.get(name_of(path), ({}, ""))[0]
    opened = flags.get("enable_thinking") or flags.get("thinking_forced_open") or name_of(path) in OPENED_UNSAID
    partial = bool(flags.get("is_partial"))
    text = path.read_bytes().decode()
    reply = read(text, tools(), thinking_open=bool(opened), cut=partial)
    check(reply, expect, partial=partial)


def check(reply: Reply, expect: dict[str, Any], *, partial: bool) -> None:
    if expect["text"] is not None:
        assert reply.text.strip() == expect["text"].strip()
    if expect["thinking"] is not None:
        assert reply.thinking.strip() == expect["thinking"].strip()
    if expect["tool_calls"] is None:
        return
    assert [call.name for call in reply.calls] == [call["name"] for call in expect["tool_calls"]]
    for call, wanted in zip(reply.calls, expect["tool_calls"], strict=True):
        if call.ready or not partial:
            assert call.arguments == wanted["arguments"]
        else:
            assert without_blanks(call.text) == without_blanks(wanted["arguments_text"])


def without_blanks(text: str) -> str:
    return "".join(text.split())


def test_every_explanation_belongs_to_a_text() -> None:
    assert {*EXPLAINED, *OPENED_UNSAID} <= {name_of(path) for path in TEXTS}
