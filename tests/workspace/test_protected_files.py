"""Files that decide what runs: told by name, however it is spelled, wherever it lies."""

from pathlib import Path, PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatls.workspace.protected_files import own_folders, protected
from tests.support.cases import for_each


@for_each(
    "name",
    [
        *(
            ".git/hooks/pre-commit",
            ".git/config",
            ".git",
            "sub/.git/HEAD",
            ".hg/hgrc",
            ".svn/x",
            ".jj/repo/config.toml",
        ),
        *(
            ".vscode/settings.json",
            ".vscode/tasks.json",
            ".vscode/mcp.json",
            ".idea/x.xml",
            ".zed/settings.json",
            ".cursor/mcp.json",
        ),
        *(
            ".devcontainer/devcontainer.json",
            ".husky/pre-push",
            ".claude/settings.json",
            ".github/workflows/ci.yml",
            "a.code-workspace",
        ),
        *(
            ".envrc",
            ".exrc",
            ".nvimrc",
            ".nvim.lua",
            ".vimrc",
            ".bashrc",
            ".bash_profile",
            ".bash_login",
            ".bash_logout",
            ".profile",
        ),
        *(
            ".zshrc",
            ".zprofile",
            ".zshenv",
            ".zlogin",
            ".config/fish/config.fish",
            ".inputrc",
            ".gitconfig",
            ".gitmodules",
        ),
        *(
            ".gitattributes",
            ".mcp.json",
            "mcp.json",
            "AGENTS.md",
            "docs/AGENTS.md",
            "CLAUDE.md",
            "GEMINI.md",
            ".cursorrules",
        ),
        *(".windsurfrules", ".github/copilot-instructions.md", ".ssh/authorized_keys", ".config/autostart/x.desktop"),
        *("Library/LaunchAgents/x.plist", ".config/systemd/user/x.service", ".pre-commit-config.yaml"),
    ],
)
def test_these_are_protected(name: str) -> None:
    assert protected(PurePath("/home/me/project") / name)


@for_each(
    "name",
    [
        *(
            ".GIT/config",
            ".Git/hooks/x",
            ".VSCODE/settings.json",
            "agents.MD",
            ".g\u200bit/config",
            ".git\u200c/config",
            ".git./config",
        ),
        *(
            ".git /config",
            ".git::$INDEX_ALLOCATION/config",
            "AGENTS.md ",
            "AGENTS.md.",
            "AGENTS.md::$DATA",
            "\uff21GENTS.md",
            "GIT~1/config",
        ),
        *(".\uff47it/config", ".GITHUB/Workflows/x.yml", "\ufeff.envrc", ".\u202egit/x"),
    ],
)
def test_other_spellings_of_the_same_file_are_protected(name: str) -> None:
    assert protected(PurePath("/p") / name)


@for_each(
    "name",
    [
        *(
            "src/git.py",
            "git/config",
            ".github/ISSUE_TEMPLATE.md",
            "vscode/settings.json",
            ".gitignore",
            "profile",
            "README.md",
        ),
        *(
            "AGENTS.md.txt",
            "my-AGENTS.md",
            "docs/claude.mdx",
            "mcp.jsonl",
            "config/fish.py",
            "package.json",
            "Makefile",
            ".env",
        ),
    ],
)
def test_these_are_not(name: str) -> None:
    assert protected(PurePath("/home/me/project") / name) is None


def test_our_own_folders_are_protected_by_any_letter_case_and_through_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "link").symlink_to(real)
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "link" / name))
    own = own_folders()
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        for folder in ("link", "real", "REAL"):
            assert protected(tmp_path / folder / name / "chatls" / "config.toml", own)
            assert not protected(tmp_path / folder / name / "chatls-2" / "config.toml", own)


@given(st.lists(st.text(max_size=5), max_size=4), st.lists(st.text(max_size=5), max_size=4))
def test_whatever_stands_around_it_a_protected_folder_is_protected(before: list[str], after: list[str]) -> None:
    assert protected(
        PurePath(*(part.replace("/", "") for part in before), ".git", *(part.replace("/", "") for part in after))
    )
