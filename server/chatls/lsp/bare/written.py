"""The Markdown that a person reads and writes in an editor without a plugin: a session as one text. Pure."""

import re
from urllib.parse import unquote

from chatls.agent.accepted import Ended
from chatls.content import Position, Range
from chatls.events import Event, Notice, Reclassified, Retry, StepEnd, TextChunk, ToolCallEnd, ToolRunEnd
from chatls.visible import visible_line

WRITE_HERE = '_Write below this line, then choose the code action "Send"._'
"""What a person writes stands below the last such line."""
ONLY_READS = "This editor cannot ask for permission, so chatls only reads: it has changed nothing."

_YOU, _ANSWER = "## You", "## chatls"
_ABOUT = re.compile(r"\A# .*\(<(?P<uri>[^>\s]+?)(?:#L(?P<first>\d{1,9})(?:-L(?P<last>\d{1,9}))?)?>\)")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")


def lines_of(part: Range) -> tuple[int, int]:
    """The first and the last line that a range touches, from 1.

    >>> lines_of(Range(Position(0, 0), Position(2, 0)))
    (1, 2)
    """
    first = part.start.line + 1
    return first, max(part.end.line + (1 if part.end.character else 0), first)


def place(uri: str | None, part: Range | None) -> str:
    """A place in words: "calc.py, lines 1-2".

    >>> place("file:///ws/calc.py", Range(Position(0, 0), Position(2, 0)))
    'calc.py, lines 1-2'
    """
    name = visible_line(unquote((uri or "").rstrip("/").rpartition("/")[2]))
    if part is None:
        return name
    first, last = lines_of(part)
    return f"{name}, line {first}" if first == last else f"{name}, lines {first}-{last}"


def head(title: str, uri: str | None, part: Range | None) -> str:
    """The first line of a session's file; `about` reads it again."""
    if uri is None:
        return f"# {title}\n"
    first, last = lines_of(part) if part else (0, 0)
    fragment = "" if part is None else f"#L{first}" if first == last else f"#L{first}-L{last}"
    label = place(uri, part).replace("[", "(").replace("]", ")")
    return f"# {title} [{label}](<{uri}{fragment}>)\n"


def title(text: str) -> str:
    """What a session's file is called.

    >>> title(head("Explain", "file:///ws/calc.py", None))
    'Explain calc.py'
    """
    return text.partition("\n")[0].removeprefix("# ").partition("](<")[0].replace("[", "")


def about(text: str) -> tuple[str, Range | None] | None:
    """The document and the whole lines that a session's file is about.

    >>> about(head("About", "file:///ws/calc.py", Range(Position(0, 2), Position(1, 3))))
    ('file:///ws/calc.py', Range(start=Position(line=0, character=0), end=Position(line=2, character=0)))
    """
    found = _ABOUT.match(text)
    if found is None:
        return None
    if found["first"] is None:
        return found["uri"], None
    first = max(int(found["first"]), 1)
    last = max(int(found["last"] or first), first)
    return found["uri"], Range(Position(first - 1, 0), Position(last, 0))


def draft(text: str) -> str:
    """A text with a place to write in behind it."""
    return f"{text.rstrip()}\n\n{WRITE_HERE}\n\n"


def words_below(text: str) -> str:
    """What a person wrote, and did not send yet."""
    _, mark, words = text.rpartition(WRITE_HERE)
    return words.strip() if mark else ""


def answered(text: str) -> bool:
    """Whether something in it was sent before."""
    return f"\n{_ANSWER}\n" in text


def asking(text: str, words: str = "") -> str:
    """A text that goes on with what a person says, and has the answer behind it."""
    before, mark, _ = text.rpartition(WRITE_HERE)
    said = f"\n\n{_YOU}\n\n{words}" if words else ""
    return f"{(before if mark else text).rstrip()}{said}\n\n{_ANSWER}\n\n"


class WrittenAnswer:
    """An answer as it grows."""

    def __init__(self) -> None:
        self._text = ""
        self._reply = 0
        """Where the reply begins that is being written."""
        self._titles: dict[str, str] = {}

    @property
    def text(self) -> str:
        """All of it."""
        return self._text

    def hear(self, event: Event) -> None:
        """`Listener`."""
        match event:
            case TextChunk():
                self._text += event.text
            case Reclassified():
                self._text = self._text[: self._reply] + self._text[self._reply + event.length :]
            case ToolCallEnd():
                self._titles[event.tool_call_id] = event.title
            case ToolRunEnd():
                self._note(f"{self._titles.get(event.tool_call_id) or 'a call'}: {event.status}")
            case Retry() | Notice():
                self._note(event.text)
            case StepEnd():
                self._reply = len(self._text)
            case _:
                pass

    def end(self, ended: Ended, *, asks: bool) -> None:
        """It is whole, or there will be no more. `asks`: the editor can put a question to a person."""
        if ended.error is not None:
            self.fail(ended.error.message)
        elif ended.stop_reason != "end_turn":
            self._note(f"({ended.stop_reason})")
        if not asks:
            self._note(ONLY_READS)
        self._close()

    def fail(self, words: str) -> None:
        """There is none, and why."""
        self._note(f"**It failed:** {words}")
        self._close()

    def _note(self, words: str) -> None:
        self._close()
        gap = "\n\n" if self._text else ""
        quoted = "\n".join(f"> {line}" for line in words.splitlines() or [""])
        self._text = f"{self._text.rstrip()}{gap}{quoted}\n\n"
        self._reply = len(self._text)

    def _close(self) -> None:
        """End a block of code that is still open: what follows is not of it."""
        if fence := _open_fence(self._text):
            self._text = f"{self._text.rstrip()}\n{fence}\n"


def _open_fence(text: str) -> str:
    """What would close the block of code in which a text ends.

    >>> _open_fence("a\\n```py\\nb"), _open_fence("```\\n~~~\\n```")
    ('```', '')
    """
    fence = ""
    for line in text.splitlines():
        found = _FENCE.match(line)
        if found is None:
            continue
        if not fence:
            fence = found[1]
        elif found[1].startswith(fence) and not found[2].strip():
            fence = ""
    return fence
