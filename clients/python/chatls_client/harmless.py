"""Foreign text made harmless: no control character of a model, a tool or a file ever reaches the terminal.

Character by character, so that text comes out the same however it was cut into chunks.
"""

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
