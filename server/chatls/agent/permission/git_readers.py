"""What of git only reads: subcommands, with the options that they may have; tables, nothing else.

Left out on purpose: `-c` and `--config-env` (settings name programs), `--ext-diff`, `--textconv`, `--show-signature`,
`%G` in a format (they run programs), `--output` (writes), `--no-index` (reads anything), `git remote -v`, `git config`
(addresses and settings hold keys), `cat-file` (a blob has no name), `grep -f`, `-O`, `shortlog` without a revision (it
waits for input)."""

from collections.abc import Mapping

from chatls.agent.permission.options import Shape, shape
from chatls.values import dataclass

_SHOWN = (
    "-p -u -s -z -R -a -b -w -W -c -m -B -M --patch --no-patch --raw --numstat --shortstat "
    "--summary --patch-with-stat --name-only "
    "--name-status --compact-summary --no-color --no-renames --text --ignore-all-space --ignore-space-change "
    "--ignore-blank-lines --ignore-space-at-eol --ignore-cr-at-eol --function-context --no-ext-diff --no-textconv "
    "--full-index --binary --minimal --patience --histogram --no-prefix --cc --first-parent "
    "--pickaxe-all --pickaxe-regex "
    "--find-copies-harder --check --no-notes"
)
_SHOWN_WITH = (
    "-U=N -S=TEXT -G=TEXT --unified=N --diff-filter=NAME --diff-algorithm=NAME --inter-hunk-context=N --stat-width=N "
    "--stat-count=N --word-diff-regex=TEXT --ws-error-highlight=NAME"
)
_SHOWN_OR = (
    "--stat=[0-9,]+ --dirstat=NAME --color=NAME --word-diff=NAME --color-words=TEXT --abbrev=N --find-renames=[0-9%]+ "
    "--find-copies=[0-9%]+ --color-moved=NAME --submodule=(short|log)"
)
_CHOSEN = (
    "-g -i -E -F --oneline --graph --all --decorate --no-decorate --merges --no-merges --reverse "
    "--abbrev-commit --follow "
    "--topo-order --date-order --author-date-order --left-right --cherry-pick --cherry-mark --boundary --no-walk "
    "--walk-reflogs --full-history --simplify-merges --ancestry-path --remove-empty --invert-grep --all-match "
    "--regexp-ignore-case --extended-regexp --fixed-strings --perl-regexp --parents --children --no-abbrev-commit"
)
_FORMAT = r"(?!.*%G).*"
_CHOSEN_WITH = (
    "-n=N --max-count=N --skip=N --since=TEXT --after=TEXT --until=TEXT --before=TEXT --author=TEXT --committer=TEXT "
    f"--grep=TEXT --format={_FORMAT} --date=TEXT --min-parents=N --max-parents=N"
)
_CHOSEN_OR = f"--pretty={_FORMAT} --branches=TEXT --tags=TEXT --remotes=TEXT --decorate=NAME --glob=TEXT"


@dataclass(frozen=True, slots=True)
class GitReader:
    """A subcommand that only reads."""

    why: str
    shape: Shape
    shows: bool = False
    """It shows what is in files, always."""
    shows_with: frozenset[str] = frozenset()
    """Options with which it does."""
    only_with: frozenset[str] = frozenset()
    """It may have arguments with one of these options only: without, it would make what they name."""
    careful: tuple[str, ...] = ()
    """What is put behind the subcommand, so that it runs no program of the settings."""


PATCHES = frozenset(
    [
        "-p",
        "-u",
        "-U",
        "-c",
        "-m",
        "-W",
        "--patch",
        "--unified",
        "--cc",
        "--patch-with-stat",
        "--word-diff",
        "--color-words",
        "--binary",
    ]
)
_CAREFUL = ("--no-ext-diff", "--no-textconv")

SETTINGS = (
    "core.hooksPath=/dev/null",  # post-index-change
    "core.fsmonitor=false",
    "diff.autoRefreshIndex=false",
    "blame.ignoreRevsFile=",
    *(f"{name}.program=false" for name in ("gpg", "gpg.ssh", "gpg.x509")),  # format.pretty may ask for signatures
    *(
        f"protocol{name}.allow=never" for name in ("", ".file", ".ext", ".ssh", ".git", ".http", ".https")
    ),  # lazy fetches
)
"""Settings of ours, lest those of the repository name a program. Filters have no one name: of these git is asked."""
LOOKS_AT_FILES = frozenset({"status", "diff", "blame", "describe", "ls-files", "grep"})
"""These read the files of the working tree, wherever the settings say that it is, and by their filters."""

GLOBAL_FLAGS = frozenset({"--no-pager", "-P", "--no-optional-locks"})
"""Options before the subcommand that change nothing. `-C FOLDER` is the folder."""

GIT_READERS: Mapping[str, GitReader] = {
    "status": GitReader(
        "tells what has changed",
        shape(
            "-s -b -z -u -uno -unormal -uall --short --branch --long --show-stash --ahead-behind "
            "--no-ahead-behind --no-renames --renames",
            "",
            "--porcelain=NAME --untracked-files=NAME --ignored=NAME --column=NAME --find-renames=[0-9%]+",
            numbers=False,
        ),
    ),
    "log": GitReader(
        "shows the history",
        shape(f"{_SHOWN} {_CHOSEN}", f"{_SHOWN_WITH} {_CHOSEN_WITH}", f"{_SHOWN_OR} {_CHOSEN_OR}", numbers=True),
        shows_with=PATCHES,
        careful=_CAREFUL,
    ),
    "diff": GitReader(
        "shows changes",
        shape(
            f"{_SHOWN} --cached --staged --merge-base --exit-code --quiet", _SHOWN_WITH, f"{_SHOWN_OR} --relative=PATH"
        ),
        shows=True,
        careful=_CAREFUL,
    ),
    "show": GitReader(
        "shows commits",
        shape(f"{_SHOWN} {_CHOSEN}", f"{_SHOWN_WITH} {_CHOSEN_WITH}", f"{_SHOWN_OR} {_CHOSEN_OR}", numbers=True),
        shows=True,
        careful=_CAREFUL,
    ),
    "blame": GitReader(
        "tells who wrote a line",
        shape(
            "-b -c -l -t -s -e -f -n -w -p -M -C --root --porcelain --line-porcelain --show-name "
            "--show-number --show-email "
            "--first-parent",
            "-L=[0-9+,-]+ --date=TEXT --since=TEXT",
            "--abbrev=N",
            least=1,
        ),
        careful=("--no-textconv",),
    ),
    "grep": GitReader(
        "searches",
        shape(
            "-n -i -w -v -E -F -G -P -l -L -c -h -H -o -q -a -I -z -p -W --cached --untracked "
            "--line-number --ignore-case "
            "--word-regexp --invert-match --extended-regexp --fixed-strings --basic-regexp --perl-regexp "
            "--files-with-matches --name-only --files-without-match --count --full-name --null "
            "--only-matching --column "
            "--heading --break --show-function --function-context --and --or --not --all-match "
            "--no-textconv --no-color",
            "-e=TEXT -A=N -B=N -C=N -m=N --after-context=N --before-context=N --context=N --max-depth=N --threads=N "
            "--max-count=N",
            "--color=NAME",
            "TEXT PATH",
        ),
        shows=True,
        careful=("--no-textconv",),
    ),
    "ls-files": GitReader(
        "lists files",
        shape(
            "-c -d -m -o -i -s -u -z -t -v --cached --deleted --modified --others --ignored --stage "
            "--unmerged --killed --directory "
            "--no-empty-directory --eol --full-name --error-unmatch --exclude-standard --deduplicate",
            "-x=TEXT --exclude=TEXT",
            "--abbrev=N",
        ),
    ),
    "ls-tree": GitReader(
        "lists files of a commit",
        shape(
            "-d -r -t -l -z --long --name-only --name-status --object-only --full-name --full-tree",
            "",
            "--abbrev=N",
            least=1,
        ),
    ),
    "rev-parse": GitReader(
        "names commits and folders",
        shape(
            "-q --quiet --verify --symbolic-full-name --symbolic --show-toplevel --show-prefix --show-cdup --git-dir "
            "--git-common-dir --is-inside-work-tree --is-inside-git-dir --is-bare-repository --is-shallow-repository "
            "--absolute-git-dir --all --branches --tags --remotes --short --abbrev-ref",
            "",
            "--short=N --abbrev-ref=NAME",
        ),
    ),
    "rev-list": GitReader(
        "lists commits",
        shape(f"{_CHOSEN} --count", _CHOSEN_WITH, _CHOSEN_OR, numbers=True),
    ),
    "merge-base": GitReader("names a commit", shape("-a --all --is-ancestor --octopus --independent --fork-point")),
    "describe": GitReader(
        "names a commit",
        shape(
            "--all --tags --contains --always --long --first-parent --exact-match",
            "--match=TEXT",
            "--abbrev=N --dirty=TEXT",
        ),
    ),
    "shortlog": GitReader(
        "counts commits", shape("-n -s -e -c --numbered --summary --email --no-merges --all", "--since=TEXT", least=1)
    ),
    "reflog": GitReader(
        "shows where branches were",
        shape("--oneline --all", "-n=N --date=TEXT", operands="show|HEAD(@\\{[0-9]+\\})? HEAD", most=2, numbers=True),
    ),
    "branch": GitReader(
        "lists branches",
        shape(
            "-a -r -v -l --all --remotes --verbose --list --show-current --no-color --no-column --ignore-case",
            f"--contains=NAME --no-contains=NAME --merged=NAME --no-merged=NAME --sort=-?[a-z:]+ "
            f"--format={_FORMAT} --points-at=NAME",
            "--color=NAME --column=NAME",
            operands="TEXT",
        ),
        only_with=frozenset({"-l", "--list"}),
    ),
    "tag": GitReader(
        "lists tags",
        shape(
            "-l -n --list --ignore-case --no-column",
            f"--contains=NAME --no-contains=NAME --merged=NAME --sort=-?[a-z:]+ --format={_FORMAT} --points-at=NAME",
            operands="TEXT",
        ),
        only_with=frozenset({"-l", "--list"}),
    ),
    "stash": GitReader(
        "lists what was put aside",
        shape(_SHOWN, f"{_SHOWN_WITH} -n=N", _SHOWN_OR, operands=r"list|show stash@\{[0-9]+\}|[0-9]+", least=1, most=2),
        careful=(),
    ),
    "worktree": GitReader("lists folders", shape("-v -z --porcelain --verbose", operands="list", least=1, most=1)),
    "version": GitReader("tells its version", shape("--build-options", operands="")),
}
"""By subcommand. `stash show` shows what is in files; of `stash`, `reflog` and `worktree` the first argument is listed,
too."""
