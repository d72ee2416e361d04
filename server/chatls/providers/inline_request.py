"""A request for a model whose server takes no tools: they are told in words, calls and results stand in the text.

Pure; knows no server. What the model then writes is read by inline.py.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from chatls import jsontext
from chatls.content import JsonObject, TextContent
from chatls.message import AssistantMessage, Message, ToolCall, ToolMessage, ToolResult, ToolSpec, UserMessage
from chatls.providers.provider import ModelRequest
from chatls.providers.wording import NO_RESULT


@dataclass(frozen=True, slots=True)
class _Form:
    """How a family of models is told of tools, and writes its calls."""

    names: re.Pattern[str]
    """Models of the family."""
    intro: str
    """Stands before the tools."""
    outro: str
    """Stands behind them: how to call one."""
    call: Callable[[ToolCall], str]
    result: Callable[[ToolResult], str]


def with_tools_in_prompt(request: ModelRequest) -> ModelRequest:
    """The same without tools, calls and results: all of them are text.

    >>> tool = ToolSpec("add", "Adds.", {"type": "object"})
    >>> told = with_tools_in_prompt(ModelRequest("m", "Be brief.", (), (tool,)))
    >>> told.tools, told.system.splitlines()[0], "<tool_call>" in told.system
    ((), 'Be brief.', True)
    """
    form = _form(request.model)
    tools = () if request.tool_choice == "none" else request.tools
    system = request.system
    if tools:
        system = "\n\n".join(filter(None, (system, _told(form, tools, required=request.tool_choice == "required"))))
    return replace(request, system=system, messages=_messages(form, request), tools=(), tool_choice="auto")


def _told(form: _Form, tools: Iterable[ToolSpec], *, required: bool) -> str:
    described = "\n".join(jsontext.dumps(_described(tool)).decode() for tool in tools)
    must = "\nAnswer with a call now, and nothing else." if required else ""
    return f"{form.intro}\n{described}\n{form.outro}{must}"


def _described(tool: ToolSpec) -> JsonObject:
    function = {"name": tool.name, "description": tool.description, "parameters": tool.input_schema}
    return {"type": "function", "function": function}


def _messages(form: _Form, request: ModelRequest) -> tuple[Message, ...]:
    results = {
        result.call_id: result
        for message in request.messages
        if isinstance(message, ToolMessage)
        for result in message.results
    }
    messages: list[Message] = []
    for message in request.messages:
        match message:
            case AssistantMessage(calls=calls) if calls:
                messages.append(_said(form, message))
                messages.append(_answered(form, calls, results))
            case ToolMessage():
                pass  # Results follow their calls, wherever they stand in the history.
            case _:
                messages.append(message)
    return tuple(messages)


def _said(form: _Form, message: AssistantMessage) -> AssistantMessage:
    text = "\n".join(filter(None, (message.text.rstrip("\n"), *(form.call(call) for call in message.calls))))
    return replace(message, text=text, calls=())


def _answered(form: _Form, calls: Iterable[ToolCall], results: dict[str, ToolResult]) -> UserMessage:
    none = (ToolResult(call.id, call.name, NO_RESULT, is_error=True) for call in calls)
    told = [form.result(results.get(one.call_id, one)) for one in none]
    return UserMessage((TextContent("\n".join(told)),))


def _hermes_call(call: ToolCall) -> str:
    value = jsontext.dumps({"name": call.name, "arguments": call.arguments}).decode()
    return f"<tool_call>\n{value}\n</tool_call>"


def _tagged_result(result: ToolResult) -> str:
    return f"<tool_response>\n{result.text}\n</tool_response>"


def _llama_call(call: ToolCall) -> str:
    return jsontext.dumps({"name": call.name, "parameters": call.arguments}).decode()


def _llama_result(result: ToolResult) -> str:
    return f"The function {result.name} returned:\n{result.text}"


def _coder_call(call: ToolCall) -> str:
    parameters = "".join(
        f"<parameter={name}>\n{value if isinstance(value, str) else jsontext.dumps(value).decode()}\n</parameter>\n"
        for name, value in call.arguments.items()
    )
    return f"<tool_call>\n<function={call.name}>\n{parameters}</function>\n</tool_call>"


_HERMES = _Form(
    re.compile(""),
    "# Tools\n\nYou may call one or more functions to help with the user's request. They are:\n<tools>",
    "</tools>\n\nTo call a function, write a JSON object with its name and its arguments within "
    "<tool_call></tool_call>, and end your answer there:\n"
    '<tool_call>\n{"name": <function-name>, "arguments": <arguments-object>}\n</tool_call>\n'
    "You are given what it returns in <tool_response></tool_response>.",
    _hermes_call,
    _tagged_result,
)
_FORMS = (
    # Llama 3.x was taught to answer with one JSON object and nothing around it (Meta's prompt format).
    _Form(
        re.compile(r"llama-?3(?!.*hermes)", re.IGNORECASE),
        "You have access to these functions:",
        "To call one, answer with nothing but a JSON object with its name and its parameters, in this form: "
        '{"name": function name, "parameters": dictionary of argument names and their values}. '
        "Call one at a time. You are given what it returns. If no function is needed, answer in plain words.",
        _llama_call,
        _llama_result,
    ),
    # Qwen3-Coder and its successors write XML, which saves them from escaping code.
    _Form(
        re.compile(r"qwen3?[-_.:]?(coder|next-coder)|qwen3\.5", re.IGNORECASE),
        "# Tools\n\nYou have access to the following functions:\n<tools>",
        "</tools>\n\nTo call a function, end your answer with this form:\n"
        "<tool_call>\n<function=function_name>\n<parameter=parameter_name>\nvalue\n</parameter>\n</function>\n</tool_call>\n"
        "You are given what it returns in <tool_response></tool_response>.",
        _coder_call,
        _tagged_result,
    ),
    _HERMES,
)
"""The first whose names fit; Hermes' form, which most models have seen, for all others."""


def _form(model: str) -> _Form:
    return next(form for form in _FORMS if form.names.search(model))
