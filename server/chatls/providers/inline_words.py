"""The words of all families, in the sets that the reader of the answer looks for. Knows the table; reads nothing."""

from functools import cache

from chatls.providers.inline_families import CLOSERS, ENVELOPES, FAMILIES, OPENERS, THINKING, TURN_ENDS
from chatls.providers.inline_source import Words

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

LAST = frozenset(TURN_ENDS)
EVERYWHERE = frozenset((*CALLS, *THINKING, *ENVELOPES, *LAST)) - {STEPS}
DROPPED_FIRST = ENDS
DROPPED_BEHIND = frozenset((*CLOSERS, *ENDS, ";"))

CALL = Words(CALLS)
THINK = Words(THINKING)
END = Words(ENDS)
ANYWHERE = Words((*EVERYWHERE, "```"))
ON_A_LINE = Words((*LINE_OPENERS, *FENCES, "{", "["))
BEHIND_LAST = Words((*EVERYWHERE, *LINE_OPENERS))
BEHIND = Words((*EVERYWHERE, *DROPPED_BEHIND))
CLOSER = Words((*CLOSERS, ";"))


@cache
def in_thinking(closers: frozenset[str]) -> Words:
    """What counts inside thinking that one of these closes."""
    return Words((*closers, *CALLS, *LAST))


@cache
def at_first(names: tuple[str, ...]) -> Words:
    """What counts at the beginning of a reply. Rare beginnings of calls only where there may be some."""
    rare = (*FENCES, ALL, RECIPIENT_FIRST, *names) if names else ()
    return Words((*EVERYWHERE, *DROPPED_FIRST, STEPS, *rare))
