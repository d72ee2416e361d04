"""The rules: an id, and the words of docs/protocol.md that say it, by its sections."""

import re
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class Rule:
    """Something that docs/protocol.md says, and that a machine can look at."""

    id: str
    section: str
    """The heading that its words stand under."""
    words: str
    """As docs/protocol.md has them; `...` stands for what is left out."""
    client: bool
    """It binds clients, not daemons."""


_RULE = re.compile(r"([a-z][a-z0-9.-]*): (.*)")


def read_rules(name: str = "rules.txt") -> dict[str, Rule]:
    """All rules of a file, in order. Raises `ValueError` for a line that is none, or an id that comes twice."""
    found: dict[str, Rule] = {}
    section = ""
    for line in files("chatls_conformance").joinpath(name).read_text("utf-8").splitlines():
        if line.startswith("## "):
            section = line[3:].strip()
        elif line.strip() and not line.startswith("# "):
            match = _RULE.fullmatch(line)
            if match is None or match[1] in found:
                raise ValueError(f"{name}: no rule, or one that was there: {line}")
            found[match[1]] = Rule(match[1], section, match[2], client=name == "client_rules.txt")
    return found
