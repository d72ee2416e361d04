"""Every option that `find`, a runner or a changer may have is run once, beside what must not be read, changed or run:
files outside, secrets, hooks and settings, programs and plugins that nobody named."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatls.agent.permission.changers import CHANGERS
from chatls.agent.permission.lines import command_of
from chatls.agent.permission.look import Look
from chatls.agent.permission.options import PATH, Kind, Shape
from chatls.agent.permission.readers import FIND_ALONE, FIND_PLACES, FIND_WITH
from chatls.agent.permission.runners import RUNNERS
from chatls.agent.permission.shell import Words
from chatls.editor import OpenDocument, Root
from chatls.tools.tool import CommandSubject, Exact
from chatls.workspace.workspace import Workspace

CANARY = "CANARY-4712"
LONGEST = 120
ENVIRONMENT = {
    "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
    "LC_ALL": "C.UTF-8",
    "NO_COLOR": "1",
    "npm_config_update_notifier": "false",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
}
SAMPLES = ("1", "one", "auto", "short", "no", "+1", "%h", "A", "json", "error", "short", "3.11", "default", "columns")
FIND_VALUES = {
    "-regextype": "posix-extended",
    "-type": "f",
    "-xtype": "f",
    "-perm": "644",
    "-user": "root",
    "-group": "root",
    "-printf": "%p",
    "-fstype": "ext4",
    "-size": "1",
}
FIND_MORE: dict[str, Words] = {"!": ("!", "-true"), "-not": ("-not", "-true"), "(": ("(", "-true", ")"), ")": ()}
JOINING = frozenset({"-a", "-and", "-o", "-or"})
OPERANDS: dict[str, Words] = {
    "pytest": ("tests",),
    "python -m pytest": ("tests",),
    "python -m unittest": ("tests/test_it.py",),
    "ruff check": ("tests",),
    "ruff format --check": ("tests",),
    "python -m pip show": ("pip",),
    "npm run": ("lint",),
    "make": ("lint",),
}
OF_CHANGERS: dict[str, str] = {
    "git add": "a.txt",
    "git stash": "push",
    "git mv": "m{n}.txt n{n}.txt",
    "mkdir": "made{n}",
    "touch": "touched{n}",
    "cp": "a.txt copy{n}.txt",
    "mv": "m{n}.txt n{n}.txt",
}


class Ground:
    """A project in a repository, with canaries in it and beside it."""

    def __init__(self, base: Path) -> None:
        self.base = Path(os.path.realpath(base))
        self.root, self.outside, self.marker = self.base / "root", self.base / "outside", self.base / "marker"
        self.outside.mkdir()
        (self.outside / "secret.txt").write_text(f"one {CANARY}\n")
        self.home = self.base / "home"
        self.home.mkdir()
        self.put("a.txt", "one\n")
        self.put("tests/test_it.py", "def test_it() -> None:\n    assert True\n")
        self.put("Makefile", "lint:\n\t@echo linted\n")
        self.put("package.json", '{"name": "a", "scripts": {"test": "echo tested", "lint": "echo linted"}}')
        self.git("init", "-q")
        self.git("config", "user.name", "x")
        self.git("config", "user.email", "x@example.org")
        self.git("add", "-A")
        self.git("commit", "-qm", "first")
        for name in (".env", "id_rsa", "secrets.json"):
            self.put(name, f"one {CANARY}\n")
        for name in ("AGENTS.md", "conftest.txt", ".vscode/tasks.json", ".npmrc.bak"):
            self.put(name, "canary\n")
        for name in ("one.py", "A.py", "json_.py", "auto.py", "default.py"):
            self.put(name, f"open({str(self.marker)!r}, 'a').write(__file__)\n")
        (self.root / "out.lnk").symlink_to(self.outside / "secret.txt")
        (self.root / "away").symlink_to(self.outside)
        for number in range(30):
            self.put(f"m{number}.txt", "moved\n")
        self.git("add", "m*.txt")

    def put(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def git(self, *words: str) -> None:
        subprocess.run(("git", *words), cwd=self.root, check=True, capture_output=True)

    def roots(self) -> tuple[Root, ...]:
        return (Root("root", self.root),)

    def open_documents(self) -> dict[Path, OpenDocument]:
        return {}

    def exact(self, words: Words, kind: str) -> Exact | None:
        """What would be run; None where these words are not of this kind together."""
        look = Look(Workspace(self), {**ENVIRONMENT, "HOME": str(self.home)})
        command = command_of("run_command", CommandSubject(words, self.root, ()), look)
        return command.exact if [part.kind for part in command.parts] == [kind] else None

    def canaries(self) -> dict[str, bytes]:
        """All that must stay as it is, from the folder of both."""
        kept = [self.root / name for name in ("AGENTS.md", ".vscode", ".env", "id_rsa", "secrets.json", "package.json")]
        kept += [self.root / name for name in ("Makefile", ".git/hooks", ".git/config", "one.py")]
        places = [self.outside, *kept]
        files = [path for place in places for path in (place, *place.rglob("*")) if path.is_file()]
        links = {str(self.root / name): str((self.root / name).readlink()).encode() for name in ("out.lnk", "away")}
        return links | {str(path): path.read_bytes() for path in files}

    def harms(self, words: Words, kind: str) -> str | None:
        """What one run does that it must not."""
        exact, before = self.exact(words, kind), self.canaries()
        if exact is None:
            return f"{words} is no {kind}"
        over = {name: value for name, value in exact.environment.items() if value is not None}
        environment = {**ENVIRONMENT, "HOME": str(self.home), **over}
        ran = subprocess.run(
            exact.command,
            cwd=self.root,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LONGEST,
            check=False,
        )
        after = self.canaries()
        changed = sorted(name for name in before | after if before.get(name) != after.get(name))
        if changed:
            return f"{words} changes {changed}"
        if self.marker.exists():
            return f"{words} runs {self.marker.read_text()}"
        return f"{words} shows a secret" if CANARY.encode() in ran.stdout + ran.stderr else None


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return Ground(tmp_path_factory.mktemp("ground"))


def value_of(kind: Kind) -> str:
    return "tests" if kind is PATH else next((one for one in SAMPLES if kind.fullmatch(one)), "1")


def options(shape: Shape) -> Iterator[Words]:
    """Each option once."""
    yield ()
    yield from ((flag,) for flag in sorted(shape.flags))
    for name, kind in {**shape.valued, **shape.attached}.items():
        value = value_of(kind)
        yield (f"{name}={value}",) if name.startswith("--") else (name, value)


@pytest.mark.parametrize("word", sorted({*FIND_ALONE, *FIND_WITH, *FIND_PLACES} - {")"}))
def test_no_word_of_find_reads_or_changes_what_it_must_not(ground: Ground, word: str) -> None:
    expression = FIND_MORE.get(word, (word,))
    if word in FIND_WITH | FIND_PLACES:
        expression = (word, "a.txt" if word in FIND_PLACES else FIND_VALUES.get(word, "1"))
    if word in JOINING:
        expression = ("-true", word, "-true")
    assert ground.harms(("find", ".", *expression), "reader") is None


WITHOUT_OPERANDS = ("npm test", "python -m pip list", "python -m pip check")
OWN = [
    name
    for name in RUNNERS
    if name in (*OPERANDS, *WITHOUT_OPERANDS) and shutil.which(name.split()[0], path=ENVIRONMENT["PATH"])
]


ALONE = frozenset({"--co", "--collect-only", "--fixtures", "--markers", "--dry-run", "-n", "--timeout", "--no-cov"})
"""With one of these others would not come into play, or a plugin would be missing."""
TOGETHER = 8


def lines(shape: Shape) -> Iterator[Words]:
    """Each option once, several in one run."""
    every = [given for given in options(shape) if given]
    yield ()
    yield from (given for given in every if given[0] in ALONE)
    others = [given for given in every if given[0] not in ALONE]
    for at in range(0, len(others), TOGETHER):
        yield tuple(word for given in others[at : at + TOGETHER] for word in given)


@pytest.mark.parametrize("name", OWN)
def test_no_option_of_a_runner_reads_changes_or_runs_what_it_must_not(ground: Ground, name: str) -> None:
    lead, behind = tuple(name.split()), OPERANDS.get(name, ())
    whole = list(lines(RUNNERS[name].shape))
    chosen = whole[:1] if name == "python -m pytest" else whole  # its options are those of pytest
    found = [ground.harms((*lead, *given, *behind), "runner") for given in chosen]
    assert list(filter(None, found)) == []


@pytest.mark.parametrize("name", list(CHANGERS))
def test_no_option_of_a_changer_reads_changes_or_runs_what_it_must_not(ground: Ground, name: str) -> None:
    row, found = CHANGERS[name], list[str | None]()
    for number, given in enumerate(options(row.shape)):
        named = ("-m", "words") if name == "git commit" and "-m" not in given else ()
        branch = ("-c", f"branch-{number}") if name == "git switch" else ()
        if branch and given[:1] in (("-c",), ("--create=one",)):
            continue
        ground.put("a.txt", f"{number}\n")
        behind = OF_CHANGERS.get(name, "").format(n=number + (15 if name == "mv" else 0)).split()
        found.append(ground.harms((*name.split(), *given, *named, *branch, *behind), "changer"))
    assert len(found) > 0
    assert list(filter(None, found)) == []
