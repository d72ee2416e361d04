"""Foreign text made harmless: no control character of a model, a tool or a file ever reaches the terminal.

Character by character, so that text comes out the same however it was cut into chunks.
"""

import re

_DROPPED = [*range(0x20), *range(0x7F, 0xA0)]
_SHOWN = [
    *(0x061C, 0x200B, 0x200E, 0x200F, 0xFEFF),  # marks and spaces without a width
    *range(0x2028, 0x202F),  # separators, embeddings and overrides of direction
    *range(0x2066, 0x206A),  # isolates
    *range(0xE0000, 0xE0080),  # tags: text that nobody sees
]
_KEPT: dict[int, str | None] = {0x09: "\t", 0x0A: "\n"}
_CONTROLS: dict[int, str | None] = dict.fromkeys(_DROPPED) | _KEPT
_SURROGATES: dict[int, str | None] = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")
_PLAIN = _CONTROLS | _SURROGATES
_FOR_EYES = _PLAIN | {code: f"<U+{code:04X}>" for code in _SHOWN} | {0x09: "    "}


def harmless(text: str) -> str:
    r"""For a terminal: control characters gone, but for line ends; tabs as spaces; what turns or hides text shown.

    >>> harmless("a\x1b[31mb\u202ec\td")
    'a[31mb<U+202E>c    d'
    """
    return text.translate(_FOR_EYES)


def plain(text: str) -> str:
    r"""For a pipe: control characters gone, but for line ends and tabs; everything else as it is.

    >>> plain("a\x1b[31mb\u202ec\td\r\n")
    'a[31mb\u202ec\td\n'
    """
    return text.translate(_PLAIN)


def one_line(text: str) -> str:
    r"""Harmless, on one line.

    >>> one_line("a\n  b")
    'a b'
    """
    return " ".join(harmless(text).split())


_BLANK = "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
"""Printable as Unicode has it, and yet nothing that an eye can see."""
_DOUBTFUL = re.compile("[^ -~]")
_LINE_END = "\n"
_PADDING = re.compile(" {40,}")
_EMPTY_LINES = re.compile("\n(?:[ ]*\n){12,}")


def visible(text: str) -> str:
    r"""For a person who decides: nothing is dropped, nothing is invisible, and blanks push nothing out of sight.

    Line ends stay; a tab becomes spaces.

    >>> visible("a\x1b[31mb\u202ec\u200b" + " " * 300 + "d")
    'a\\u{001B}[31mb\\u{202E}c\\u{200B}⟨300 spaces⟩d'
    """
    shown = _DOUBTFUL.sub(_shown, text)
    shown = _PADDING.sub(lambda found: f"⟨{len(found[0])} spaces⟩", shown)
    return _EMPTY_LINES.sub(lambda found: f"\n⟨{found[0].count(_LINE_END) - 1} empty lines⟩\n", shown)


def _shown(found: re.Match[str]) -> str:
    character = found[0]
    if character == "\n":
        return character
    if character == "\t":
        return "    "
    selector = 0xFE00 <= ord(character) <= 0xFE0F or 0xE0100 <= ord(character) <= 0xE01EF
    if character.isprintable() and character not in _BLANK and not selector:
        return character
    return f"\\u{{{ord(character):04X}}}"
