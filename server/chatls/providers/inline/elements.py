"""Families whose calls are elements: parameters stand between tags, where nothing can be escaped. The part of the table
of `families.py` that has tags of its own; knows no machine.
"""

from chatls.providers.inline.dialect import (
    FUNCTION,
    LLAMA,
    NAMED,
    OWN_SUFFIX,
    SEPARATORS,
    SGLANG,
    VLLM,
    Family,
    Tags,
    around,
    attributes,
    invoked,
    paired,
    pairs,
)

_QWEN = Tags(r"<parameter=\s*+(?P<key>[^>]*?)\s*+>", "</parameter>", "</function>", "<parameter=")
_STEP = attributes("steptml:")
_PARAM = Tags(r"<param[\s\u0120]*name=[\"'](?P<key>[^\"'>]*)[\"']\s*>", "</param>", "</function>", "<param")
_SOLAR = Tags(
    r"<\|tool_arg:start\|>\s*(?P<key>[^<]*?)\s*<\|tool_arg:value\|>",
    "<|tool_arg:end|>",
    "<|tool_call:end|>",
    "<|tool_arg:start|>",
    "<|tool_arg:value|",
)
_K3 = Tags(
    r'<\|open\|>argument\s+(?=[^<]*\bkey="(?P<key>[^"]*)")(?:(?=[^<]*\btype="(?P<kind>\w+)")|)[^<]*<\|sep\|>',
    "<|close|>argument<|sep|>",
    "<|close|>call<|sep|>",
    "<|open|>argument ",
)
_IFM = Tags(
    r"<ifm\|arg_key>\s*(?P<key>[^<]*?)\s*</ifm\|arg_key>\s*"
    r"(?:<ifm\|arg_type>\s*(?P<kind>\w+)[^<]*</ifm\|arg_type>\s*)?<ifm\|arg_value>",
    "</ifm|arg_value>",
    "</ifm|tool_call>",
    "<ifm|arg_key>",
)
_M3 = "]<]minimax[>["
_DSML, _GCML = "\uff5cDSML\uff5c", "\uff5cGCML\uff5c"


def _hunyuan(suffix: str) -> tuple[Family, ...]:
    source = f"{VLLM}/hy_v4_tool_parser.py, hy_v3_tool_parser.py"
    opener, closer = f"<tool_call{suffix}>", f"</tool_call{suffix}>"
    after = rf"\s*(?:<tool_sep{suffix}>\s*)?(?=<arg_key{suffix}>|{closer})"
    row = Family(
        "hunyuan 3 and 4", (opener,), after=after, body="tags", tags=pairs(suffix), closers=(closer,), source=source
    )
    return (around("hunyuan 3 and 4", f"<tool_calls{suffix}>", f"</tool_calls{suffix}>", source), row)


ELEMENTS: tuple[Family, ...] = (
    Family(
        "hermes, GLM",
        ("<tool_call>",),
        # Some write the name, and an angle bracket.
        after=r"\s*>?\s*(?:<tool_sep>\s*)?(?=<arg_key>|</tool_call>)",
        body="tags",
        tags=pairs(),
        # Some write a brace too many.
        closers=("</tool_call>", "</_call>", "}\n</tool_call>", "}</tool_call>"),
        source=f"{VLLM}/hermes_tool_parser.py, glm4_moe_tool_parser.py; {SGLANG}/glm53_flash_detector.py",
    ),
    *_hunyuan(OWN_SUFFIX),
    paired("longcat", "longcat_tool_call", f"{VLLM}/longcat_tool_parser.py", "longcat_arg"),
    paired("iquest coder", "iquestcoder_tool_call", f"{VLLM}/iquest_coder_v2_tool_parser.py"),
    paired("iquest q1", "iquest_tool_call", f"{SGLANG}/iquest_q1_detector.py"),
    Family(
        "qwen3 coder, nemotron, seed",
        ("<function=",),
        after=r"\s*>\s*(?=<parameter=|</function>)",
        body="tags",
        tags=_QWEN,
        closers=("</function>", "</tool_call>", "</seed:tool_call>"),
        source=f"{VLLM}/qwen3coder_tool_parser.py, seed_oss_tool_parser.py",
    ),
    Family(
        "minimax and qwen, mixed",
        NAMED,
        after=r"[\"']\s*>\s*(?=<parameter )",
        body="tags",
        tags=attributes("", "parameter", "function"),
    ),
    Family(
        "minicpm 4 and 5",
        NAMED,
        after=r"[\"']\s*>\s*(?:<arguments>\s*)?(?=<param[\s\u0120n]|</function>)",
        body="tags",
        tags=_PARAM,
        closers=("</arguments>", "</function>"),
        source=f"{VLLM}/minicpm5xml_tool_parser.py; {SGLANG}/minicpm5_detector.py",
    ),
    *invoked(
        "deepseek 3.2 and 4",
        _DSML,
        f"{SGLANG}/deepseekv32_detector.py, deepseekv4_detector.py",
        (f"{_DSML}function_calls", f"{_DSML}tool_calls", f"{_DSML}calls"),
    ),
    *invoked(
        "deepseek 4.1",
        f"{_DSML} ",
        f"{SGLANG}/deepseekv41_detector.py; vllm-project/vllm: vllm/parser/deepseek_v41.py",
        (f"{_DSML} calls", f"{_DSML} tool_calls", f"{_DSML} function_calls"),
    ),
    *invoked("gigachat 3.5", _GCML, f"{VLLM}/gigachat35_tool_parser.py", (f"{_GCML}tool_calls", f"{_GCML} tool_calls")),
    *invoked("step 3", "steptml:", f"{VLLM}/step3_tool_parser.py"),
    Family(
        "step 3, named twice",
        ("<\uff5ctool_call_begin\uff5c>",),
        before=SEPARATORS[1:],
        skip=FUNCTION,
        after=r'\s*<steptml:invoke name="[^"]*"\s*>\s*(?=<steptml:p|</steptml:i)',
        body="tags",
        tags=_STEP,
        source="vllm-project/vllm: tests/tool_parsers/test_step3_tool_parser.py",
    ),
    *invoked("muse", "atem:", f"{VLLM}/muse_glimmer_tool_parser.py", ("atem:function_calls",)),
    *invoked(
        "minimax m2, dots",
        "",
        f"{VLLM}/minimax_m2_tool_parser.py, dots_tool_parser.py",
        ("minimax:tool_call", "dots_function_call"),
    ),
    around("minimax m3", f"{_M3}<tool_call>", f"{_M3}</tool_call>", f"{VLLM}/minimax_m3_tool_parser.py"),
    Family(
        "minimax m3",
        (f'{_M3}<invoke name="',),
        after=r'"\s*>\s*(?=\]<\]minimax)',
        body="tags",
        tags=Tags(r"\]<\]minimax\[>\[<(?P<key>[\w.:-]+)>", _M3 + "</{key}>", f"{_M3}</invoke>", f"{_M3}<"),
        closers=(f"{_M3}</invoke>",),
        source=f"{VLLM}/minimax_m3_tool_parser.py",
    ),
    Family(
        "kimi k3",
        ("<|open|>tools<|sep|>",),
        closers=("<|close|>tools<|sep|>", "<|close|>message<|sep|>", "<|end_of_msg|>"),
        source=f"{SGLANG}/kimik3_format.py",
    ),
    Family(
        "kimi k3",
        ("<|open|>call ",),
        before=('tool="',),
        skip=r'(?:\w+="[^"]*"\s+)*',
        after=r'"[^<]*<\|sep\|>\s*(?=<\|open\|>argument|<\|close\|>call)',
        body="tags",
        tags=_K3,
        closers=("<|close|>call<|sep|>",),
        source=f"{SGLANG}/kimik3_detector.py",
    ),
    Family(
        "kimi k3, JSON",
        ("<|open|>call ",),
        before=('tool="',),
        skip=r'(?:\w+="[^"]*"\s+)*',
        after=r'"[^<]*<\|sep\|>\s*<\|open\|>json[^<]*<\|sep\|>\s*(?=\{)',
        closers=("<|close|>json<|sep|>",),
        source=f"{LLAMA}/Kimi-K3.jinja",
    ),
    Family(
        "k2 horizon",
        ("<ifm|tool_calls>", "<ifm|tool_call>"),
        after=r"\s*(?=<ifm\|arg_key>|</ifm\|tool_call>)",
        body="tags",
        tags=_IFM,
        closers=("</ifm|tool_call>", "</ifm|tool_calls>"),
        source=f"{VLLM}/k2_horizon_tool_parser.py",
    ),
    Family(
        "solar open 2",
        ("<|tool_call:start|>",),
        after=r"\s*(?=<\|tool_arg:start\|>|<\|tool_call:end\|>)",
        body="tags",
        tags=_SOLAR,
        closers=("<|tool_call:end|>",),
        source=f"{VLLM}/solar_open2_tool_parser.py",
    ),
)
