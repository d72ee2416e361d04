"""What `chatls doctor` finds: one finding is a sentence, and for a problem what to do."""

from collections.abc import Iterable
from typing import Any

from chatls.seen.commands.paper import Bullet, Paper
from chatls.values import dataclass


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One of them."""

    area: str
    """What it is about; findings of one area stand together."""
    mark: Bullet
    """`bad`: chatls does not work as it is. `warning`: something of it does not."""
    text: str
    advice: str = ""
    """What to do; "" where nothing has to be done."""


def draw(paper: Paper, findings: Iterable[Diagnosis]) -> None:
    """All of them, for people."""
    area = ""
    for finding in findings:
        if finding.area != area:
            area = finding.area
            paper.title(area)
        paper.item(finding.mark, finding.text, finding.advice)


def as_values(findings: Iterable[Diagnosis]) -> list[dict[str, Any]]:
    """The same for programs."""
    return [_value(finding) for finding in findings]


def _value(finding: Diagnosis) -> dict[str, Any]:
    """One for programs."""
    return {"area": finding.area, "mark": finding.mark, "text": finding.text, "advice": finding.advice}


def verdict(findings: Iterable[Diagnosis]) -> str:
    """All of them in a sentence.

    >>> verdict([Diagnosis("a", "good", "x"), Diagnosis("a", "warning", "y", "z")])
    'chatls works; 1 thing could be better'
    """
    marks = [finding.mark for finding in findings]
    bad, warned = marks.count("bad"), marks.count("warning")
    better = f"{warned} thing{'' if warned == 1 else 's'} could be better"
    if bad:
        also = f", and {better}" if warned else ""
        return f"{bad} problem{'' if bad == 1 else 's'} to solve{also}"
    return f"chatls works; {better}" if warned else "chatls works: nothing is wrong"
