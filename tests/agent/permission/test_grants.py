"""What was answered for ever: whole files, for the user alone, shared by daemons; a damaged one gives nothing."""

import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from chatls.agent.permission import grants
from chatls.agent.permission.grants import Grants, NotKeptError
from chatls.agent.permission.reach import Reach
from chatls.agent.permission.rule import Rule

FILE = "permissions.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "chatls"


def rule(number: int = 1, *, workspace: str = "/w", **more: Any) -> Rule:
    reach = more.pop("reach", Reach("tool"))
    return Rule(f"r{number}", "workspace", f"tool_{number}", "allow", reach=reach, workspace=Path(workspace), **more)


def opened(folder: Path) -> Grants:
    store = Grants(folder)
    assert store.refresh() is None
    return store


def kept(folder: Path) -> list[str]:
    """What lies there, but for the lock, which is empty."""
    return sorted(path.name for path in folder.iterdir() if path.name != "permissions.lock")


def written(folder: Path, content: object, mode: int = 0o600) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / FILE
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    path.chmod(mode)
    return path


ENTRY = {"id": "a", "workspace": "/w", "tool": "edit_file", "action": "allow", "reach": {"kind": "edits"}}


def test_without_a_file_nothing_is_remembered_and_none_is_made(folder: Path) -> None:
    store = opened(folder)
    store.remove(["x"])
    assert store.rules == ()
    assert not folder.exists()


def test_what_is_kept_is_there_for_the_next_daemon(folder: Path) -> None:
    rules = (
        rule(1, reach=Reach("edits")),
        rule(
            2,
            reach=Reach("run", ("npm", "test"), folder="web", bound={"package.json": "1", "x": ""}, pending={"x": ""}),
        ),
        rule(3, reach=Reach("line", line="x 'é y'", needs=("network",)), workspace="/ü x"),
    )
    opened(folder).add(rules)
    found = opened(folder).rules
    assert found == rules
    assert [one.reach and (one.reach.bound, one.reach.pending) for one in found] == [
        one.reach and (one.reach.bound, one.reach.pending) for one in rules
    ]


def test_the_file_is_the_users_alone_whatever_the_umask_and_its_folder_too(folder: Path) -> None:
    folder.mkdir(parents=True, mode=0o755)
    before = os.umask(0)
    try:
        opened(folder).add([rule()])
    finally:
        os.umask(before)
    assert stat.S_IMODE((folder / FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert kept(folder) == [FILE]


def test_the_same_answer_is_kept_once_and_a_newer_one_counts(folder: Path) -> None:
    store = opened(folder)
    store.add([rule(1)])
    store.add([Rule("other", "workspace", "tool_1", "deny", reach=Reach("tool"), workspace=Path("/w"))])
    assert [(kept.id, kept.action) for kept in opened(folder).rules] == [("other", "deny")]


def test_what_is_taken_back_is_gone_for_others_too(folder: Path) -> None:
    first, second = opened(folder), opened(folder)
    first.add([rule(1), rule(2)])
    second.remove(["r1", "unknown"])
    assert first.rules == (rule(1), rule(2))
    first.refresh()
    assert first.rules == (rule(2),)


def test_two_daemons_lose_nothing_of_each_other(folder: Path) -> None:
    def keep(start: int) -> None:
        store = Grants(folder)
        for number in range(start, start + 10):
            store.add([rule(number)])

    threads = [threading.Thread(target=keep, args=(start,)) for start in (0, 100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(opened(folder).rules) == 30


DAMAGED: list[object] = [
    *("", "{", "[]", "null", "{}", '{"version": "1", "permissions": []}', '{"version": 2}', "\x00", 20_000 * "["),
    {"version": 2, "permissions": [{**ENTRY, "action": "ask"}]},
    {"version": 2, "permissions": [{**ENTRY, "unknown": 1}]},
    {"version": 2, "permissions": [{**ENTRY, "reach": {"kind": "run"}}]},
    {"version": 2, "permissions": [{**ENTRY, "reach": {"kind": "all"}}]},
    {"version": 2, "permissions": [{**ENTRY, "workspace": "relative"}]},
    {"version": 2, "permissions": [{**ENTRY, "tool": 1}]},
]


@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_file_is_moved_aside_told_once_and_gives_nothing(folder: Path, content: object) -> None:
    path = written(folder, content)
    before, store = path.read_bytes(), Grants(folder)
    problem = store.refresh()
    assert problem is not None
    assert "damaged" in problem
    assert store.refresh() is None
    assert store.rules == ()
    (aside,) = folder.iterdir()
    assert aside.name.startswith(f"{FILE}.corrupt-")
    assert aside.read_bytes() == before
    store.add([rule()])
    assert opened(folder).rules == (rule(),)


def test_a_file_of_a_newer_version_is_neither_used_nor_overwritten(folder: Path) -> None:
    path = written(folder, {"version": 3, "permissions": [ENTRY], "more": {}})
    before, store = path.read_bytes(), Grants(folder)
    assert "newer" in (store.refresh() or "")
    assert store.rules == ()
    with pytest.raises(NotKeptError, match="newer"):
        store.add([rule()])
    store.remove(["a"])
    assert path.read_bytes() == before


def test_answers_of_an_older_chatls_that_reached_further_than_they_said_are_asked_anew(folder: Path) -> None:
    written(
        folder,
        {"version": 1, "permissions": [{"id": "a", "workspace": "/w", "tool": "run_command", "action": "allow"}]},
    )
    store = opened(folder)
    assert store.rules == ()
    store.add([rule()])
    assert opened(folder).rules == (rule(),)


def test_a_file_that_others_may_write_is_not_used(folder: Path) -> None:
    written(folder, {"version": 2, "permissions": [ENTRY]}, 0o666)
    store = Grants(folder)
    assert "others" in (store.refresh() or "")
    assert store.rules == ()
    with pytest.raises(NotKeptError):
        store.add([rule()])


def test_a_link_in_the_files_place_is_neither_read_nor_written_through(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text(json.dumps({"version": 2, "permissions": [ENTRY]}), "utf-8")
    other.chmod(0o600)
    folder.mkdir(parents=True)
    (folder / FILE).symlink_to(other)
    before, store = other.read_bytes(), Grants(folder)
    assert store.refresh() is not None
    assert store.rules == ()
    with pytest.raises(NotKeptError):
        store.add([rule()])
    assert other.read_bytes() == before


def test_a_pipe_or_a_folder_in_the_files_place_keeps_nobody_waiting(folder: Path) -> None:
    folder.mkdir(parents=True)
    os.mkfifo(folder / FILE)
    assert "named pipe" in (Grants(folder).refresh() or "")
    (folder / FILE).unlink()
    (folder / FILE).mkdir()
    assert "directory" in (Grants(folder).refresh() or "")


def test_a_folder_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(NotKeptError, match="cannot be written"):
        Grants(tmp_path / "state" / "chatls").add([rule()])


def test_a_write_that_fails_leaves_the_old_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = opened(folder)
    store.add([rule(1)])
    before = (folder / FILE).read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(NotKeptError, match="No space"):
        store.add([rule(2)])
    assert (folder / FILE).read_bytes() == before
    assert kept(folder) == [FILE]


HOLDER = (
    "import sys; from pathlib import Path; from chatls.children.process import locked; "
    "print(locked(Path(sys.argv[1])), flush=True); sys.stdin.read()"
)


def test_a_lock_that_is_held_ends_the_waiting_and_one_that_a_crash_left_blocks_nobody(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grants, "_PATIENCE", 0.0)
    folder.mkdir(parents=True)
    command = [sys.executable, "-c", HOLDER, str(folder / "permissions.lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert int(holder.stdout.readline()) > 0
        with pytest.raises(NotKeptError, match="held"):
            Grants(folder).add([rule()])
        holder.kill()
    Grants(folder).add([rule()])
    assert opened(folder).rules


def test_a_workspace_whose_name_is_no_text_is_not_kept(folder: Path) -> None:
    with pytest.raises(NotKeptError):
        opened(folder).add([rule(workspace="/a\udcff")])
    assert not (folder / FILE).exists()
