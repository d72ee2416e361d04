"""Which files decide what runs where nobody sees it: a change of one is always asked for, whatever the rules. By name
alone.

Sources: the documentation of each editor, agent, shell and version manager. A second, milder list is `deciding_files`.
"""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePath

import platformdirs

from chatls.workspace.secret_files import folded

FOLDERS = (
    # the history of a project, and the hooks in it
    ".git",
    "git~1",
    ".hg",
    ".svn",
    ".jj",
    ".bzr",
    ".husky",
    ".githooks",
    # what editors and agents run when a folder is opened
    ".vscode",
    ".vscode-server",
    ".idea",
    ".zed",
    ".cursor",
    ".windsurf",
    ".fleet",
    ".nvim",
    ".vim",
    ".emacs.d",
    ".chatls",
    ".claude",
    ".codex",
    ".gemini",
    ".continue",
    ".opencode",
    ".kiro",
    ".helix",
    ".roo",
    ".kilocode",
    ".clinerules",
    ".qwen",
    ".crush",
    ".factory",
    ".amp",
    ".augment",
    ".trae",
    ".junie",
    ".goose",
    ".aider",
    ".lapce",
    ".nova",
    ".theia",
    ".devcontainer",
    ".direnv",
    # what other machines run
    ".circleci",
    ".buildkite",
    ".woodpecker",
    ".github/workflows",
    ".github/actions",
    ".gitea/workflows",
    ".forgejo/workflows",
    # what starts with the user, and who may log in
    ".ssh",
    ".gnupg",
    ".config/fish",
    ".config/nvim",
    ".config/git",
    ".config/autostart",
    ".config/systemd",
    ".config/environment.d",
    ".local/bin",
    "library/launchagents",
    "library/launchdaemons",
    "start menu/programs/startup",
)
FILES = (
    # shells
    ".envrc",
    ".bashrc",
    ".bash_profile",
    ".bash_login",
    ".bash_logout",
    ".bash_aliases",
    ".profile",
    ".zshrc",
    ".zprofile",
    ".zshenv",
    ".zlogin",
    ".zlogout",
    ".kshrc",
    ".mkshrc",
    ".cshrc",
    ".tcshrc",
    ".login",
    ".inputrc",
    ".xprofile",
    ".xinitrc",
    ".xsession",
    ".tmux.conf",
    ".screenrc",
    ".crontab",
    "*profile.ps1",
    # editors and debuggers
    ".exrc",
    ".nvimrc",
    ".nvim.lua",
    ".vimrc",
    ".gvimrc",
    ".emacs",
    ".dir-locals.el",
    ".dir-locals-2.el",
    "*.code-workspace",
    ".gdbinit",
    ".lldbinit",
    ".pdbrc",
    # version control, and what runs hooks
    ".gitconfig",
    ".gitmodules",
    ".gitattributes",
    "head",  # what makes a folder the inside of a .git folder
    ".hgrc",
    ".pre-commit-config.yaml",
    ".pre-commit-config.yml",
    "lefthook.yml",
    "lefthook.yaml",
    ".lefthook.yml",
    ".gitlab-ci.yml",
    ".travis.yml",
    ".drone.yml",
    ".woodpecker.yml",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    "jenkinsfile",
    # package managers and version managers that run what these name
    ".npmrc",
    ".yarnrc",
    ".yarnrc.yml",
    ".pnpmfile.cjs",
    "mise.toml",
    ".mise.toml",
    ".condarc",
    "sitecustomize.py",
    "usercustomize.py",
    # agents
    ".mcp.json",
    "mcp.json",
    "agents.md",
    "agents.override.md",
    "agent.md",
    "claude.md",
    "claude.local.md",
    "gemini.md",
    ".cursorrules",
    ".windsurfrules",
    ".clinerules",
    ".goosehints",
    ".aider.conf.yml",
    "copilot-instructions.md",
    "*.instructions.md",
    "*.prompt.md",
    "skill.md",
    "opencode.json",
    "opencode.jsonc",
    "crush.json",
    ".crush.json",
    "qwen.md",
    "warp.md",
    ".rules",
    ".roorules",
    ".roomodes",
)

PROTECTED = (*(f"{name}/" for name in FOLDERS), *FILES)
"""All of them, as globs of names without regard to case."""


def protected(path: PurePath, own: tuple[Path, ...] = ()) -> str | None:
    """Why a file of this name is protected; None if it is not. Spelling tricks that reach the same file do not help.

    `own`: folders of the daemon itself.

    >>> protected(PurePath("a/.GIT/hooks/post-commit"))
    '.git/ decides what runs'
    >>> protected(PurePath("a/git.py"))
    """
    names = [folded(part) for part in path.parts]
    for folder in own:
        if names[: len(folder.parts)] == [folded(part) for part in folder.parts]:
            return "it belongs to chatls itself"
    for known in FOLDERS:
        if _has(names, known.split("/")):
            return f"{known}/ decides what runs"
    last = names[-1] if names else ""
    return next((f"{known} decides what runs" for known in FILES if fnmatchcase(last, known)), None)


def own_folders() -> tuple[Path, ...]:
    """Where the daemon keeps its settings, rules and output. Looks at the disk: links are resolved."""
    folders = (
        platformdirs.user_config_path("chatls", appauthor=False),
        platformdirs.user_state_path("chatls", appauthor=False),
        platformdirs.user_cache_path("chatls", appauthor=False),
        platformdirs.user_data_path("chatls", appauthor=False),
    )
    return tuple(dict.fromkeys(place for folder in folders for place in (folder, folder.resolve())))


def _has(names: Sequence[str], run: Sequence[str]) -> bool:
    """Whether these names stand in a row somewhere."""
    return any(list(names[at : at + len(run)]) == list(run) for at in range(len(names) - len(run) + 1))
