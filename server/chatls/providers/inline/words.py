"""The words of all families, in the sets that the reader of the answer looks for. Knows the table; reads nothing."""

import re
from collections.abc import Iterable
from functools import cache

from chatls.providers.inline.families import CLOSERS, ENVELOPES, FAMILIES, OPENERS, THINKING, TURN_ENDS
from chatls.providers.inline.source import Words

FENCES = frozenset(("```", "~~~"))
ENDS = frozenset(THINKING.values())
HARMONY = frozenset(opener for opener in OPENERS if OPENERS[opener][0].body == "harmony")
LINE_OPENERS = frozenset(opener for family in FAMILIES if family.place == "line" for opener in family.openers)
CALLS = frozenset(OPENERS) - LINE_OPENERS

STEPS = "Here are my reasoning steps:\n"
"""Opens thinking at the beginning of a reply only."""

ALL = "all\n"
"""Before an answer of functionary whose mark was part of the prompt."""

RECIPIENT_FIRST = "to="
"""A header of gpt-oss whose beginning was part of the prompt."""

SPELLED = frozenset(("assistantanalysis", "assistantcommentary", "assistantfinal"))
"""Where messages of gpt-oss begin if the server left out their marks."""

SPELLED_FIRST = frozenset((*SPELLED, "analysis", "commentary to="))

ECHOES = frozenset((
    "<|im_start|>assistant", "<|start_header_id|>assistant<|end_header_id|>",
    "<|start_of_role|>assistant<|end_of_role|>",
))  # fmt: skip
"""What the template should have written before the reply."""

LAST = frozenset(TURN_ENDS)
EVERYWHERE = frozenset((*CALLS, *THINKING, *ENVELOPES, *LAST)) - {STEPS}
DROPPED_FIRST = ENDS | ECHOES
DROPPED_BEHIND = frozenset((*CLOSERS, *ENDS, ";"))

CALL = Words(CALLS)
THINK = Words(THINKING)
END = Words(ENDS)
FENCE = Words(FENCES)
ANYWHERE = Words((*EVERYWHERE, "```"))
ON_A_LINE = Words((*LINE_OPENERS, *FENCES, "{", "["))
BEHIND_LAST = Words((*EVERYWHERE, *LINE_OPENERS))
BEHIND = Words((*EVERYWHERE, *DROPPED_BEHIND))
BEHIND_SPELLED = Words((*EVERYWHERE, *DROPPED_BEHIND, *SPELLED))
CLOSER = Words((*CLOSERS, ";"))


IN_A_LINE = {
    spelled: (looked_for, re.compile(rf"{looked_for.beginning.pattern}|\n"))
    for spelled, looked_for in ((False, ANYWHERE), (True, Words((*EVERYWHERE, *SPELLED, "```"))))
}
"""What counts inside a line, and where to look for it; by whether gpt-oss writes without its marks."""


@cache
def in_thinking(closers: frozenset[str]) -> Words:
    """What counts inside thinking that one of these closes."""
    return Words((*closers, *CALLS, *LAST))


@cache
def at_first(tools: tuple[str, ...]) -> Words:
    """What counts at the beginning of a reply. Rare beginnings of calls only where there may be some."""
    rare = (*FENCES, ALL, RECIPIENT_FIRST, *SPELLED_FIRST, *names_first(tools)) if tools else ()
    return Words((*EVERYWHERE, *DROPPED_FIRST, STEPS, *rare))


def names_first(tools: Iterable[str]) -> dict[str, str]:
    """How a reply may begin with a tool's name: on a line of its own, or where the marks around it were left out (those
    of Mistral, and of Kimi).
    """
    return {form: name for name in tools for form in (f"{name}\n", f"{name}{{", f"functions.{name}:")}
