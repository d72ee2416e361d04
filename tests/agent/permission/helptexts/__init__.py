"""The help texts of the programs that the tables judge, and the classes of all their options; data, and how it is read.

A text lies in NAME.txt: the first line says of which version. `classes.txt` says of each option what it can do:
`harmless`; `reads` a place that is named; `writes`; `runs` a program or code that it names; `network`; `else`: what is
of no use to us, or needs another table. `python -m tests.agent.permission.helptexts.renew` asks the installed programs
anew, and tells what is not classed yet.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from chatls.agent.permission.changers import CHANGERS
from chatls.agent.permission.git_readers import GIT_READERS
from chatls.agent.permission.options import PATH, Shape
from chatls.agent.permission.readers import FIND_ALONE, FIND_PLACES, FIND_WITH, READERS
from chatls.agent.permission.runners import RUNNERS

HERE = Path(__file__).parent
CLASSES = ("harmless", "reads", "writes", "runs", "network", "else")
_OPTION = re.compile(r"(?:^|[\s,/|(\[])(--?)(\[no-\])?([A-Za-z0-9?#@][A-Za-z0-9_.-]*|(?<=-)[.#?@0-9]|$)")
_PIECES = re.compile(r"\s{2,}|\t")


def name_of(lead: str) -> str:
    """How the text of a row is called: all of Python's, and all of npm's, are asked in the same way."""
    words = lead.removeprefix("python -m ").split()
    if words[0] in ("npx", "bundle"):
        words = words[2:]
    return "-".join(word for word in words if not word.startswith("-"))


def shapes() -> dict[str, list[Shape]]:
    """What the tables allow, by the name of the text."""
    rows = [(name, row.shape) for name, row in READERS.items() if name not in ("git", "find")]
    rows += [(f"git-{name}", row.shape) for name, row in GIT_READERS.items()]
    rows += [(name_of(name), row.shape) for name, row in RUNNERS.items()]
    rows += [(name_of(name), row.shape) for name, row in CHANGERS.items()]
    found = dict[str, list[Shape]]()
    for name, shape in rows:
        found.setdefault(name, []).append(shape)
    return found


def allowed(name: str) -> tuple[set[str], set[str]]:
    """The options that the tables allow to a program, and of these the ones whose value is a place that is judged."""
    if name == "find":
        return {word for word in (*FIND_ALONE, *FIND_WITH, *FIND_PLACES) if word[0] == "-"}, set(FIND_PLACES)
    every, places = set[str](), set[str]()
    for shape in shapes()[name]:
        every |= {*shape.flags, *shape.valued, *shape.attached}
        places |= {option for option, kind in {**shape.valued, **shape.attached}.items() if kind is PATH}
    return {option for option in every if option[0] == "-"}, places


def options(text: str) -> set[str]:
    """The options that a help text defines: those at the beginning of its lines.

    >>> sorted(options("  -a, --all   all; see -b\\n      --[no-]color[=WHEN]  colours"))
    ['--all', '--color', '--no-color', '-a']
    """
    found = set[str]()
    for line in map(str.strip, text.splitlines()):
        if not line.startswith(("-", "[-")):
            continue
        for piece in _PIECES.split(line):
            if not piece.startswith(("-", "[-")):
                break
            for dashes, no, name in _OPTION.findall(piece):
                if name:
                    found |= {f"{dashes}{name.rstrip('.-')}"} | ({f"{dashes}no-{name.rstrip('.-')}"} if no else set())
    return found


def read(name: str) -> tuple[str, str] | None:
    """The version and the text of a program's help; None where there is none."""
    path = HERE / f"{name}.txt"
    if not path.exists():
        return None
    version, _, text = path.read_text("utf-8").partition("\n")
    return version, text


def classes() -> Mapping[str, Mapping[str, str]]:
    """By program and option: the class. Programs that stand in one heading share theirs."""
    found = dict[str, dict[str, str]]()
    for programs, kinds in groups():
        for program in programs:
            assert program not in found, f"{program} stands there twice"
            found[program] = kinds
    return found


def groups() -> list[tuple[list[str], dict[str, str]]]:
    """The headings, and the classes below them."""
    found = list[tuple[list[str], dict[str, str]]]()
    for line in (HERE / "classes.txt").read_text("utf-8").splitlines():
        if not line.startswith(" "):
            found.append((line.split(), {}))
            continue
        kind, _, names = line.strip().partition(":")
        assert kind in CLASSES, line
        known = found[-1][1]
        for option in names.split():
            assert option not in known, f"{found[-1][0]}: {option} has two classes"
            known[option] = kind
    return found


def unclassed(name: str) -> list[str]:
    """The options of a program that have no class."""
    _, text = read(name) or ("", "")
    return sorted((options(text) | allowed(name)[0]) - classes().get(name, {}).keys())


def stale() -> list[str]:
    """Options that are classed, and that none of the programs of that heading has."""
    found = list[str]()
    for programs, kinds in groups():
        texts = (read(name) for name in programs)
        there = {*(option for text in texts if text for option in options(text[1]))}
        there |= {option for name in programs for option in allowed(name)[0]}
        found += [f"{programs[0]} {option}" for option in sorted(kinds.keys() - there)]
    return found
