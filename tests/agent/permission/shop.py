"""A small project with programs beside it, and what commands and files in it are for the rules."""

import os
from collections.abc import Mapping
from pathlib import Path

from chatls.agent.permission.files import files_of
from chatls.agent.permission.lines import command_of
from chatls.agent.permission.look import Look
from chatls.agent.permission.matter import Command, Files
from chatls.editor import OpenDocument, Root
from chatls.tools.tool import CommandSubject
from chatls.workspace.workspace import Workspace

INSTALLED = [
    "git",
    "npm",
    "npx",
    "pnpm",
    "yarn",
    "node",
    "python",
    "python3",
    "pytest",
    "ruff",
    "mypy",
    "uv",
    "make",
    "cargo",
    "go",
    "tox",
    "ls",
    "cat",
    "nl",
    "head",
    "tail",
    "wc",
    "stat",
    "file",
    "du",
    "diff",
    "cmp",
    "sort",
    "uniq",
    "cut",
    "tr",
    "grep",
    "rg",
    "jq",
    "date",
    "sed",
    "find",
    "realpath",
    "readlink",
    "basename",
    "dirname",
    "which",
    "mkdir",
    "touch",
    "cp",
    "mv",
    "rm",
    "curl",
    "sh",
    "bash",
    "env",
    "xargs",
    "mytool",
    "id",
    "sudo",
    "awk",
    "tree",
    "mvn",
]
FILES = {
    "package.json": "{}",
    "Makefile": "test:\n",
    "pyproject.toml": "",
    ".env": "TOKEN=1\n",
    "src/a.py": "a\n",
    "src/b.py": "b\n",
    "tests/test_a.py": "",
    "web/package.json": "{}",
    "web/app.js": "",
    "node_modules/evil/package.json": "{}",
    ".git/HEAD": "ref: refs/heads/main\n",
    "keymap.json": '{"keys": []}',
    "deploy-key.json": '{"private_key": "-----BEGIN PRIVATE KEY-----"}',
}


class Shop:
    """The project. Made once for all tests that only look at it."""

    def __init__(self, base: Path) -> None:
        base = Path(os.path.realpath(base))
        self.root, self.bin, self.outside = base / "shop", base / "bin", base / "outside"
        for name, text in FILES.items():
            self.put(name, text)
        (self.root / "sub").mkdir()
        for name in INSTALLED:
            self.program(self.bin / name)
        self.program(self.root / ".venv/bin/pytest")
        self.program(self.root / ".venv/bin/python")
        self.program(self.root / "node_modules/.bin/cat")
        self.outside.mkdir()
        (self.outside / "secret.txt").write_text("SECRET")
        (self.root / "readme.lnk").symlink_to(self.outside / "secret.txt")
        (self.root / "away").symlink_to(self.outside)

    def put(self, name: str, text: str = "") -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    @staticmethod
    def program(path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)

    def roots(self) -> tuple[Root, ...]:
        return (Root("shop", self.root),)

    def open_documents(self) -> Mapping[Path, OpenDocument]:
        return {}

    @property
    def look(self) -> Look:
        return Look(Workspace(self), {"PATH": str(self.bin)})

    def command(self, line: str | tuple[str, ...], folder: str = ".", needs: tuple[str, ...] = ()) -> Command:
        return command_of("run_command", CommandSubject(line, self.root / folder, needs), self.look)

    def kinds(self, line: str | tuple[str, ...], folder: str = ".") -> list[str]:
        """The kinds of its parts; `each time` where it is always asked."""
        command = self.command(line, folder)
        return ["each time"] if command.always else [part.kind for part in command.parts]

    def edit(self, *names: str, tool: str = "edit_file") -> Files:
        return files_of(tool, tuple(self.root / name for name in names), self.look)
