"""What was answered for ever, by workspace: one file in the user's state folder, for the user's eyes alone.

Several daemons may use it: each change is made to what the file says then, under a lock, and shows as one whole.
Nothing of it lies in a workspace. All methods block: call them in a worker thread, one at a time.
"""

import json
import os
import secrets
import stat
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chatls.agent.permission.reach import Reach, ReachKind
from chatls.agent.permission.rule import Rule
from chatls.children.process import locked
from chatls.errors import ChatlsError
from chatls.shapes import member
from chatls.workspace.openfile import NotRegularError, open_beneath
from chatls.workspace.ownfolder import make_private

VERSION = 2
_LONGEST = 8 * 2**20
_PATIENCE = 3.0
"""Seconds to wait for another daemon that writes."""
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


class NotKeptError(ChatlsError):
    """What was answered cannot be kept, or not be taken back. The text says why."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)


class _Reached(_Strict):
    kind: ReachKind
    words: list[str] = Field(default_factory=list[str])
    line: str = ""
    folder: str = "."
    needs: list[str] = Field(default_factory=list[str])
    bound: dict[str, str] = Field(default_factory=dict[str, str])
    pending: dict[str, str] = Field(default_factory=dict[str, str])


class _Granted(_Strict):
    id: str
    workspace: str
    tool: str
    action: Literal["allow", "deny"]
    reach: _Reached


class _GrantsFile(_Strict):
    version: int
    permissions: list[_Granted]


class Grants:
    """The rules of all workspaces, as the file said when it was last looked at."""

    def __init__(self, folder: Path) -> None:
        self.rules: tuple[Rule, ...] = ()
        self._folder = folder
        self._path = folder / "permissions.json"
        self._problem: str | None = None
        """Why the file is not used."""
        self._looked: object = ()

    def refresh(self) -> str | None:
        """Read the file if it changed. Gives words for a person where it cannot be used, once."""
        mark = _mark(self._path)
        if mark == self._looked:
            return None
        before, self._problem = self._problem, None
        self.rules = self._read()
        self._looked = _mark(self._path)
        return self._problem if self._problem != before else None

    def add(self, rules: Iterable[Rule]) -> None:
        """Keep these. Raises `NotKeptError`."""
        new = [rule for rule in rules if rule.workspace is not None]
        if new:
            self._change(lambda old: [*(rule for rule in old if not any(same(rule, one) for one in new)), *new])

    def remove(self, ids: Iterable[str]) -> None:
        """Take these back. Raises `NotKeptError`."""
        gone = set(ids)
        self.refresh()
        if any(rule.id in gone for rule in self.rules):
            self._change(lambda old: [rule for rule in old if rule.id not in gone])

    def _change(self, change: Callable[[tuple[Rule, ...]], list[Rule]]) -> None:
        try:
            self._make_folder()
            with _alone(self._folder / "permissions.lock"):
                self._problem = None
                rules = self._read()
                if self._problem is not None and _mark(self._path) is not None:
                    raise NotKeptError(self._problem)
                self.rules = tuple(change(rules))
                self._write(_text(self.rules))
                self._looked = _mark(self._path)
        except OSError as error:
            raise NotKeptError(f"{self._path} cannot be written: {error.strerror or error}") from error

    def _read(self) -> tuple[Rule, ...]:
        """What the file says; nothing where it cannot be used, which `_problem` then tells."""
        try:
            with open_beneath(self._folder, self._path) as file:
                status = os.fstat(file.fileno())
                data = file.read(_LONGEST + 1)
        except (FileNotFoundError, NotADirectoryError):
            return ()
        except NotRegularError as error:
            return self._unused(f"is {error.kind}")
        except OSError as error:
            return self._unused(f"cannot be read: {error.strerror}")
        if os.name == "posix" and status.st_mode & _OTHERS_WRITE:
            return self._unused("may be written by others than you")
        return self._parsed(data)

    def _parsed(self, data: bytes) -> tuple[Rule, ...]:
        try:
            values = json.loads(data)
            if (version := _version(values)) > VERSION:
                return self._unused("was written by a newer chatls")
            if version < VERSION:
                return ()  # what answers covered then was more than they said: it is asked anew
            return tuple(_rule(entry) for entry in _GrantsFile.model_validate(values).permissions)
        except (ValueError, RecursionError, ValidationError):
            return self._set_aside()

    def _unused(self, why: str) -> tuple[Rule, ...]:
        self._problem = f"remembered permissions are not used: {self._path} {why}"
        return ()

    def _set_aside(self) -> tuple[Rule, ...]:
        aside = self._path.with_name(f"{self._path.name}.corrupt-{int(time.time())}-{secrets.token_hex(2)}")
        with suppress(OSError):
            self._path.rename(aside)
        self._problem = f"remembered permissions are lost: {self._path} is damaged; it was moved to {aside.name}"
        return ()

    def _make_folder(self) -> None:
        make_private(self._folder)
        status = self._folder.lstat()
        if not stat.S_ISDIR(status.st_mode):
            raise NotADirectoryError(0, f"{self._folder} is not a folder")
        if stat.S_IMODE(status.st_mode) & 0o077:
            self._folder.chmod(0o700)

    def _write(self, data: bytes) -> None:
        """Whole or not at all."""
        new = self._folder / f".permissions-{secrets.token_hex(8)}"
        try:
            with os.fdopen(os.open(new, _NEW, 0o600), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
        except BaseException:
            with suppress(OSError):
                new.unlink()
            raise


@contextmanager
def _alone(lock: Path) -> Generator[None]:
    """Be the only one. Nobody waits for the dead: the system lets go of their locks."""
    deadline = time.monotonic() + _PATIENCE
    while (held := locked(lock)) is None:
        if time.monotonic() > deadline:
            raise NotKeptError(f"{lock} is held by another chatls; try again")
        time.sleep(0.02)
    try:
        yield
    finally:
        os.close(held)


def _mark(path: Path) -> tuple[int, ...] | None:
    """Changes whenever the file does."""
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_mode


def _version(values: Any) -> int:
    version = member(values, "version")
    return version if isinstance(version, int) else VERSION


def _rule(entry: _Granted) -> Rule:
    told = entry.reach
    needs_words = told.kind in ("run", "file", "name", "server")
    if (
        not Path(entry.workspace).is_absolute()
        or needs_words != bool(told.words)
        or (told.kind == "line") != bool(told.line)
    ):
        raise ValueError("an entry that means nothing")
    reach = Reach(told.kind, tuple(told.words), told.line, told.folder, tuple(told.needs), told.bound, told.pending)
    return Rule(entry.id, "workspace", entry.tool, entry.action, reach=reach, workspace=Path(entry.workspace))


def _text(rules: tuple[Rule, ...]) -> bytes:
    entries = [_entry(rule, rule.reach) for rule in rules if rule.reach]
    try:
        return json.dumps({"version": VERSION, "permissions": entries}, indent=2, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError as error:
        raise NotKeptError("the workspace's name is no text that can be written down") from error


def _entry(rule: Rule, reach: Reach) -> dict[str, Any]:
    told = {
        "words": list(reach.words),
        "line": reach.line,
        "folder": reach.folder if reach.folder != "." else "",
        "needs": list(reach.needs),
        "bound": dict(reach.bound),
        "pending": dict(reach.pending),
    }
    return {
        "id": rule.id,
        "workspace": str(rule.workspace),
        "tool": rule.tool,
        "action": rule.action,
        "reach": {"kind": reach.kind, **{name: value for name, value in told.items() if value}},
    }


def same(one: Rule, other: Rule) -> bool:
    """Whether two rules are about the same: the later one counts."""
    return (one.workspace, one.tool, one.reach) == (other.workspace, other.tool, other.reach)
