"""How each family writes calls, for the tests of the inline parser: a name and arguments in, a model's text out."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from chatls.content import JsonObject

Calls = Iterable[tuple[str, JsonObject]]

BAR = "\uff5c"
DSML = f"{BAR}DSML{BAR}"
M3 = "]<]minimax[>["


@dataclass(frozen=True)
class Writer:
    """One family."""

    calls: Callable[[Calls], str]
    tags: tuple[str, ...] = ()
    """What no text among the arguments may hold, because the family has no way to escape it; it has tags then."""
    apart: bool = True
    """A call may stand behind text on the same line."""
    marked: bool = True
    """Something that no text holds begins a call."""
    quotes: bool = True
    """Blanks around a text, and newlines at its ends, are told apart."""


def text_of(value: Any) -> str:
    """A value between tags: text as it is."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def each(
    one: Callable[[str, JsonObject], str], before: str = "", behind: str = "", between: str = ""
) -> Callable[[Calls], str]:
    """All calls, one behind the other, between what opens and closes the whole."""

    def write(calls: Calls) -> str:
        return before + between.join(one(name, arguments) for name, arguments in calls) + behind

    return write


def listed(before: str, behind: str, name: str = "name", arguments: str = "arguments") -> Callable[[Calls], str]:
    """A JSON list; `name`, `arguments`: what the members are called."""

    def write(calls: Calls) -> str:
        return before + dumped([{name: tool, arguments: values} for tool, values in calls]) + behind

    return write


def tagged(parameter: str, open_call: str, close_call: str, close: str, gap: str = "\n") -> Callable[..., str]:
    def write(name: str, arguments: Mapping[str, Any]) -> str:
        inner = gap.join(
            parameter.replace("{key}", key).replace("{kind}", "true" if isinstance(value, str) else "false")
            + text_of(value)
            + close.replace("{key}", key)
            for key, value in arguments.items()
        )
        return open_call.replace("{name}", name) + (gap + inner if inner else "") + gap + close_call

    return write


def coder(name: str, arguments: JsonObject) -> str:
    inner = "".join(f"<parameter={key}>\n{text_of(value)}\n</parameter>\n" for key, value in arguments.items())
    return f"<tool_call>\n<function={name}>\n{inner}</function>\n</tool_call>"


def gemma(value: Any, quote: str = '<|"|>') -> str:
    match value:
        case str():
            return f"{quote}{value}{quote}"
        case dict():
            members = cast("JsonObject", value)
            return "{" + ",".join(f"{key}:{gemma(inner, quote)}" for key, inner in members.items()) + "}"
        case list():
            return "[" + ",".join(gemma(inner, quote) for inner in cast("list[Any]", value)) + "]"
        case _:
            return json.dumps(value)


def python(name: str, arguments: JsonObject) -> str:
    return f"{name}({', '.join(f'{key}={value!r}' for key, value in arguments.items())})"


def hermes(name: str, arguments: JsonObject) -> str:
    return f"<tool_call>\n{dumped({'name': name, 'arguments': arguments})}\n</tool_call>"


def seed(name: str, arguments: JsonObject) -> str:
    return f"<seed:tool_call>{coder(name, arguments)[len('<tool_call>') : -len('</tool_call>')]}</seed:tool_call>"


def longcat(name: str, arguments: JsonObject) -> str:
    return (
        f"<longcat_tool_call>{hermes(name, arguments)[len('<tool_call>') : -len('</tool_call>')]}</longcat_tool_call>"
    )


def mistral(name: str, arguments: JsonObject) -> str:
    return f"[TOOL_CALLS]{name}[ARGS]{dumped(arguments)}"


def harmony(name: str, arguments: JsonObject) -> str:
    return (
        f"<|start|>assistant<|channel|>commentary to=functions.{name} <|constrain|>json<|message|>"
        f"{dumped(arguments)}<|call|>"
    )


def kimi(name: str, arguments: JsonObject) -> str:
    return f"<|tool_call_begin|>functions.{name}:0<|tool_call_argument_begin|>{dumped(arguments)}<|tool_call_end|>"


def deepseek(name: str, arguments: JsonObject) -> str:
    return (
        f"<{BAR}tool▁call▁begin{BAR}>function<{BAR}tool▁sep{BAR}>{name}\n```json\n{dumped(arguments)}\n```"
        f"<{BAR}tool▁call▁end{BAR}>"
    )


def deepseek_31(name: str, arguments: JsonObject) -> str:
    return f"<{BAR}tool▁call▁begin{BAR}>{name}<{BAR}tool▁sep{BAR}>{dumped(arguments)}<{BAR}tool▁call▁end{BAR}>"


glm = tagged("<arg_key>{key}</arg_key>\n<arg_value>", "<tool_call>{name}", "</tool_call>", "</arg_value>")


def glm_named(call: str, arg: str) -> Callable[[str, JsonObject], str]:
    """GLM's tags, under these names."""
    return tagged(
        f"<{arg}_key>{{key}}</{arg}_key><{arg}_value>", f"<{call}>{{name}}", f"</{call}>", f"</{arg}_value>", ""
    )


glm_tight = glm_named("tool_call", "arg")
dsml = tagged(
    f'<{DSML}parameter name="{{key}}" string="{{kind}}">',
    f'<{DSML}invoke name="{{name}}">',
    f"</{DSML}invoke>",
    f"</{DSML}parameter>",
)
invoke = tagged('<parameter name="{key}">', '<invoke name="{name}">', "</invoke>", "</parameter>")
m3 = tagged(f"{M3}<{{key}}>", f'{M3}<invoke name="{{name}}">', f"{M3}</invoke>", f"{M3}</{{key}}>", "")
step = tagged(
    '<steptml:parameter name="{key}">',
    '<steptml:invoke name="{name}">',
    "</steptml:invoke>",
    "</steptml:parameter>",
    "",
)
minicpm = tagged('<param name="{key}">', '<function name="{name}">', "</function>", "</param>", "")

atem = tagged('<atem:parameter name="{key}">', '<atem:invoke name="{name}">', "</atem:invoke>", "</atem:parameter>")
ifm = tagged(
    "<ifm|arg_key>{key}</ifm|arg_key><ifm|arg_value>",
    "<ifm|tool_call>{name}",
    "</ifm|tool_call>",
    "</ifm|arg_value>",
)

GCML = f"{BAR}GCML{BAR}"
spaced = tagged(
    f'<{DSML} parameter name="{{key}}" string="{{kind}}">',
    f'<{DSML} invoke name="{{name}}">',
    f"</{DSML} invoke>",
    f"</{DSML} parameter>",
)
gcml = tagged(
    f'<{GCML}parameter name="{{key}}" string="{{kind}}">',
    f'<{GCML}invoke name="{{name}}">',
    f"</{GCML}invoke>",
    f"</{GCML}parameter>",
    "",
)
solar = tagged(
    "<|tool_arg:start|>{key}<|tool_arg:value|>", "<|tool_call:start|>{name}", "<|tool_call:end|>", "<|tool_arg:end|>"
)
hunyuan = tagged(
    "<arg_key:6124c78e>{key}</arg_key:6124c78e><arg_value:6124c78e>",
    "<tool_call:6124c78e>{name}",
    "</tool_call:6124c78e>",
    "</arg_value:6124c78e>",
    "",
)


def xtml(value: Any) -> str:
    """How Kimi K3 names the type of a value."""
    match value:
        case bool():
            return "boolean"
        case str():
            return "string"
        case dict():
            return "object"
        case list():
            return "array"
        case _:
            return "null" if value is None else "number"


def kimi_3(name: str, arguments: JsonObject) -> str:
    inner = "".join(
        f'<|open|>argument key="{key}" type="{xtml(value)}"<|sep|>{text_of(value)}<|close|>argument<|sep|>'
        for key, value in arguments.items()
    )
    return f'<|open|>call tool="{name}" index="1"<|sep|>{inner}<|close|>call<|sep|>'


def kimi_3_json(name: str, arguments: JsonObject) -> str:
    inner = f'<|open|>json type="object"<|sep|>{dumped(arguments)}<|close|>json<|sep|>'
    return f'<|open|>call index="1" tool="{name}"<|sep|>{inner}<|close|>call<|sep|>'


def inkling(name: str, arguments: JsonObject) -> str:
    payload = dumped({"name": name, "args": arguments})
    return f"<|message_model|>{name}<|content_invoke_tool_json|>{payload}<|end_message|>"


def solar_open(name: str, arguments: JsonObject) -> str:
    return (
        f"<|tool_call:begin|>a1b2c3d4e5<|tool_call:name|>{name}<|tool_call:args|>{dumped(arguments)}<|tool_call:end|>"
    )


def commanded(calls: Calls) -> str:
    listed = [{"tool_name": name, "parameters": arguments} for name, arguments in calls]
    return f"Action: ```json\n{json.dumps(listed, indent=4, ensure_ascii=False)}\n```"


def step_named(name: str, arguments: JsonObject) -> str:
    begin, separator, end = (f"<{BAR}tool_{word}{BAR}>" for word in ("call_begin", "sep", "call_end"))
    return f"{begin}function{separator}{name}\n{step(name, arguments)}{end}"


WRITERS: dict[str, Writer] = {
    "hermes": Writer(each(hermes, between="\n")),
    "hermes, no line": Writer(each(lambda n, a: hermes(n, a).replace(">\n{", ">{").replace("}\n<", "}<"))),
    "llama 3": Writer(each(lambda n, a: dumped({"name": n, "parameters": a}), between="; "), apart=False, marked=False),
    "llama 3, tag": Writer(
        each(
            lambda n, a: dumped({"type": "function", "name": n, "parameters": a}), "<|python_tag|>", "<|eom_id|>", "; "
        )
    ),
    "llama 3, function": Writer(each(lambda n, a: f"<function={n}>{dumped(a)}</function>")),
    "llama 4": Writer(each(python, "[", "]", ", "), apart=False),
    "lfm 2": Writer(each(python, "<|tool_call_start|>[", "]<|tool_call_end|>", ", ")),
    "mistral": Writer(each(mistral)),
    "mistral, list": Writer(listed("[TOOL_CALLS] ", "")),
    "qwen 3 coder": Writer(each(coder, between="\n"), ("</parameter>",)),
    "seed": Writer(each(seed, between="\n"), ("</parameter>",)),
    "deepseek 3": Writer(each(deepseek, f"<{BAR}tool▁calls▁begin{BAR}>", f"<{BAR}tool▁calls▁end{BAR}>", "\n")),
    "deepseek 3.1": Writer(each(deepseek_31, f"<{BAR}tool▁calls▁begin{BAR}>", f"<{BAR}tool▁calls▁end{BAR}>")),
    "deepseek 3.2": Writer(
        each(dsml, f"<{DSML}function_calls>\n", f"\n</{DSML}function_calls>", "\n"),
        (f"</{DSML}parameter>",),
        quotes=False,
    ),
    "glm": Writer(each(glm, between="\n"), ("</arg_value>",), quotes=False),
    "glm, tight": Writer(each(glm_tight), ("</arg_value>",), quotes=False),
    "longcat, pairs": Writer(
        each(glm_named("longcat_tool_call", "longcat_arg"), between="\n"), ("</longcat_arg_value>",), quotes=False
    ),
    "iquest coder": Writer(each(glm_named("iquestcoder_tool_call", "arg")), ("</arg_value>",), quotes=False),
    "iquest q1": Writer(each(glm_named("iquest_tool_call", "arg")), ("</arg_value>",), quotes=False),
    "kimi k2": Writer(each(kimi, "<|tool_calls_section_begin|>", "<|tool_calls_section_end|>")),
    "gpt-oss": Writer(each(harmony)),
    "granite": Writer(listed("<|tool_call|>", "")),
    "granite 4": Writer(each(hermes)),
    "functionary 3.2": Writer(each(lambda n, a: f">>>{n}\n{dumped(a)}", between="\n")),
    "command r7b": Writer(listed("<|START_ACTION|>", "<|END_ACTION|>", name="tool_name", arguments="parameters")),
    "gemma 4": Writer(each(lambda n, a: f"<|tool_call>call:{n}{gemma(a)}<tool_call|>"), ('<|"|>',)),
    "functiongemma": Writer(
        each(lambda n, a: f"<start_function_call>call:{n}{gemma(a, '<escape>')}<end_function_call>"), ("<escape>",)
    ),
    "olmo 3": Writer(each(python, "<function_calls>", "</function_calls>", "\n")),
    "hunyuan 3": Writer(
        each(
            lambda n, a: glm(n, a).replace(f"<tool_call>{n}", f"<tool_call>{n}<tool_sep>", 1),
            "<tool_calls>\n",
            "\n</tool_calls>",
            "\n",
        ),
        ("</arg_value>",),
        quotes=False,
    ),
    "k2 horizon": Writer(
        each(ifm, "<ifm|tool_calls>\n", "\n</ifm|tool_calls>", "\n"), ("</ifm|arg_value>",), quotes=False
    ),
    "muse": Writer(
        each(atem, "<atem:function_calls>\n", "\n</atem:function_calls>", "\n"), ("</atem:parameter>",), quotes=False
    ),
    "dots": Writer(
        each(invoke, "<dots_function_call>\n", "\n</dots_function_call>", "\n"), ("</parameter>",), quotes=False
    ),
    "nemotron": Writer(listed("<TOOLCALL>", "</TOOLCALL>")),
    "apriel": Writer(listed("<tool_calls>", "</tool_calls>")),
    "apertus": Writer(lambda calls: f"<|tools_prefix|>{dumped([{n: a} for n, a in calls])}<|tools_suffix|>"),
    "internlm 2": Writer(
        each(lambda n, a: f"<|action_start|><|plugin|>{dumped({'name': n, 'parameters': a})}<|action_end|>")
    ),
    "longcat": Writer(each(longcat)),
    "phi 4 mini": Writer(listed("functools", ""), apart=False),
    "jamba": Writer(listed("<tool_calls>", "</tool_calls>")),
    "minimax m2": Writer(
        each(invoke, "<minimax:tool_call>\n", "\n</minimax:tool_call>", "\n"), ("</parameter>",), quotes=False
    ),
    "minimax m3": Writer(each(m3, f"{M3}<tool_call>\n", f"\n{M3}</tool_call>", "\n"), (M3,), quotes=False),
    "minicpm": Writer(each(minicpm), ("</param>", "<![CDATA["), quotes=False),
    "step 3": Writer(
        each(
            lambda n, a: (
                f"<{BAR}tool_call_begin{BAR}>function<{BAR}tool_sep{BAR}>{step(n, a)}<{BAR}tool_call_end{BAR}>"
            ),
            f"<{BAR}tool_calls_begin{BAR}>",
            f"<{BAR}tool_calls_end{BAR}>",
            "\n",
        ),
        ("</steptml:parameter>",),
        quotes=False,
    ),
    "hunyuan 4": Writer(
        each(hunyuan, "<tool_calls:6124c78e>", "</tool_calls:6124c78e>"), ("</arg_value:6124c78e>",), quotes=False
    ),
    "deepseek 4.1": Writer(
        each(spaced, f"<{DSML} calls>\n", f"\n</{DSML} calls>", "\n"), (f"</{DSML} parameter>",), quotes=False
    ),
    "deepseek 4.1, JSON": Writer(
        each(
            lambda n, a: f'<{DSML} invoke name="{n}">{dumped(a)}</{DSML} invoke>\n',
            f"<{DSML} calls>\n",
            f"</{DSML} calls>",
        )
    ),
    "deepseek 3.2, JSON": Writer(
        each(
            lambda n, a: f'<{DSML}invoke name="{n}">\n{json.dumps(a, indent=1)}\n</{DSML}invoke>',
            f"<{DSML}function_calls>\n",
            f"\n</{DSML}function_calls>",
            "\n",
        )
    ),
    "an invoke, JSON": Writer(
        each(lambda n, a: f'<invoke name="{n}">\n{dumped(a)}\n</invoke>', "<function_calls>\n", "\n</function_calls>")
    ),
    "gigachat 3": Writer(
        each(
            lambda n, a: f"function call<|role_sep|>\n{dumped({'name': n, 'arguments': a})}",
            between="<|message_sep|>\n\n",
        ),
        apart=False,
        marked=False,
    ),
    "gigachat 3.5": Writer(
        each(gcml, f"<{GCML}tool_calls>", f"</{GCML}tool_calls>"), (f"</{GCML}parameter>",), quotes=False
    ),
    "inkling": Writer(each(inkling)),
    "solar open": Writer(each(solar_open, "<|begin|>assistant<|tool_calls|>", "<|calls|>")),
    "solar open 2": Writer(each(solar, between="\n"), ("<|tool_arg:end|>",), quotes=False),
    "gemma 4, no mark": Writer(
        each(lambda n, a: f"call:{n}{gemma(a)}", between="\n"), ('<|"|>',), apart=False, marked=False
    ),
    "gemma 4, a colon": Writer(each(lambda n, a: f"<|tool_call>:call:{n}{gemma(a)}<turn|>"), ('<|"|>',)),
    "glm 5.3 flash": Writer(each(lambda n, a: f"<tool_call>{n}>{dumped(a)}", between="\n")),
    "glm 5.3 flash, closed": Writer(each(lambda n, a: f"<tool_call>Tools/{n}>{dumped(a)}</tool_call>")),
    "command r+": Writer(commanded, apart=False, marked=False),
    "kimi k3": Writer(
        each(kimi_3, "<|open|>tools<|sep|>", "<|close|>tools<|sep|>"), ("<|close|>argument<|sep|>",), quotes=False
    ),
    "kimi k3, JSON": Writer(each(kimi_3_json, "<|open|>tools<|sep|>", "<|close|>tools<|sep|>")),
    "step 3, named twice": Writer(
        each(step_named, f"<{BAR}tool_calls_begin{BAR}>", f"<{BAR}tool_calls_end{BAR}>", f"<{BAR}tool_sep{BAR}>"),
        ("</steptml:parameter>",),
        quotes=False,
    ),
    "gpt-oss, marks left out": Writer(
        each(lambda n, a: f"to=functions.{n} json{dumped(a)}", between="\n"), apart=False, marked=False
    ),
    "generic": Writer(
        lambda calls: dumped({"tool_calls": [{"name": n, "arguments": a} for n, a in calls]}), apart=False, marked=False
    ),
}
