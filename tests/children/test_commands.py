"""What commands are given: an environment without keys, the programs they name, a place for their output."""

import os
import stat
from pathlib import Path

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatls.children import commands, outputs
from chatls.children.commands import Commands, environment_without_keys, is_unsafe_batch, quiet_environment
from chatls.children.outputs import OutputFile
from chatls.children.programs import clean_path
from chatls.errors import ToolError

LONG = 120.0
KEY = "sk-canary-0123456789"


# Environment


def test_keys_are_left_out_by_name_by_value_and_inside_of_values() -> None:
    environment = {
        "OPENAI_API_KEY": "anything",
        "MY_COPY": f" {KEY}\n",
        "HEADER": f"Authorization: Bearer {KEY}",
        "CHATLS_LOG": "debug",
        "RIPGREP_CONFIG_PATH": "/evil",
        "HOME": "/home/me",
        "LD_LIBRARY_PATH": "/lib",
    }
    kept = environment_without_keys(environment, {"OPENAI_API_KEY"}, [KEY, ""])
    assert kept == {"HOME": "/home/me", "LD_LIBRARY_PATH": "/lib"}


def test_a_key_that_is_an_ordinary_word_takes_nothing_else_along() -> None:
    environment = {"KEY": "none", "MODE": "none", "PATH": "/opt/ollama/bin", "NAME": "ollama-user"}
    assert environment_without_keys(environment, {"KEY"}, ["none", "ollama"]) == {
        name: environment[name] for name in ("MODE", "PATH", "NAME")
    }


@given(st.dictionaries(st.text(), st.text()), st.sets(st.text()), st.lists(st.text()))
def test_of_an_environment_things_are_left_out_and_nothing_else(
    environment: dict[str, str], names: set[str], values: list[str]
) -> None:
    kept = environment_without_keys(environment, names, values)
    assert not names & set(kept)
    assert not {value for value in values if len(value.strip()) >= 16} & set(kept.values())
    assert all(environment[name] == value for name, value in kept.items() if name != "PATH")


@pytest.mark.parametrize(
    ("path", "clean"),
    [("/usr/bin:/bin", "/usr/bin:/bin"), (":/bin:", "/bin"), (".:bin:./x:../y:/bin", "/bin"), ("", ""), (".", "")],
)
def test_no_entry_of_a_search_path_means_the_working_directory(path: str, clean: str) -> None:
    assert clean_path(path) == clean
    assert environment_without_keys({"PATH": path}, (), ())["PATH"] == clean
    assert quiet_environment({"PATH": path})["PATH"] == clean


def test_programs_neither_page_nor_colour_nor_ask() -> None:
    environment = quiet_environment({"TERM": "xterm", "PAGER": "less", "FORCE_COLOR": "1", "CI": "x", "HOME": "/h"})
    assert environment["PATH"] == clean_path(os.defpath)
    assert (environment["TERM"], environment["PAGER"], environment["GIT_TERMINAL_PROMPT"]) == ("dumb", "cat", "0")
    assert (environment["CI"], environment["HOME"]) == ("x", "/h")
    assert "FORCE_COLOR" not in environment


def test_nothing_makes_a_word_mean_something_else_than_it_says() -> None:
    names = ("BASH_ENV", "ENV", "CDPATH", "SHELLOPTS", "GIT_DIR", "GIT_EXTERNAL_DIFF", "BASH_FUNC_git%%", "PS4")
    environment = quiet_environment(dict.fromkeys(names, "x") | {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "a.b"})
    assert not set(names) & set(environment)
    assert (environment["GIT_CONFIG_KEY_0"], environment["GIT_CONFIG_COUNT"]) == ("a.b", "3")
    assert (environment["GIT_CONFIG_KEY_2"], environment["GIT_CONFIG_VALUE_2"]) == ("core.fsmonitor", "false")


# Programs


def test_a_batch_file_takes_no_arguments_on_windows() -> None:
    for name in (r"C:\x\npm.cmd", "run.BAT", "run.bat.", "run.cmd . "):
        assert is_unsafe_batch(name, ["&calc"], "nt")
        assert not is_unsafe_batch(name, [], "nt")
        assert not is_unsafe_batch(name, ["&calc"], "posix")
    assert not is_unsafe_batch("git.exe", ["status"], "nt")


# In the background


@pytest.mark.asyncio
async def test_there_is_room_for_so_many_in_the_background_and_no_more(tmp_path: Path) -> None:
    end = anyio.Event()
    with anyio.fail_after(LONG):
        async with anyio.create_task_group() as tasks:
            commands_ = Commands({}, tmp_path, tasks)
            for number in range(commands.MOST_IN_BACKGROUND):
                commands_.adopt(number, end.wait, end.wait)
            with pytest.raises(ToolError, match="16 commands are running"):
                commands_.require_background()
            end.set()
            await anyio.wait_all_tasks_blocked()
            commands_.require_background()
            assert commands_.going == ()


def test_without_a_daemon_nothing_goes_on(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="cannot go on in the background"):
        Commands({}, tmp_path).require_background()


# Files


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_an_output_is_for_the_user_alone(tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "output"
    folder.mkdir(parents=True, mode=0o777)
    folder.chmod(0o777)
    file = OutputFile.create(folder)
    file.write(b"one\n")
    file.write(b"two\n")
    file.close()
    assert file.path.read_bytes() == b"one\ntwo\n"
    assert file.path.parent == folder
    assert (mode(folder), mode(file.path)) == (0o700, 0o600)


def test_a_link_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    for target in ("elsewhere", "nowhere"):
        folder = tmp_path / f"to-{target}"
        folder.symlink_to(tmp_path / target)
        with pytest.raises(OSError):
            OutputFile.create(folder)
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert not (tmp_path / "nowhere").exists()


def test_a_link_in_the_files_place_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def known(_: object) -> str:
        return "known"

    victim = tmp_path / "victim"
    victim.write_text("mine")
    monkeypatch.setattr("secrets.token_hex", known)
    monkeypatch.setattr("time.strftime", known)
    (tmp_path / "known-known.txt").symlink_to(victim)
    with pytest.raises(FileExistsError):
        OutputFile.create(tmp_path)
    assert victim.read_text() == "mine"


def test_a_file_does_not_grow_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "LARGEST", 10)
    file = OutputFile.create(tmp_path)
    file.write(b"12345")
    assert not file.cut
    file.write(b"6789012345")
    file.write(b"more")
    file.close()
    assert file.cut
    assert file.path.read_bytes().startswith(b"1234567890\n[cut here")


def test_old_files_go_and_so_do_the_oldest_of_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "MOST", 250)
    now = tmp_path.stat().st_mtime
    for name, age in (("week.txt", 8 * 86400), ("old.txt", 300), ("new.txt", 200), ("newest.txt", 100)):
        (tmp_path / name).write_bytes(b"x" * 100)
        os.utime(tmp_path / name, (now - age, now - age))
    (tmp_path / "keep").write_bytes(b"not ours")
    (tmp_path / "link.txt").symlink_to(tmp_path / "keep")
    OutputFile.create(tmp_path).close()
    assert {"new.txt", "newest.txt", "keep", "link.txt"} <= {path.name for path in tmp_path.iterdir()}
    assert not {"week.txt", "old.txt"} & {path.name for path in tmp_path.iterdir()}
