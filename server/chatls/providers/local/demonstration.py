"""The prompt that the embedded demonstration model is asked instead of what a real one would be. Pure; knows no server.

A model of 135 million parameters follows examples, not instructions. Measured: offered one tool with one argument
that must be a word of the question, behind worked examples, it calls the tool for nearly every question about a word;
with several tools, or free in what it writes, it mostly does not, or looks for words that nobody said. It copies a
short list of files without a mistake, and invents most of everything longer. So it is shown the files of a result.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby

from chatls.content import ContentBlock, JsonObject, Resource, TextContent
from chatls.message import AssistantMessage, Message, ToolCall, ToolMessage, ToolResult, ToolSpec, UserMessage
from chatls.providers.provider import ModelRequest, Parameters
from chatls.values import dataclass

CONTEXT = 4096
"""Tokens. What follows is bounded in bytes, so that it fits even where every byte is a token."""
_QUESTION = 1200
_EARLIER = 300
_FOUND = 400
_ANSWER = 256
"""Tokens of the longest answer."""
_FILES = 3
"""More than three, and some get lost or invented."""
_WORDS = 12

_TOOL = "search"
_SYSTEM = f"""\
You answer questions about the files of a workspace. Search for a word before you answer.

Tool: {_TOOL}(pattern) finds a word in all files. To use it, write:
<tool_call>
{{"name": "{_TOOL}", "arguments": {{"pattern": WORD}}}}
</tool_call>"""
_SYSTEM_WITHOUT_TOOL = """\
You are a tiny demonstration model inside a text editor. You can find words in files. Answer in one short sentence."""

_EXAMPLES = (
    ("Look for the word redraw in the code.", "redraw", ("src/view/draw.js", "src/main.js", "docs/views.md")),
    ("Where does the shop send its invoices?", "invoices", ("shop/mail.py", "shop/bill.py")),
    ("What is MailQueue?", "MailQueue", ("src/mail/queue.go",)),
)
"""A question, the word to look for, and where it is: one for each way of asking. Chosen by trying."""

_QUOTED = re.compile(r"""(?<!\w)["“`'«]([^"“”`'«»\n]{2,40})["”`'»](?!\w)""")
_WORD = re.compile(r"[^\W\d]\w*(?:[./-]\w+)*")
_NAME = re.compile(r".[A-Z]|_|\w[./]\w|\d")
"""Inside a word that is a name in a program rather than a word of a language."""
_ORDINARY = """\
a about all an and any are as at be by can class code codebase could define defined describe described do does each
every explain file files find found for from function get give good has have hello here hi how i in is it its let list
locate look many may me mean means mention mentions morning my of on or place places please project repo repository
say search see show summarise summarize tell text thank thanks that the them there these they this to use used uses
using want was we what when where which who why will with word words work works workspace would write you your"""
_NOT_LOOKED_FOR = frozenset(_ORDINARY.split())
_MATCH = re.compile(r"^(.+?):\d+: ", re.MULTILINE)


def offered(tools: tuple[ToolSpec, ...]) -> tuple[ToolSpec, ...]:
    """`search` with nothing but its pattern, if it is among the tools."""
    return (_search(()),) if any(tool.name == _TOOL for tool in tools) else ()


def adapted(request: ModelRequest) -> ModelRequest:
    """The request that the model copes with."""
    *earlier, exchange = _exchanges(request.messages) or [_Round("")]
    words = tuple(dict.fromkeys(_words(exchange.question)))[:_WORDS] if offered(request.tools) else ()
    if not (words or exchange.found):
        return plain(request)
    return replace(
        request,
        system=_SYSTEM,
        messages=(*_examples(), *_shortened(earlier), *exchange.asked(_QUESTION)),
        tools=(_search(words),),
        tool_choice="none" if exchange.found else request.tool_choice,
        parameters=_parameters(request.parameters),
    )


def plain(request: ModelRequest) -> ModelRequest:
    """The request without tools and examples: for small talk, and where the other one failed."""
    *earlier, exchange = _exchanges(request.messages) or [_Round("")]
    return replace(
        request,
        system=_SYSTEM_WITHOUT_TOOL,
        messages=(*_shortened(earlier), *exchange.asked(_QUESTION)),
        tools=(),
        tool_choice="auto",
        parameters=_parameters(request.parameters),
    )


@dataclass(slots=True)
class _Round:
    """A question, what was looked for, and the answer so far."""

    question: str
    found: tuple[ToolCall, str] | None = None
    """The last call, and its result in the form that the model can copy."""
    answer: str = ""

    def asked(self, room: int) -> Iterator[Message]:
        """The question in no more than so many bytes, and what was found."""
        yield UserMessage((TextContent(_cut(self.question, room)),))
        if self.found:
            call, text = self.found
            yield AssistantMessage("", (call,))
            yield ToolMessage((ToolResult(call.id, call.name, text),))

    def whole(self) -> Iterator[Message]:
        """All of it, shortened."""
        yield from self.asked(_EARLIER)
        yield AssistantMessage(_cut(self.answer, _FOUND))


def _exchanges(messages: tuple[Message, ...]) -> list[_Round]:
    exchanges: list[_Round] = []
    for is_user, group in groupby(messages, key=lambda message: isinstance(message, UserMessage)):
        if is_user:
            exchanges.append(_Round(_question(group)))
        elif exchanges:
            _take(exchanges[-1], group)
    return exchanges


def _question(messages: Iterable[Message]) -> str:
    """The last of the user's messages in a row: the others were cancelled before an answer. Of its texts the last: what
    an editor says of its state stands before it, and would lead such a model astray.
    """
    *_, last = messages
    blocks = last.content if isinstance(last, UserMessage) else ()
    texts = [block.text for block in blocks if isinstance(block, TextContent)]
    return "\n\n".join((*_attached(blocks), *texts[-1:]))


def _attached(blocks: Iterable[ContentBlock]) -> Iterator[str]:
    """The beginning of what was attached; the question itself stands behind it, where such a model looks first."""
    for block in blocks:
        if isinstance(block, Resource):
            yield _cut(block.text, _QUESTION // 3)
            return


def _take(exchange: _Round, messages: Iterable[Message]) -> None:
    calls: dict[str, ToolCall] = {}
    for message in messages:
        if isinstance(message, AssistantMessage):
            calls |= {call.id: call for call in message.calls}
            exchange.answer = message.text
        elif isinstance(message, ToolMessage):
            exchange.answer = ""
            found = [(calls[result.call_id], result) for result in message.results if result.call_id in calls]
            exchange.found = next(((call, _digest(call, result)) for call, result in reversed(found)), exchange.found)


def _shortened(earlier: list[_Round]) -> Iterator[Message]:
    """The exchange before this one, if it was answered."""
    for exchange in earlier[-1:]:
        if exchange.answer:
            yield from exchange.whole()


def _examples() -> Iterator[Message]:
    for index, (question, word, files) in enumerate(_EXAMPLES):
        call = ToolCall(f"example{index:02}", _TOOL, {"pattern": word})
        found = _listed(word, files)
        yield from _Round(question, (call, found), f"The word {found}").whole()


def _digest(call: ToolCall, result: ToolResult) -> str:
    """The files in which most was found, in the form that the examples show."""
    word = _cut(str(call.arguments.get("pattern", "")), 40)
    files = Counter(_MATCH.findall(result.text))
    if files and not result.is_error:
        return _cut(_listed(word, [name for name, _ in files.most_common(_FILES)], len(files)), _FOUND)
    if result.text.startswith("no match"):
        return _listed(word, ())
    return _cut(result.text, _FOUND)


def _listed(word: str, files: Iterable[str], count: int | None = None) -> str:
    """
    >>> _listed("FIXME", ("lib/a.c",))
    'FIXME is in 1 file:\\n- lib/a.c'
    """
    names = tuple(files)
    count = count or len(names)
    if not names:
        return f"{word} is in no file."
    return "\n- ".join((f"{word} is in {count} {'file' if count == 1 else 'files'}:", *names))


def _words(question: str) -> Iterable[str]:
    """What the question may be about: what is quoted, else names of a program, else words that are not ordinary.

    >>> list(_words('Where is the wire protocol described? Search for "protocol".'))
    ['protocol']
    >>> list(_words("Find every place that raises SettingsError."))
    ['SettingsError']
    >>> list(_words("How does the daemon read its settings?"))
    ['daemon', 'read', 'settings']
    >>> list(_words("What can you do?"))
    []
    """
    if quoted := _QUOTED.findall(question):
        return quoted
    words = [word for word in _WORD.findall(question) if 2 <= len(word) <= 40 and word.lower() not in _NOT_LOOKED_FOR]
    return [word for word in words if _NAME.search(word)] or words


def _search(words: tuple[str, ...]) -> ToolSpec:
    pattern: JsonObject = {"type": "string", "description": "The word to look for."}
    schema = {
        "type": "object",
        "properties": {"pattern": pattern | ({"enum": list(words)} if words else {})},
        "required": ["pattern"],
        "additionalProperties": False,
    }
    return ToolSpec(_TOOL, "Find a word in all files of the workspace.", schema)


def _parameters(asked: Parameters) -> Parameters:
    longest = min(asked.max_output_tokens or _ANSWER, _ANSWER)
    return Parameters(max_output_tokens=longest, temperature=asked.temperature or 0)


def _cut(text: str, size: int) -> str:
    """No more than so many bytes of UTF-8.

    >>> _cut("größe", 3), _cut("größe", 4)
    ('gr', 'grö')
    """
    return text.encode("utf-8", "replace")[:size].decode("utf-8", "ignore")
