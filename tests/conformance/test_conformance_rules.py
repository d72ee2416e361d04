"""The rules stand in docs/protocol.md; each is tried by a conversation, or looked for in all of them."""

import re
from functools import cache
from pathlib import Path

from chatls_conformance.client import STANDING_FOR_CLIENTS
from chatls_conformance.notation import read_talks
from chatls_conformance.rules import read_rules
from chatls_conformance.standing import STANDING

PROTOCOL = Path(__file__).parents[2] / "docs/protocol.md"


@cache
def sections() -> dict[str, str]:
    """The text below each heading, with one blank where there are many."""
    parts = re.split(r"^#{2,4} (.+)$", PROTOCOL.read_text("utf-8"), flags=re.MULTILINE)
    return {heading: plain(text) for heading, text in zip(parts[1::2], parts[2::2], strict=True)}


def plain(text: str) -> str:
    return " ".join(text.split())


def test_the_words_of_each_rule_stand_in_the_protocol_under_its_heading() -> None:
    missing: list[str] = []
    for rule in [*read_rules().values(), *read_rules("client_rules.txt").values()]:
        parts = [re.escape(plain(part)) for part in rule.words.split(" ... ")]
        if not re.search(".*?".join(parts), sections().get(rule.section, "")):
            missing.append(f"{rule.id} ({rule.section}): {rule.words}")
    assert missing == []


def test_every_rule_is_tried_and_nothing_else() -> None:
    tried = {rule for talk in read_talks("conversations") for scene in talk.scenes for rule in scene.rules}
    assert {*tried, *STANDING, "frame.only"} ^ set(read_rules()) == set()


def test_every_rule_for_clients_is_tried_and_nothing_else() -> None:
    tried = {rule for talk in read_talks("clients") for scene in talk.scenes for rule in scene.rules}
    seen_by_people = {"gone.cut", "gone.crash"}
    assert (tried | STANDING_FOR_CLIENTS) - seen_by_people == set(read_rules("client_rules.txt"))


def test_a_rule_is_tried_once() -> None:
    tried = [rule for talk in read_talks("conversations") for scene in talk.scenes for rule in scene.rules]
    assert len(tried) == len(set(tried))
    assert not set(tried) & set(STANDING)
