"""The mention `@diff`: what has changed since the last commit, as git tells it.

git runs nothing that a repository names: no external diff, no textconv, no filter of its own settings, no hook, no
pager, no program that watches files, and nothing is fetched. Files that hold secrets are named, and not shown.
"""

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath

from anyio import to_thread

from chatls.children.commands import overlaid, quiet_environment
from chatls.children.overheard import Overheard, overhear
from chatls.children.programs import programs_for
from chatls.content import ContentBlock, TextContent
from chatls.errors import ToolError
from chatls.tools.tool import ToolContext
from chatls.values import dataclass
from chatls.visible import harmless
from chatls.workspace.pathtext import quoted
from chatls.workspace.secret_files import holds_secrets, may_hold_secrets
from chatls.workspace.workspace import real_path

MOST = 128 * 1024
"""Bytes of the differences of one root."""
PATIENCE = 20.0
"""Seconds for one question to git."""

_MOST_NAMES = 1024 * 1024
_NAMED = 100
"""New files, and files that are not shown, that are named."""
_COMMITS = re.compile(r"(?!-)[\w./~^@{}+-]{1,200}")
_CAREFUL = (
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--no-renames",
    "--submodule=short",
    "--ignore-submodules=dirty",
)
_OVER: Mapping[str, str | None] = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_EXTERNAL_DIFF": None,
}
_NO_FILTER = {"clean": "", "process": "", "required": "false"}


async def diff(context: ToolContext, argument: str | None) -> tuple[ContentBlock, ...]:
    """The changes in each root: of all since the last commit, of what is staged, or since another commit."""
    wanted = (argument or "").strip()
    if wanted and not _COMMITS.fullmatch(wanted):
        raise ToolError(f"@diff takes staged, or a commit, and not {quoted(wanted)}")
    roots = tuple(folder for _, folder in context.workspace.folders)
    environment = quiet_environment(context.commands.environment)
    told, whys = list[str](), list[str]()
    for folder in roots:
        try:
            program = await to_thread.run_sync(_git, folder, roots, environment, abandon_on_cancel=True)
            told.append(await _of_root(_GitAsked(program, folder, environment), wanted))
        except ToolError as error:
            whys.append(str(error))
    if not told:
        raise ToolError("; ".join(dict.fromkeys(whys)) or "no folder is open in the editor")
    what = {"": "What has changed since the last commit", "staged": "What is staged"}.get(
        wanted, f"What has changed since {wanted}"
    )
    return (TextContent("\n".join((f"[{what}:]", *told))),)


@dataclass(frozen=True, slots=True)
class _GitAsked:
    """Asks git in one folder."""

    program: str
    folder: Path
    environment: Mapping[str, str]

    async def ask(self, *words: str, most: int = _MOST_NAMES) -> Overheard:
        """What it says. Raises `ToolError` where it does not end in time."""
        environment = overlaid(self.environment, _OVER)
        answer = await overhear((self.program, "--no-pager", *words), self.folder, environment, most, PATIENCE)
        if answer.code is None and not answer.cut:
            raise ToolError(f"git did not answer within {PATIENCE:g} seconds")
        return answer

    async def names(self, *words: str) -> list[str]:
        """Names that it lists, with zeros behind them. Raises `ToolError`."""
        answer = await self.ask(*words)
        if answer.cut or answer.code != 0:
            raise ToolError("git cannot list what has changed" + (", it is too much" if answer.cut else ""))
        return [name for name in answer.text.split("\0") if name]


async def _of_root(git: _GitAsked, wanted: str) -> str:
    """The changes in one root. Raises `ToolError`."""
    top = await git.ask("rev-parse", "--show-toplevel")
    if top.code != 0 or not git.folder.is_relative_to(top.text.removesuffix("\n")):
        raise ToolError(f"{git.folder} is in no git repository")
    git = await _without_filters(git)
    since = await _since(git, wanted)
    names = await git.names("diff", *_CAREFUL, "--name-only", "-z", *since, "--", ".")
    hidden = [name for name in names if _is_secret(name)]
    if len(hidden) > _NAMED:
        raise ToolError(f"{len(hidden)} of the files that have changed usually hold secrets")
    left_out = [f":(top,exclude,literal){name}" for name in hidden]
    answer = await git.ask("diff", *_CAREFUL, *since, "--", ".", *left_out, most=MOST)
    if answer.code not in (0, None):
        raise ToolError(f"git diff ended with code {answer.code}")
    text = harmless(answer.text.rstrip("\n"))
    cut = f"\n[cut at {MOST // 1024} KiB; there is more]" if answer.cut else ""
    parts = [f"{text}{cut}" if text else "(nothing)" if not hidden else ""]
    if hidden:
        parts.append(f"[changed, and not shown, since they usually hold secrets: {_some(hidden)}]")
    if not wanted:
        new = await git.names("ls-files", "--others", "--exclude-standard", "-z", "--", ".")
        parts += [f"[new, and not known to git yet: {_some(new)}]"] if new else []
    return "\n".join(part for part in parts if part)


async def _since(git: _GitAsked, wanted: str) -> tuple[str, ...]:
    """What is compared with what, by the commits' own names. Raises `ToolError`."""
    if wanted == "staged":
        return ("--cached",)
    if not wanted:
        return ("HEAD",) if await _commit(git, "HEAD") else ("--cached",)
    between = next((dots for dots in ("...", "..") if dots in wanted), "")
    words = wanted.split(between) if between else [wanted]
    commits = [await _commit(git, word or "HEAD") for word in words]
    if len(words) > 2 or None in commits:
        raise ToolError(f"{quoted(wanted)} is no commit here")
    return (between.join(commit for commit in commits if commit),)


async def _commit(git: _GitAsked, word: str) -> str | None:
    answer = await git.ask("rev-parse", "--verify", "-q", f"{word}^{{commit}}")
    return answer.text.strip() if answer.code == 0 else None


async def _without_filters(git: _GitAsked) -> _GitAsked:
    """The same, without the filters that the repository's own settings name: git would run them to compare."""
    listed = await git.ask("config", "--local", "--includes", "--name-only", "-z", "--get-regexp", r"^filter\.")
    drivers = {name.rpartition(".")[0] for name in listed.text.split("\0") if name.count(".") > 1}
    count = int(git.environment.get("GIT_CONFIG_COUNT", "0"))
    over = dict[str, str]()
    for driver in sorted(drivers):
        for key, value in _NO_FILTER.items():
            over |= {f"GIT_CONFIG_KEY_{count}": f"{driver}.{key}", f"GIT_CONFIG_VALUE_{count}": value}
            count += 1
    return _GitAsked(git.program, git.folder, {**git.environment, **over, "GIT_CONFIG_COUNT": str(count)})


def _git(folder: Path, roots: Sequence[Path], environment: Mapping[str, str]) -> str:
    """The system's git, never one of the workspace. Raises `ToolError`."""
    outside = programs_for(folder, roots, environment).outside
    found = shutil.which("git", path=os.pathsep.join(map(str, outside)))
    if found is None or any(real_path(Path(found)).is_relative_to(root) for root in roots):
        raise ToolError("git is not installed")
    return found


def _is_secret(name: str) -> bool:
    path = PurePath(name)
    return holds_secrets(path) or may_hold_secrets(path)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(quoted(name)[1:-1] for name in names[:_NAMED]) + more
