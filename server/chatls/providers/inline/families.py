"""The dialects in which models write tool calls and thinking into their text: one table, a row each. Knows no machine.

A reply is read with all rows at once, because a server seldom says which family a model belongs to. To add a dialect is
to add a row here and its cases to the tests. Sources: the chat templates of each family.
"""

import re
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Tags:
    """How parameters stand between tags."""

    parameter: str
    """Regular expression of what opens a parameter: groups `key`, and `kind` where the tag itself says text or not."""
    close: str
    """What closes a parameter; `{key}` stands for its name."""
    end: str
    """What closes the call."""
    begin: str
    """What every opening of a parameter begins with."""


CallBody = Literal["json", "tags", "gemma", "python", "code", "harmony"]
"""What follows a call's name."""


@dataclass(frozen=True, slots=True)
class Family:
    """One way to write a call."""

    name: str
    openers: tuple[str, ...]
    """A call begins with one of these, literally. Blanks and a further opener, or JSON that names the tool, may follow
    any of them."""
    before: tuple[str, ...] = ()
    """Words that may stand between opener and name."""
    after: str | None = None
    """Regular expression of what follows the name up to the arguments; None: the name is never written that way."""
    body: CallBody = "json"
    tags: Tags | None = None
    quote: str = ""
    """What stands around texts, where they have a mark of their own."""
    closers: tuple[str, ...] = ()
    """What may stand behind a call and is dropped there."""
    place: Literal["anywhere", "line"] = "anywhere"


_GLM = Tags(r"<arg_key>\s*+(?P<key>[^<]*?)\s*+</arg_key>\s*<arg_value>", "</arg_value>", "</tool_call>", "<arg_key>")
_QWEN = Tags(r"<parameter=\s*+(?P<key>[^>]*?)\s*+>", "</parameter>", "</function>", "<parameter=")


def _attributes(prefix: str, tag: str = "parameter", end: str = "invoke") -> Tags:
    """Tags that name what they hold in an attribute."""
    opening = rf'<{re.escape(prefix)}{tag}\s+name="(?P<key>[^"]*)"(?:\s+string="(?P<kind>\w+)")?\s*>'
    return Tags(opening, f"</{prefix}{tag}>", f"</{prefix}{end}>", f"<{prefix}{tag} ")


_M3 = "]<]minimax[>["
_FENCED = r"\s*(?:```(?:json)?\s*)?"

FAMILIES: tuple[Family, ...] = (
    Family(
        "hermes, GLM, hunyuan 3",
        ("<tool_call>",),
        after=r"\s*(?:<tool_sep>\s*)?(?=<arg_key>|</tool_call>)",
        body="tags",
        tags=_GLM,
        # Some write a brace too many.
        closers=("</tool_call>", "</_call>", "}\n</tool_call>", "}</tool_call>"),
    ),
    Family("hermes, name and JSON", ("<tool_call>",), after=r"\s*(?=\{)"),
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
        ("<function_call>", "<tool>", "<tools>", "<tool_code>", "<response>", "<json>", "<xml>", "<JSON>"),
        closers=(
            "</function_call>",
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
        "qwen3 coder, nemotron, seed",
        ("<function=",),
        after=r"\s*>\s*(?=<parameter=|</function>)",
        body="tags",
        tags=_QWEN,
        closers=("</function>", "</tool_call>", "</seed:tool_call>"),
    ),
    Family("functionary 3.1, llama 3", ("<function=",), after=r"\s*>\s*(?=\{)", closers=("</function>",)),
    Family("functionary 3.2", (">>>",), after=r"\n\s*(?=\{)"),
    Family("seed", ("<seed:tool_call>",), closers=("</seed:tool_call>",)),
    Family("hermes, function", ('<function name="',), after=r'"\s*>\s*(?=\{)', closers=("</function>",)),
    Family(
        "minimax and qwen, mixed",
        ('<function name="',),
        after=r'"\s*>\s*(?=<parameter )',
        body="tags",
        tags=_attributes("", "parameter", "function"),
    ),
    Family(
        "minicpm",
        ('<function name="',),
        after=r'"\s*>\s*(?=<param |</function>)',
        body="tags",
        tags=_attributes("", "param", "function"),
        closers=("</function>",),
    ),
    Family(
        "llama 3, python",
        ("<|python_tag|>",),
        after=r"(?:\.call)?\(",
        body="python",
        closers=("<|eom_id|>", "<|eot_id|>"),
    ),
    Family("llama 4", ("<|python_start|>",), after=r"\(", body="python", closers=("<|python_end|>",)),
    Family("lfm2", ("<|tool_call_start|>",), closers=("<|tool_call_end|>",)),
    Family("mistral", ("[TOOL_CALLS]",), after=r"\s*(?:\[CALL_ID\][^\[{]*)?(?:\[ARGS\])?\s*(?=\{)", closers=("</s>",)),
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
        before=("function<\uff5ctool▁sep\uff5c>", "function<\uff5ctool_sep\uff5c>"),
        after=rf"(?:<\uff5ctool▁sep\uff5c>|<\uff5ctool_sep\uff5c>)?{_FENCED}(?=\{{)",
        closers=(
            "<\uff5ctool▁call▁end\uff5c>",
            "<\uff5ctool▁calls▁end\uff5c>",
            "<\uff5ctool_call_end\uff5c>",
            "<\uff5ctool_calls_end\uff5c>",
            "<\uff5ctool▁sep\uff5c>",
            "<\uff5cend▁of▁sentence\uff5c>",
        ),
    ),
    Family(
        "deepseek 3.2 and 4",
        ("<\uff5cDSML\uff5cfunction_calls>", "<\uff5cDSML\uff5ctool_calls>"),
        closers=("</\uff5cDSML\uff5cfunction_calls>", "</\uff5cDSML\uff5ctool_calls>"),
    ),
    Family(
        "deepseek 3.2 and 4",
        ('<\uff5cDSML\uff5cinvoke name="',),
        after=r'"\s*>\s*(?=<\uff5cDSML\uff5cp|</\uff5cDSML\uff5ci)',
        body="tags",
        tags=_attributes("\uff5cDSML\uff5c"),
        closers=("</\uff5cDSML\uff5cinvoke>",),
    ),
    Family(
        "step 3",
        ('<steptml:invoke name="',),
        after=r'"\s*>\s*(?=<steptml:p|</steptml:i)',
        body="tags",
        tags=_attributes("steptml:"),
        closers=("</steptml:invoke>",),
    ),
    Family(
        "muse",
        ('<atem:invoke name="',),
        after=r'"\s*>\s*(?=<atem:p|</atem:i)',
        body="tags",
        tags=_attributes("atem:"),
        closers=("</atem:invoke>", "</atem:function_calls>"),
    ),
    Family("muse", ("<atem:function_calls>",)),
    Family(
        "minimax m2, dots",
        ("<minimax:tool_call>", "<dots_function_call>"),
        closers=("</minimax:tool_call>", "</dots_function_call>"),
    ),
    Family(
        "minimax m2, dots",
        ('<invoke name="',),
        after=r'"\s*>\s*(?=<parameter |</invoke>)',
        body="tags",
        tags=_attributes(""),
        closers=("</invoke>",),
    ),
    Family("minimax m3", (f"{_M3}<tool_call>",), closers=(f"{_M3}</tool_call>",)),
    Family(
        "minimax m3",
        (f'{_M3}<invoke name="',),
        after=r'"\s*>\s*(?=\]<\]minimax)',
        body="tags",
        tags=Tags(r"\]<\]minimax\[>\[<(?P<key>[\w.:-]+)>", _M3 + "</{key}>", f"{_M3}</invoke>", f"{_M3}<"),
        closers=(f"{_M3}</invoke>",),
    ),
    Family(
        "kimi k2",
        ("<|tool_calls_section_begin|>", "<|tool_call_section_begin|>", "<|tool_call_begin|>"),
        before=("functions.",),
        after=r"(?::\d+)?\s*<\|tool_call_argument_begin\|>\s*(?=\{)",
        closers=("<|tool_call_end|>", "<|tool_calls_section_end|>", "<|tool_call_section_end|>"),
    ),
    Family("kimi k3", ("<|open|>tools<|sep|>",), closers=("<|close|>tools<|sep|>", "<|close|>message<|sep|>")),
    Family(
        "kimi k3",
        ('<|open|>call tool="',),
        after=r'"[^<]*<\|sep\|>(?=<\|(?:open|close)\|>)',
        body="tags",
        tags=Tags(
            r'<\|open\|>argument key="(?P<key>[^"]*)"(?:\s+type="(?P<kind>\w+)")?[^<]*<\|sep\|>',
            "<|close|>argument<|sep|>",
            "<|close|>call<|sep|>",
            "<|open|>argument ",
        ),
        closers=("<|close|>call<|sep|>",),
    ),
    Family(
        "gemma 4",
        ("<|tool_call>",),
        before=("call:",),
        after=r"\s*(?=\{)",
        body="gemma",
        quote='<|"|>',
        closers=("<tool_call|>", "<|tool_response>"),
    ),
    Family(
        "functiongemma",
        ("<start_function_call>",),
        before=("call:",),
        after=r"\s*(?=\{)",
        body="gemma",
        quote="<escape>",
        closers=("<end_function_call>", "<start_function_response>"),
    ),
    Family(
        "olmo 3",
        ("<function_calls>",),
        after=r"\(",
        body="python",
        closers=("</function_calls>",),
    ),
    Family(
        "k2 horizon",
        ("<ifm|tool_calls>", "<ifm|tool_call>"),
        after=r"\s*(?=<ifm\|arg_key>|</ifm\|tool_call>)",
        body="tags",
        tags=Tags(
            r"<ifm\|arg_key>\s*(?P<key>[^<]*?)\s*</ifm\|arg_key>\s*"
            r"(?:<ifm\|arg_type>\s*(?P<kind>\w+)[^<]*</ifm\|arg_type>\s*)?<ifm\|arg_value>",
            "</ifm|arg_value>",
            "</ifm|tool_call>",
            "<ifm|arg_key>",
        ),
        closers=("</ifm|tool_call>", "</ifm|tool_calls>"),
    ),
    Family("granite", ("<|tool_call|>",), closers=("<|end_of_text|>",)),
    Family("gigachat", ("<|function_call|>",)),
    Family("gigachat 3", ("function call<|role_sep|>",), place="line"),
    Family("command r7b", ("<|START_ACTION|>",), closers=("<|END_ACTION|>",)),
    Family("nemotron v2", ("<TOOLCALL>",), closers=("</TOOLCALL>",)),
    Family("apriel", ("<tool_calls>",), closers=("</tool_calls>",)),
    Family("apertus", ("<|tools_prefix|>",), closers=("<|tools_suffix|>",)),
    Family("internlm 2", ("<|action_start|>", "<|plugin|>"), closers=("<|action_end|>",)),
    Family("longcat", ("<longcat_tool_call>",), closers=("</longcat_tool_call>",)),
    Family("jamba, phi", ("<|tool_calls|>",), closers=("<|/tool_calls|>", "<|/tool_call|>")),
    Family("phi 4 mini, firefunction", ("functools",), place="line"),
    Family("gpt-oss", ("<|channel|>", "<|start|>"), body="harmony", closers=("<|call|>", "<|end|>", "<|return|>")),
)

THINKING: dict[str, str] = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "<reasoning>": "</reasoning>",
    "<mm:think>": "</mm:think>",
    "<ifm|think>": "</ifm|think>",
    "<ifm|think_fast>": "</ifm|think_fast>",
    "<ifm|think_faster>": "</ifm|think_faster>",
    "<seed:think>": "</seed:think>",
    "<longcat_think>": "</longcat_think>",
    "<|START_THINKING|>": "<|END_THINKING|>",
    "[THINK]": "[/THINK]",
    "<|channel>thought": "<channel|>",
    "<|open|>think<|sep|>": "<|close|>think<|sep|>",
    "<|inner_prefix|>": "<|inner_suffix|>",
    "<|begin_of_thought|>": "<|end_of_thought|>",
    "◁think▷": "◁/think▷",
    "Here are my reasoning steps:\n": "[BEGIN FINAL RESPONSE]",
}
"""What opens thinking, and what closes it."""

SPOKEN = frozenset({"<think>", "<thinking>", "<thought>", "<reasoning>"})
"""Openers that prose mentions as well: they count at the beginning of a line only."""

ENVELOPES: tuple[str, ...] = (
    "<|START_RESPONSE|>", "<|START_TEXT|>", "<|CHATBOT_TOKEN|>", "<|open|>response<|sep|>",
    "[BEGIN FINAL RESPONSE]", ">>>all\n", "<|begin_of_solution|>",
)  # fmt: skip
"""What begins an answer and says nothing; text elsewhere."""

TURN_ENDS: tuple[str, ...] = (
    "<|END_RESPONSE|>", "<|END_TEXT|>", "<|END_OF_TURN_TOKEN|>", "<|close|>response<|sep|>", "<|close|>message<|sep|>",
    "<|role_end|>", "<|message_sep|>", "[END FINAL RESPONSE]", "<|end_of_solution|>",
    "<|end|>", "<|return|>", "<|call|>", "<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<|endoftext|>",
    "<\uff5cend▁of▁sentence\uff5c>", "<end_of_turn>",
    "<turn|>", "<channel|>",
)  # fmt: skip
"""What ends an answer and says nothing, at its very end and before a call; text elsewhere, where it is spoken of."""

HARMONY_ENDS = ("<|end|>", "<|return|>", "<|call|>", "<|start|>", "<|channel|>")
"""What ends a message of gpt-oss; the last two begin the next one."""

HARMONY_HEADER = re.compile(
    r"(?:(?P<role>assistant|tool|user|system)?\s*(?:to=[\w.:-]+\s*)?(?:<\|channel\|>)?\s*)"
    r"(?P<channel>analysis|commentary|final)?[^{}\n]{0,200}?\Z"
)
RECIPIENT = re.compile(r"\bto=(?:functions[.:])?(?P<name>[\w.:-]+)")

CODE_TOOLS = ("python", "ipython", "code_interpreter")
"""Tools whose argument some families write as bare code."""

OPENERS: dict[str, tuple[Family, ...]] = {
    opener: tuple(family for family in FAMILIES if opener in family.openers)
    for opener in dict.fromkeys(opener for family in FAMILIES for opener in family.openers)
}
CLOSERS: tuple[str, ...] = tuple(dict.fromkeys(closer for family in FAMILIES for closer in family.closers))
