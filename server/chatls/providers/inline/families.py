"""The dialects in which models write tool calls into their text: one table, a row each. Knows no machine.

A reply is read with all rows at once, because a server seldom says which family a model belongs to. To add a dialect is
to add a row here, with the public parser or template that has it, and its cases to the tests. Those with parameters
between tags stand in `elements.py`; thinking, and words around an answer, in `marks.py`.
"""

from chatls.providers.inline.dialect import FUNCTION, LLAMA, NAMED, SEPARATORS, SGLANG, VLLM, Family, around
from chatls.providers.inline.elements import ELEMENTS

_FENCED = r"\s*(?:```(?:json)?\s*)?"
_GEMMA = r"\s*(?=\{\s*(?:\}|[\w.-]+\s*:|\"|<\|\"\|>))"
"""Where no mark announces Gemma's notation, it has to begin as such."""
_PLAMO = "<|plamo:"
_RECIPIENT = r"(?:\s|<\|(?:channel|constrain|message)\|>|analysis|commentary|json|code)*(?=\{)"


FAMILIES: tuple[Family, ...] = (
    *ELEMENTS,
    Family(
        "hermes, name and JSON",
        ("<tool_call>",),
        before=("function\n",),
        after=r"\s*(?=\{)",
        source=f"{VLLM}/glm4_moe_tool_parser.py, step_audio_2_tool_parser.py",
    ),
    Family(
        "glm 5.3 flash",
        ("<tool_call>",),
        before=("/",),
        skip=r"[\w .-]*",
        after=r"\s*>\s*(?=\{)",
        source=f"{SGLANG}/glm53_flash_detector.py",
    ),
    Family(
        "python behind any mark",
        (
            "<tool_call>",
            "<|tool_call_start|>",
            "<|tool_call|>",
            "<function_call>",
            "<tool_code>",
            "<TOOLCALL>",
            "<tool_calls>",
            "[TOOL_CALLS]",
        ),
        after=r"\(",
        body="python",
    ),
    Family("lm studio", ("[TOOL_REQUEST]",), closers=("[END_TOOL_REQUEST]",)),
    Family(
        "hermes, loosely",
        (
            "<function_call>",
            "<toolcall>",
            "<tool>",
            "<tools>",
            "<tool_code>",
            "<response>",
            "<json>",
            "<xml>",
            "<JSON>",
        ),
        closers=(
            "</function_call>",
            "</toolcall>",
            "</tool>",
            "</tools>",
            "</tool_code>",
            "</response>",
            "</json>",
            "</xml>",
            "</JSON>",
        ),
    ),
    Family(
        "functionary 3.1, llama 3",
        ("<function=",),
        after=r"\s*>\s*(?=\{)",
        closers=("</function>",),
        source="ggml-org/llama.cpp: common/chat.cpp",
    ),
    Family("functionary 3.2", (">>>",), after=r"\n\s*(?=\{)", source="ggml-org/llama.cpp: common/chat.cpp"),
    around("seed", "<seed:tool_call>", "</seed:tool_call>", f"{LLAMA}/ByteDance-Seed-OSS.jinja"),
    Family("hermes, function", NAMED, after=r"[\"']\s*>\s*(?=\{)", closers=("</function>",)),
    Family(
        "llama 3, python",
        ("<|python_tag|>",),
        after=r"(?:\.call)?\(",
        body="python",
        closers=("<|eom_id|>", "<|eot_id|>"),
        source=f"{VLLM}/llama_tool_parser.py",
    ),
    Family(
        "llama 4",
        ("<|python_start|>",),
        after=r"\(",
        body="python",
        closers=("<|python_end|>",),
        source=f"{VLLM}/llama4_pythonic_tool_parser.py",
    ),
    around("lfm2", "<|tool_call_start|>", "<|tool_call_end|>", f"{VLLM}/lfm2_tool_parser.py"),
    Family(
        "mistral",
        ("[TOOL_CALLS]",),
        after=r"\s*(?:\[CALL_ID\][^\[{]*)?(?:\[ARGS\])?\s*(?=\{)",
        closers=("</s>",),
        source=f"{VLLM}/mistral_tool_parser.py",
    ),
    Family(
        "deepseek",
        (
            "<\uff5ctool▁calls▁begin\uff5c>",
            "<\uff5ctool▁call▁begin\uff5c>",
            "<\uff5ctool▁calls\uff5c>",
            "<\uff5ctool_calls_begin\uff5c>",
            "<\uff5ctool_call_begin\uff5c>",
            "<\uff5ctool calls begin\uff5c>",
            "<\uff5ctool\\_calls\\_begin\uff5c>",
        ),
        before=(*SEPARATORS, *(f"function{separator}" for separator in SEPARATORS)),
        skip=FUNCTION,
        after=rf"\s*(?:<\uff5ctool▁sep\uff5c>|<\uff5ctool_sep\uff5c>)?{_FENCED}(?=\{{)",
        closers=(
            "<\uff5ctool▁call▁end\uff5c>",
            "<\uff5ctool▁calls▁end\uff5c>",
            "<\uff5ctool_call_end\uff5c>",
            "<\uff5ctool_calls_end\uff5c>",
            *SEPARATORS,
            "<\uff5cend▁of▁sentence\uff5c>",
        ),
        source=f"{VLLM}/deepseekv3_tool_parser.py, deepseekv31_tool_parser.py",
    ),
    Family(
        "deepseek, a further call whose mark is missing",
        tuple(f"function{separator}" for separator in SEPARATORS),
        after=rf"{_FENCED}(?=\{{)",
        place="line",
        source="vllm-project/vllm: tests/tool_parsers/test_deepseekv3_tool_parser.py",
    ),
    Family(
        "kimi k2",
        ("<|tool_calls_section_begin|>", "<|tool_call_section_begin|>", "<|tool_call_begin|>"),
        before=("functions.",),
        after=r"(?::\d+)?\s*<\|tool_call_argument_begin\|>\s*(?=\{)",
        closers=("<|tool_call_end|>", "<|tool_calls_section_end|>", "<|tool_call_section_end|>"),
        source=f"{VLLM}/kimi_k2_tool_parser.py",
    ),
    Family(
        "gemma 4",
        ("<|tool_call>", "<call>"),
        before=("call:",),
        skip=r"[\s:]*",
        after=r"\s*(?=[{(])",
        body="gemma",
        quote='<|"|>',
        closers=("<tool_call|>", "<|tool_response>", "<turn|>", "</call>"),
        source="vllm-project/vllm: vllm/frontend/processing/parser/gemma4.py",
    ),
    Family(
        "gemma 4, no mark",
        ("call:",),
        after=_GEMMA,
        body="gemma",
        quote='<|"|>',
        place="line",
        source="vllm-project/vllm: tests/tool_parsers/test_gemma4_regex_and_bare_calls.py",
    ),
    Family(
        "functiongemma",
        ("<start_function_call>",),
        before=("call:",),
        skip=r"\s*",
        after=r"\s*(?=\{)",
        body="gemma",
        quote="<escape>",
        closers=("<end_function_call>", "<start_function_response>"),
        source=f"{VLLM}/functiongemma_tool_parser.py",
    ),
    Family(
        "olmo 3",
        ("<function_calls>",),
        after=r"\(",
        body="python",
        closers=("</function_calls>",),
        source=f"{VLLM}/olmo3_tool_parser.py",
    ),
    Family(
        "inkling",
        ("<|message_model|>", "<|content_invoke_tool_json|>"),
        before=("<|content_invoke_tool_json|>",),
        skip=r"[^<\n]*",
        closers=("<|end_message|>", "<|content_model_end_sampling|>"),
        source=f"{SGLANG}/inkling_detector.py; vllm-project/vllm: vllm/parser/inkling.py",
    ),
    Family(
        "inkling, code",
        ("<|message_model|>",),
        after=r"<\|content_invoke_tool_text\|>",
        body="code",
        closers=("<|end_message|>", "<|content_model_end_sampling|>"),
        source="vllm-project/vllm: vllm/parser/inkling.py",
    ),
    Family(
        "solar open",
        ("<|tool_calls|>", "<|tool_call:begin|>", "<|begin|>assistant<|tool_calls|>"),
        before=("<|tool_call:name|>",),
        skip=r"[\w-]*",
        after=r"\s*<\|tool_call:args\|>\s*(?=\{)",
        closers=("<|tool_call:end|>", "<|calls|>"),
        source=f"{LLAMA}/upstage-Solar-Open-100B.jinja",
    ),
    around("granite", "<|tool_call|>", "<|end_of_text|>", f"{VLLM}/granite_tool_parser.py"),
    around("gigachat", "<|function_call|>", source=f"{VLLM}/gigachat3_tool_parser.py"),
    Family("gigachat 3", ("function call<|role_sep|>",), place="line", source=f"{VLLM}/gigachat3_tool_parser.py"),
    around("command r7b and a", "<|START_ACTION|>", "<|END_ACTION|>", f"{VLLM}/cohere_command_tool_parser.py"),
    Family("command r and r+", ("Action:",), place="line", source="ollama/ollama: server/model_test.go"),
    around("nemotron v2", "<TOOLCALL>", "</TOOLCALL>", f"{LLAMA}/NVIDIA-Nemotron-Nano-v2.jinja"),
    around("apriel, jamba", "<tool_calls>", "</tool_calls>", f"{LLAMA}/unsloth-Apriel-1.5.jinja"),
    around("apertus", "<|tools_prefix|>", "<|tools_suffix|>", f"{VLLM}/apertus_tool_parser.py"),
    Family(
        "internlm 2",
        ("<|action_start|>", "<|plugin|>"),
        closers=("<|action_end|>",),
        source=f"{VLLM}/internlm2_tool_parser.py",
    ),
    Family(
        "plamo 3",
        (f"{_PLAMO}begin_tool_requests:plamo|>", f"{_PLAMO}begin_tool_request:plamo|>"),
        before=(f"{_PLAMO}begin_tool_name:plamo|>",),
        after=r"\s*<\|plamo:end_tool_name:plamo\|>\s*<\|plamo:begin_tool_arguments:plamo\|>\s*"
        r"(?:<\|plamo:constrain\|>json<\|plamo:msg\|>)?\s*(?=\{)",
        closers=tuple(f"{_PLAMO}end_tool_{one}:plamo|>" for one in ("arguments", "request", "requests")),
        source=f"{VLLM}/plamo3_tool_parser.py",
    ),
    around("pangu", "[unused11]", "[unused12]", f"{VLLM}/pangu_tool_parser.py"),
    Family("rwkv", ("**Tool Call:**",), place="line", source=f"{VLLM}/rwkv_tool_parser.py"),
    Family("phi", ("<|tool_calls|>",), closers=("<|/tool_calls|>", "<|/tool_call|>")),
    Family("phi 4 mini, firefunction", ("functools",), place="line", source=f"{VLLM}/phi4mini_tool_parser.py"),
    Family(
        "gpt-oss",
        ("<|channel|>", "<|start|>"),
        body="harmony",
        closers=("<|call|>", "<|end|>", "<|return|>"),
        source=f"{VLLM}/openai_tool_parser.py; {SGLANG}/gpt_oss_detector.py",
    ),
    Family(
        "gpt-oss, marks left out",
        ("to=functions.", "commentary to=functions.", "assistant to=functions."),
        after=_RECIPIENT,
        place="line",
        source="vllm-project/vllm: vllm/frontend/processing/parser/harmony.py",
    ),
)

OPENERS: dict[str, tuple[Family, ...]] = {
    opener: tuple(family for family in FAMILIES if opener in family.openers)
    for opener in dict.fromkeys(opener for family in FAMILIES for opener in family.openers)
}
CLOSERS: tuple[str, ...] = tuple(dict.fromkeys(closer for family in FAMILIES for closer in family.closers))
