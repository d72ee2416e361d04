"""A request for a model whose server takes no tools: they are told in words, calls and results stand in the text.

Pure; knows no server, and no family: `forms.py` has their forms. What the model then writes is read by `parser.py`.
"""

from collections.abc import Iterable
from dataclasses import replace

from chatls.content import Image, TextContent
from chatls.message import AssistantMessage, Message, ToolCall, ToolMessage, ToolResult, UserMessage
from chatls.providers.history import results_of
from chatls.providers.inline.forms import Form, form_of
from chatls.providers.known.wording import NO_RESULT
from chatls.providers.provider import ModelRequest

_MUST = "\nAnswer with a call now, and nothing else."


def with_tools_in_prompt(request: ModelRequest) -> ModelRequest:
    """The same without tools, calls and results: all of them are text.

    >>> from chatls.message import ToolSpec
    >>> tool = ToolSpec("add", "Adds.", {"type": "object"})
    >>> told = with_tools_in_prompt(ModelRequest("m", "Be brief.", (), (tool,)))
    >>> told.tools, told.system.splitlines()[0], "<tool_call>" in told.system
    ((), 'Be brief.', True)
    """
    form = form_of(request.model)
    tools = () if request.tool_choice == "none" else request.tools
    system = request.system
    if tools:
        must = _MUST if request.tool_choice == "required" else ""
        system = "\n\n".join(filter(None, (system, form.tools(tools) + must)))
    return replace(request, system=system, messages=_messages(form, request), tools=(), tool_choice="auto")


def _messages(form: Form, request: ModelRequest) -> tuple[Message, ...]:
    results = results_of(request.messages)
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


def _said(form: Form, message: AssistantMessage) -> AssistantMessage:
    text = "\n".join(filter(None, (message.text.rstrip("\n"), form.calls(message.calls))))
    return replace(message, text=text, calls=())


def _answered(form: Form, calls: Iterable[ToolCall], results: dict[str, ToolResult]) -> UserMessage:
    none = (ToolResult(call.id, call.name, NO_RESULT, is_error=True) for call in calls)
    given = [results.get(one.call_id, one) for one in none]
    pictures = (item for result in given for item in result.content if isinstance(item, Image))
    return UserMessage((TextContent(form.results(given)), *pictures))
