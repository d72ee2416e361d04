"""What a program wrote for a terminal (ANSI escape sequences) as plain text, however it is cut. Pure.

Colours, cursor movements, window titles and clipboard commands are gone; of a line that was written anew and anew, as
progress bars are, the last state is kept; other characters that cannot be seen are shown.
"""

import re
from functools import lru_cache

from chatls.visible import escaped, is_hidden, shows

_LONGEST_LINE = 16384
"""Characters of a line that are held back, in case that it is written anew."""
_LONGEST_HELD = 4096
"""Characters of a sequence that has no end yet; of a longer one the rest is dropped as it comes."""

_CONTROL = r"(?:\x1b\[|\x9b)[0-?]{0,256}[ -/]{0,16}"
"""A control sequence but for its end (ECMA-48, 5.4)."""
_STRING = r"(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x18\x1a\x1b\x9c\n]*"
"""An operating system command, a device control string, ... but for its end (ECMA-48, 5.6)."""
_STRING_END = r"\x07|\x1b\\|[\x18\x1a\x9c]|(?=\n|\x1b[^\\])"
"""As terminals take it; and none swallows more than its line."""
_SEQUENCE = re.compile(rf"{_CONTROL}[@-~]|{_STRING}(?:{_STRING_END})|\x1b[ -/]{{0,16}}[0-OQ-WYZ\\`-~]")
_OPEN = re.compile(rf"(?:{_CONTROL}|(?P<string>{_STRING})\x1b?|\x1b[ -/]{{0,16}})\Z")
_END = re.compile(_STRING_END)
_BEGINNING = re.compile(r"[\x1b\x80-\x9f]")
_ODD = re.compile(r"[^ -~\n\r\t\x08]+")
_MOVES = re.compile(r"(\n|\r|\x08+)")
_DROPPED = frozenset("\x07\x0e\x0f\ufe0e\ufe0f")
"""A bell, shifts between character sets, and whether a sign is shown in colour: nothing is lost."""


class Plain:
    """Makes one stream plain."""

    def __init__(self) -> None:
        self._held = ""
        self._in_string = False
        self._returned = False
        self.line = ""
        """The line that is not finished: its last state."""

    def feed(self, text: str) -> str:
        r"""What is finished by this piece: whole lines, and parts of very long ones.

        >>> plain = Plain()
        >>> plain.feed("10%\r20%\r\n\x1b[3"), plain.feed("1mred"), plain.line
        ('20%\n', '', 'red')
        """
        if not self._held and not self._in_string and _is_easy(text):
            return self._moved(text)
        return self._moved(_neutral(self._stripped(text)))

    def finish(self) -> str:
        """The rest: there is no more."""
        self._held = ""
        line, self.line = self.line, ""
        return line

    def _stripped(self, text: str) -> str:
        """Without sequences; one that is not complete is held back."""
        text = self._held + text
        self._held = ""
        if self._in_string:
            end = _END.search(text)
            if end is None:
                self._held = "\x1b" if text.endswith("\x1b") else ""
                return ""
            self._in_string, text = False, text[end.end() :]
        kept, at = list[str](), 0
        while begin := _BEGINNING.search(text, at):
            kept.append(text[at : begin.start()])
            if sequence := _SEQUENCE.match(text, begin.start()):
                at = sequence.end()
            elif begun := _OPEN.match(text, begin.start()):
                self._hold(begun)
                return "".join(kept)
            else:  # begins nothing
                kept.append(begin[0])
                at = begin.end()
        return "".join((*kept, text[at:]))

    def _hold(self, begun: re.Match[str]) -> None:
        """Wait for the end of a sequence; of a very long one nothing but that is kept."""
        self._held = begun[0]
        if begun["string"] and len(begun[0]) > _LONGEST_HELD:
            self._in_string, self._held = True, "\x1b" if begun[0].endswith("\x1b") else ""

    def _moved(self, text: str) -> str:
        """Carriage returns and backspaces carried out."""
        if self._returned or "\r" in text or "\x08" in text:
            finished = "".join(map(self._move, _MOVES.split(text)))
        else:
            whole, newline, rest = text.rpartition("\n")
            finished, self.line = (f"{self.line}{whole}\n", rest) if newline else ("", self.line + rest)
        if len(self.line) > _LONGEST_LINE:
            finished, self.line = finished + self.line, ""
        return finished

    def _move(self, part: str) -> str:
        match part[:1]:
            case "":
                return ""
            case "\n":
                line, self.line, self._returned = self.line, "", False
                return f"{line}\n"
            case "\r":
                self._returned = True
            case "\x08":
                self.line = self.line[: -len(part)]
            case _:
                self.line = part if self._returned else self.line + part
                self._returned = False
        return ""


def plain(text: str) -> str:
    r"""The whole of a text.

    >>> plain("\x1b[1mbold\x1b[0m \x1b]52;c;aGk=\x07\a")
    'bold '
    """
    stream = Plain()
    return stream.feed(text) + stream.finish()


def _is_easy(text: str) -> bool:
    """Whether nothing is to be stripped or shown."""
    return shows(text.replace("\n", "").replace("\t", "").replace("\r", ""))


def _neutral(text: str) -> str:
    if _is_easy(text):
        return text
    return _ODD.sub(_shown, text)


def _shown(match: re.Match[str]) -> str:
    run = match[0]
    return run if shows(run) else "".join(map(_letter, run))


@lru_cache(1024)
def _letter(letter: str) -> str:
    if letter in _DROPPED:
        return ""
    if letter < "\xa0":
        return "\ufffd"
    is_space = letter.isspace() and letter not in "\u2028\u2029"
    return escaped(letter) if is_hidden(letter) and not is_space else letter
