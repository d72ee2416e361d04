"""Escapes text for a person who is to agree to it: nothing is hidden, reversed (bidi) or pushed out of sight. Pure."""

import re
import unicodedata

LONGEST_NAME = 200
"""Characters of a name that a server gave, as it is shown."""
_HIDDEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Co", "Cs", "Cn"})
_BLANK = frozenset(
    chr(code)
    for first, last in (
        (0x34F, 0x34F),
        (0x115F, 0x1160),
        (0x17B4, 0x17B5),
        (0x180B, 0x180F),
        (0x2800, 0x2800),
        (0x3164, 0x3164),
        (0xFE00, 0xFE0F),
        (0xFFA0, 0xFFA0),
        (0xE0100, 0xE01EF),
    )
    for code in range(first, last + 1)
)
"""Fillers and variation selectors: letters and marks by category, and yet nothing to see (Unicode,
Default_Ignorable_Code_Point)."""
_WIDE = re.compile(r"([ \t]{9,})")
_ODD = re.compile(r"[^\x20-\x7e]")
_OBEYED = re.compile(r"(?!\r\n)[\x00-\x08\x0b\x0d-\x1f\x7f-\x9f]")


def is_hidden(letter: str) -> bool:
    r"""Whether a character cannot be seen for what it is.

    >>> [is_hidden(letter) for letter in ("a", " ", "é", "\n", "\u202e", "\u00a0", "\u3164")]
    [False, False, False, True, True, True, True]
    """
    if letter in _BLANK:
        return True
    category = unicodedata.category(letter)
    return category in _HIDDEN or (category == "Zs" and letter != " ")


def harmless(text: str) -> str:
    r"""A text in which no terminal finds anything to obey; line ends, tabs and form feeds stay. For what is data: all
    other letters stay as well.

    >>> harmless("a\x1b[2J\r\n\u202eb") == "a\ufffd[2J\r\n\u202eb"
    True
    """
    return _OBEYED.sub("\ufffd", text)


def shows(text: str) -> bool:
    """Whether every character of a line can be seen for what it is. Quick."""
    return text.isprintable() and (text.isascii() or _BLANK.isdisjoint(text))


def escaped(letter: str) -> str:
    r"""A character by its number.

    >>> print(escaped("\u202e"))
    \u{202E}
    """
    return f"\\u{{{ord(letter):04X}}}"


def visible(text: str) -> str:
    r"""All of a text; its lines are numbered if there are several.

    Control characters, invisible ones, and spaces that are not plain stand as their numbers; of more than eight
    spaces and tabs in a row only their number is told.

    >>> print(visible("ls\u202e" + 20 * " " + "; id"))
    ls\u{202E}⟨20 spaces⟩; id
    >>> print(visible("ls\nid"))
    1: ls
    2: id
    """
    lines = [_line(line) for line in text.split("\n")]
    if len(lines) == 1:
        return lines[0]
    width = len(str(len(lines)))
    return "\n".join(f"{number:>{width}}: {line}" for number, line in enumerate(lines, 1))


def visible_line(text: str, most: int = 120) -> str:
    r"""The beginning of a text in one line of at most `most` characters; line ends stand as their numbers, too.

    >>> print(visible_line("ls\nid"), visible_line("abcdef", 4))
    ls\u{000A}id abc…
    """
    line = _line(text[: most + 1])
    return line if len(line) <= most else f"{line[: most - 1]}…"


def _line(text: str) -> str:
    parts = _WIDE.split(text)
    return "".join(_wide(part) if place % 2 else _ODD.sub(_shown, part) for place, part in enumerate(parts))


def _shown(match: re.Match[str]) -> str:
    return escaped(match[0]) if is_hidden(match[0]) else match[0]


def _wide(run: str) -> str:
    kind = "spaces and tabs" if "\t" in run else "spaces"
    return f"⟨{len(run)} {kind}⟩"
