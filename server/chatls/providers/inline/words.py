"""The words of all families, in the sets that the reader of the answer looks for. Knows the table; reads nothing."""

import re
from collections.abc import Iterable
from functools import cache

from chatls.providers.inline.families import CLOSERS, FAMILIES, OPENERS
from chatls.providers.inline.marks import ENVELOPES, HEADED, SPOKEN, THINKING, TURN_ENDS, WRAPS
from chatls.providers.inline.source import Words

FENCES = frozenset(("```", "~~~"))
ENDS = frozenset(THINKING.values())
UNBEGUN = ENDS - frozenset(TURN_ENDS) | {"<channel|>"}
"""What ends thinking and nothing else, so that it tells of a beginning that was part of the prompt."""

HARMONY = frozenset(opener for opener in OPENERS if OPENERS[opener][0].body == "harmony")
LINE_OPENERS = frozenset(opener for family in FAMILIES if family.place == "line" for opener in family.openers)
CALLS = frozenset(OPENERS) - LINE_OPENERS

SPOKEN_ENDS = frozenset(THINKING[opener] for opener in SPOKEN)
"""Those of them that prose mentions as well."""

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
WRAPPED = frozenset(WRAPS.values())
EVERYWHERE = frozenset((*CALLS, *THINKING, *UNBEGUN, *ENVELOPES, *LAST, *WRAPPED)) - {STEPS}
DROPPED_FIRST = UNBEGUN | ECHOES
DROPPED_BEHIND = frozenset((*CLOSERS, *ENDS, ";"))

CALL = Words(CALLS)
THINK_FIRST = Words((*THINKING, "thought\n"))
"""Where the template opened thinking, some models open it, too; Gemma's channel has a name."""

END = Words(ENDS)
FENCE = Words(FENCES)
ANYWHERE = Words((*EVERYWHERE, "```"))
ON_A_LINE = Words((*LINE_OPENERS, *FENCES, "{", "["))
ON_A_LINE_OF_TEXT = Words(FENCES)
"""The same where no tool is offered."""

BEHIND_LAST = Words((*EVERYWHERE, *LINE_OPENERS))
BEHIND = Words((*EVERYWHERE, *DROPPED_BEHIND, *WRAPS))
BEHIND_SPELLED = Words((*EVERYWHERE, *DROPPED_BEHIND, *WRAPS, *SPELLED))
CLOSER = Words((*CLOSERS, ";"))


@cache
def in_a_line(*, spelled: bool) -> tuple[Words, re.Pattern[str]]:
    """What counts inside a line, and where to look for it; by whether gpt-oss writes without its marks."""
    looked_for = Words((*EVERYWHERE, *SPELLED, "```")) if spelled else ANYWHERE
    return looked_for, re.compile(rf"{looked_for.beginning.pattern}|\n")


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
    of Mistral, and of Kimi), or the one before it was part of the prompt (Inkling).
    """
    return {form: name for name in tools for form in (f"{name}\n", f"{name}{{", f"functions.{name}:", name + HEADED)}
