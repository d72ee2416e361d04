"""The words of all families, in the sets that the reader of the answer looks for. Knows the table; reads nothing."""

from chatls.providers.inline_families import CLOSERS, ENVELOPES, FAMILIES, OPENERS, THINKING
from chatls.providers.inline_source import Words

FENCES = frozenset(("```", "~~~"))
ENDS = frozenset(THINKING.values())
HARMONY = frozenset(opener for opener in OPENERS if OPENERS[opener][0].body == "harmony")
LINE_OPENERS = frozenset(opener for family in FAMILIES if family.place == "line" for opener in family.openers)
CALLS = frozenset(OPENERS) - LINE_OPENERS

STEPS = "Here are my reasoning steps:\n"
"""Opens thinking at the beginning of a reply only."""

RECIPIENT_FIRST = "to="
"""A header of gpt-oss whose beginning was part of the prompt."""

EVERYWHERE = frozenset((*CALLS, *THINKING, *ENVELOPES)) - {STEPS}
DROPPED_FIRST = frozenset((*ENDS, "all\n"))
DROPPED_BEHIND = frozenset((*CLOSERS, *ENDS, ";"))

CALL = Words(CALLS)
THINK = Words(THINKING)
END = Words(ENDS)
ANYWHERE = Words(EVERYWHERE)
ON_A_LINE = Words((*LINE_OPENERS, *FENCES, "{", "["))
BEHIND = Words((*EVERYWHERE, *DROPPED_BEHIND))
CLOSER = Words((*CLOSERS, ";"))
