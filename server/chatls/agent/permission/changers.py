"""Commands that change the workspace in a way that is easily seen and undone: one answer covers all of them; tables,
nothing else.

Left out on purpose: what overwrites (`cp -f`, `git checkout FILE`), what runs an editor or skips a check (`git commit
--amend`, `--no-verify`), what reaches another machine, `git add -f`, `cp -r` (it copies secrets and `.git`), `ln` (it
makes links)."""

from collections.abc import Mapping
from typing import Literal

from chatls.agent.permission.options import Shape, shape
from chatls.values import dataclass


@dataclass(frozen=True, slots=True)
class Changer:
    """One of them."""

    why: str
    """What it does, for people."""
    shape: Shape
    places: Literal["named", "new", "moved", "none"] = "named"
    """`named`: each place must be no file that decides what runs; `new`: nor be there already; `moved`: the last one is
    new, or a folder that has no such name; `none`: its words are no places."""
    needs: frozenset[str] = frozenset()
    """One of these options must be there."""
    careful: tuple[str, ...] = ()
    """What is put behind its name, so that it overwrites nothing."""


_BRANCH = r"[A-Za-z0-9_][A-Za-z0-9_./+-]*"

CHANGERS: Mapping[str, Changer] = {
    "git add": Changer(
        "puts changes aside for a commit", shape("-A -u -N -v -n --all --update --intent-to-add --verbose --dry-run")
    ),
    "git commit": Changer(
        "makes a commit",
        shape("-a -q -v -s --all --quiet --signoff", "-m=TEXT --message=TEXT", operands=""),
        "none",
        frozenset({"-m", "--message"}),
    ),
    "git switch": Changer(
        "makes a branch",
        shape("-q --quiet --no-track", f"-c={_BRANCH} --create={_BRANCH}", operands=""),
        "none",
        frozenset({"-c", "--create"}),
    ),
    "git stash": Changer(
        "puts changes aside",
        shape("-q -k --quiet --keep-index", "-m=TEXT --message=TEXT", operands="push", most=1),
        "none",
    ),
    "git mv": Changer("moves files", shape("-v --verbose", least=2), "moved"),
    "mkdir": Changer("makes folders", shape("-p -v --parents --verbose", least=1), "new"),
    "touch": Changer("makes empty files", shape("-c --no-create", least=1)),
    "cp": Changer("copies files", shape("-v -p -n --verbose --no-clobber", least=2), "moved", careful=("-n",)),
    "mv": Changer("moves files", shape("-v -n --verbose --no-clobber", least=2), "moved", careful=("-n",)),
}
"""By the words that they begin with."""
