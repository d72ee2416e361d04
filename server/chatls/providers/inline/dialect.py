"""What a row of the table of families says: one way to write a call, and how parameters stand between tags. Pure."""

import re
from typing import Literal

from chatls.values import dataclass

OWN_SUFFIX = "\ufdd0"
"""In the table: the suffix that a checkpoint gives its marks, whatever it is (see suffix.py). No character of texts."""


VLLM = "vllm-project/vllm: vllm/tool_parsers"
SGLANG = "sgl-project/sglang: python/sglang/srt/function_call"
LLAMA = "ggml-org/llama.cpp: models/templates"
"""Where rows come from."""

NAMED = ('<function name="', "<function name='", '<functionname="', '<function\u0120name="')
"""Some servers lose the blank, or show it as their tokenizer has it."""
SEPARATORS = ("<\uff5ctool▁sep\uff5c>", "<\uff5ctool_sep\uff5c>")
FUNCTION = r"\s*(?:function)?\s*"
"""What DeepSeek writes in front of a separator, and that."""


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
    same: str = ""
    """How a tag begins that `close` closes; "": as in XML."""
    others: tuple[str, ...] = ()
    """What some write instead of `close`: whether it closes anything, nobody knows."""


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
    skip: str = ""
    """Regular expression of what may stand in front of one of those words."""
    after: str | None = None
    """Regular expression of what follows the name up to the arguments; None: the name is never written that way."""
    body: CallBody = "json"
    tags: Tags | None = None
    quote: str = ""
    """What stands around texts, where they have a mark of their own."""
    closers: tuple[str, ...] = ()
    """What may stand behind a call and is dropped there."""
    place: Literal["anywhere", "line"] = "anywhere"
    source: str = ""
    """A public parser or template that has it: repository, path."""


def attributes(prefix: str, tag: str = "parameter", end: str = "invoke") -> Tags:
    """Tags that name what they hold in an attribute."""
    opening = rf'<{re.escape(prefix)}{tag}\s+name=["\'](?P<key>[^"\'>]*)["\'](?:\s+string="(?P<kind>\w+)")?\s*>'
    others = (f"</{tag}>",) if prefix else ()
    return Tags(opening, f"</{prefix}{tag}>", f"</{prefix}{end}>", f"<{prefix}{tag} ", others=others)


def pairs(suffix: str = "", call: str = "tool_call", arg: str = "arg") -> Tags:
    """Tags for a key and for its value; Z.ai's model leaves two of them out: `<arg_key>path=a.py</arg_value>`."""
    tail = re.escape(f"{suffix}>")
    opening = rf"<{arg}_key{tail}\s*+(?P<key>[^<=]*?)\s*+(?:</{arg}_key{tail}\s*<{arg}_value{tail}|=)"
    return Tags(opening, f"</{arg}_value{suffix}>", f"</{call}{suffix}>", f"<{arg}_key{suffix}>")


def paired(name: str, call: str, source: str, arg: str = "arg") -> Family:
    """A family of such tags, with the name in front of them, in a tag of its own; or JSON in that."""
    after = rf"\s*(?=<{arg}_key>|</{call}>)"
    closers = (f"</{call}>",)
    return Family(
        name, (f"<{call}>",), after=after, body="tags", tags=pairs("", call, arg), closers=closers, source=source
    )


def invoked(name: str, prefix: str, source: str, envelopes: tuple[str, ...] = ()) -> tuple[Family, ...]:
    """A family whose calls are elements `invoke`: with an element for each parameter, or with JSON in them."""
    openers = (f'<{prefix}invoke name="', f"<{prefix}invoke name='")
    close = (f"</{prefix}invoke>", *(f"</{one}>" for one in envelopes))
    inner = rf"[\"']\s*>\s*(?=<{re.escape(prefix)}parameter |</{re.escape(prefix)}invoke)"
    return (
        *((Family(name, tuple(f"<{one}>" for one in envelopes), source=source),) if envelopes else ()),
        Family(name, openers, after=inner, body="tags", tags=attributes(prefix), closers=close, source=source),
        Family(f"{name}, JSON", openers, after=r"[\"']\s*>\s*(?=\{)", source=source),
    )


def around(name: str, opener: str, closer: str = "", source: str = "") -> Family:
    """A family with one mark, and JSON behind it that names the tool."""
    return Family(name, (opener,), closers=(closer,) if closer else (), source=source)
