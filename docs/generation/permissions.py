"""Writes the tables of docs/permissions.md from the tables by which commands and files are judged."""

from collections.abc import Iterable

from chatls.agent.permission.changers import CHANGERS
from chatls.agent.permission.git_readers import GIT_READERS
from chatls.agent.permission.options import PATH, Shape
from chatls.agent.permission.reach import Reach, ReachKind
from chatls.agent.permission.readers import READERS
from chatls.agent.permission.runners import HARMLESS, RUNNERS
from chatls.workspace.deciding_files import DECIDING
from chatls.workspace.protected_files import PROTECTED
from chatls.workspace.secret_files import SECRETS
from generation.markdown import code, table

_SAMPLES: tuple[tuple[ReachKind, str, str, str], ...] = (
    ("run", "a runner", "session, workspace", "`npm test` in web"),
    ("checks", "a runner, wider", "session, workspace", "tests, builds and checks of this project"),
    ("changes", "a changer", "session, workspace", "changes that are easily undone"),
    ("line", "any other line", "session, workspace", "exactly `node app.js`"),
    ("sandbox", "a command that could run in the sandbox", "session", "all commands inside the sandbox"),
    ("edits", "an edit", "session, workspace", "edits of files"),
    ("file", "an edit of a file that decides what runs", "session", "edits of web/package.json"),
    ("name", "the same, wider", "session", "edits of all files named package.json"),
    ("tool", "another tool", "session, workspace", "the tool's name"),
)


def parts() -> dict[str, str]:
    """By the names of the places."""
    return {
        "answers": table(("asked about", "the answer says", "for", "covers"), map(_answer, _SAMPLES)),
        "readers": table(("program", "what it does", "its options"), _readers()),
        "git": table(("git", "what it does", "its options"), _git()),
        "runners": table(("command", "its options"), _runners()),
        "changers": table(
            ("command", "what it does", "its options"),
            ((code(name), row.why, _options(row.shape)) for name, row in CHANGERS.items()),
        ),
        "variables": ", ".join(map(code, HARMLESS)) + "\n",
        "protected": ", ".join(map(code, PROTECTED)) + "\n",
        "deciding": table(("files", "decide what is run by"), ((_named(one.names), one.why) for one in DECIDING)),
        "secrets": ", ".join(map(code, SECRETS)) + "\n",
    }


def _answer(sample: tuple[ReachKind, str, str, str]) -> tuple[str, ...]:
    kind, asked, scopes, label = sample
    reach = Reach(kind, ("npm", "test") if kind == "run" else ("web/package.json",), "node app.js")
    covers = reach.covers() if kind != "name" else Reach("name", ("package.json",)).covers()
    return asked, label, scopes, covers


def _readers() -> Iterable[tuple[str, ...]]:
    for name, row in READERS.items():
        if name not in ("git", "find"):
            yield code(name), row.why, _options(row.shape)


def _runners() -> Iterable[tuple[str, ...]]:
    return ((code(name), _options(row.shape)) for name, row in RUNNERS.items())


def _git() -> Iterable[tuple[str, ...]]:
    return ((code(name), row.why, _options(row.shape)) for name, row in GIT_READERS.items())


def _options(shape: Shape) -> str:
    valued = [f"{name} {_kind(kind)}" for name, kind in {**shape.valued, **shape.attached}.items()]
    return _named((*sorted(shape.flags), *sorted(valued)))


def _kind(kind: object) -> str:
    return "PLACE" if kind is PATH else "VALUE"


def _named(names: Iterable[str]) -> str:
    return " ".join(map(code, names)) or "none"
