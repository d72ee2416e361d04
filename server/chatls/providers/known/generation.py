"""How a prompt ends, by the model's chat template: whether it opens the model's thinking. Pure; runs no template.

A template is a program, and nobody's but the server's to run. What is read here is its end alone, with every variable
as it is where nobody sets it: a wrong answer costs a reply that is shown twice, or one whose thinking is known late.
"""

import re
from collections.abc import Iterator

from chatls.providers.inline.marks import THINKING

_ACTION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
_PARTS = re.compile(r"\{%-?\s*(?P<tag>.*?)\s*-?%\}|\{\{-?\s*(?P<said>.*?)\s*-?\}\}|(?P<text>[^{]+|\{)", re.DOTALL)
_ASKED = "add_generation_prompt"
_LITERAL = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_LITERALS = re.compile(_LITERAL)
_CHOICE = re.compile(rf"\(?\s*(?P<yes>{_LITERAL})\s+if\s+(?P<asks>.+?)\s+else\s+(?P<no>{_LITERAL})\s*\)?", re.DOTALL)
_ON_BY_ITSELF = re.compile(r"if\s+(?P<name>[\w.]+)\s+is\s+(?:undefined|not defined)\b.{0,60}?=\s*true\b", re.DOTALL)
_ATOM = re.compile(r"(?P<name>[\w.]+)(?:\s+is\s+(?P<test>(?:not\s+)?\w+)|\s*(?P<equal>[=!]=)\s*(?P<value>\w+))?")


def opens_thinking(template: str) -> bool:
    r"""Whether the prompt that a Jinja template makes ends with the beginning of thinking.

    >>> opens_thinking("{% if add_generation_prompt %}{{ '<|im_start|>assistant\n<think>\n' }}{% endif %}")
    True
    >>> opens_thinking("{% if add_generation_prompt %}{{ '<think>' if thinking else '<think></think>' }}{% endif %}")
    False
    """
    head, asked, tail = _COMMENT.sub("", template).rpartition(_ASKED)
    if not asked:
        return False
    tail = head[head.rfind("{%") :] + asked + tail
    on = frozenset(found["name"] for found in _ON_BY_ITSELF.finditer(template))
    return _begins("".join(_said(tail, on)))


def opens_thinking_in_go(template: str) -> bool:
    r"""The same of a template of Ollama's, which is Go's.

    >>> opens_thinking_in_go("{{ if .Prompt }}<|User|>{{ .Prompt }}{{ end }}<|Assistant|><think>\n{{ .Response }}")
    True
    """
    return _begins(_ACTION.sub("", template))


def _begins(prompt: str) -> bool:
    return prompt.rstrip().endswith(tuple(mark.rstrip() for mark in THINKING))


def _said(tail: str, on: frozenset[str]) -> Iterator[str]:
    """What the end of a template says, branch by branch."""
    taken: list[tuple[bool, bool]] = []
    for part in _PARTS.finditer(tail):
        tag, said, text = part["tag"], part["said"], part["text"]
        here = all(now for now, _ in taken)
        if tag is None:
            if here:
                yield text if said is None else _printed(said, on)
            continue
        word, _, asks = tag.partition(" ")
        match word:
            case "if" | "for":
                holds = word == "if" and _holds(asks, on)
                taken.append((holds, holds))
            case "elif" if taken:
                holds = not taken[-1][1] and _holds(asks, on)
                taken[-1] = (holds, holds or taken[-1][1])
            case "else" if taken:
                taken[-1] = (not taken[-1][1], True)
            case "endif" | "endfor" if taken:
                taken.pop()
            case _:
                pass


def _printed(expression: str, on: frozenset[str]) -> str:
    """The texts of an expression, joined."""
    if re.match(r"open_tag\(\s*'think'", expression) and _holds(expression.partition(" if ")[2].partition(" ")[0], on):
        return "<|open|>think<|sep|>"  # Kimi K3's own macro.
    chosen = _CHOICE.sub(lambda found: found["yes" if _holds(found["asks"], on) else "no"], expression)
    return "".join(_unquoted(found.group()) for found in _LITERALS.finditer(chosen))


def _unquoted(literal: str) -> str:
    return literal[1:-1].replace("\\n", "\n").replace("\\'", "'").replace('\\"', '"')


def _holds(condition: str, on: frozenset[str]) -> bool:
    """Whether it holds where no variable is set but these."""
    if _ASKED in condition:
        return True
    bare = condition.replace("(", " ").replace(")", " ")
    return any(all(_atom(one.strip(), on) for one in re.split(r"\band\b", some)) for some in re.split(r"\bor\b", bare))


def _atom(asks: str, on: frozenset[str]) -> bool:
    if asks.startswith("not "):
        return not _atom(asks[4:].strip(), on)
    found = _ATOM.fullmatch(asks)
    if found is None:
        return False
    known = found["name"] in on
    match found["test"] or found["equal"]:
        case None | "true":
            return known
        case "defined":
            return known
        case "undefined" | "not defined":
            return not known
        case "not false":
            return True
        case "==":
            return known and found["value"].lower() == "true"
        case "!=":
            return not (known and found["value"].lower() == "true")
        case _:
            return False
