"""Running commands: what is planned, what comes of it, how it ends, and what is left behind."""

import asyncio
import os
import re
import shlex
import shutil
import stat
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import pytest
from anyio.abc import TaskGroup
from playground import Playground, text_of
from tests.support.clock import Clock

from chatls.children import outputs, process
from chatls.children.commands import Commands, environment_without_keys
from chatls.content import TextContent
from chatls.errors import ToolError
from chatls.tools import read_file, search
from chatls.tools.execution.kept import Kept
from chatls.tools.execution.live import LiveOutput
from chatls.tools.run_command import run_command
from chatls.tools.tool import CommandSubject, Plan, ToolOutput

pytestmark = pytest.mark.asyncio

LONG = 120.0
"""Seconds: no test comes near it unless something hangs."""
LIMIT = 20.0
"""Seconds that pass at once."""
SECRET = "sk-canary-0123456789"

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the environment of any process")


@dataclass
class Screen:
    """What people see while a command runs."""

    text: str = ""
    pieces: int = 0
    changed: anyio.Event = field(default_factory=anyio.Event)

    def show(self, text: str) -> None:
        self.text += text
        self.pieces += 1
        self.changed.set()

    async def wait_for(self, pattern: str) -> str:
        """The first group of the pattern, or all of it, once it is seen."""
        while (match := re.search(pattern, self.text)) is None:
            self.changed = anyio.Event()
            await self.changed.wait()
        return match[match.lastindex or 0]


async def run(ws: Playground, command: object, **more: object) -> ToolOutput:
    with anyio.fail_after(LONG):
        return await ws.call(run_command, command=command, **more)
    raise AssertionError


async def says(ws: Playground, command: object, **more: object) -> tuple[str, str]:
    """The first line without the duration, and the rest."""
    head, _, rest = text_of(await run(ws, command, **more)).partition("\n")
    return re.sub(r" after [\d.]+ s", "", head), rest


async def refusal(ws: Playground, command: object, **more: object) -> str:
    with pytest.raises(ToolError) as caught:
        await run(ws, command, **more)
    assert len(str(caught.value)) < 500
    return str(caught.value)


async def timed_out(ws: Playground, screen: Screen, pattern: str, command: object, **more: object) -> ToolOutput:
    """What comes of a command whose time is over as soon as this is seen of it."""
    found = list[ToolOutput]()

    async def ran() -> None:
        found.append(await run(ws, command, timeout=LIMIT, **more))

    with pytest.MonkeyPatch.context() as patch:
        clock = Clock(patch)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ran)
            await screen.wait_for(pattern)
            clock.forward(LIMIT)
    return found[0]


@pytest.fixture
def screen(ws: Playground) -> Screen:
    """What people see of commands in this workspace."""
    seen = Screen()
    ws.show = seen.show
    return seen


def with_background(ws: Playground, tasks: TaskGroup) -> None:
    """As in a daemon, whose tasks these are."""
    ws.commands = Commands(dict(os.environ), ws.commands.folder, tasks)


def text_in(name: str) -> str:
    return Path(name).read_text()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def preview(made: Plan) -> str:
    (content,) = made.preview
    assert isinstance(content, TextContent)
    return content.text


def python(script: str) -> list[str]:
    return [sys.executable, "-S", "-c", script]


def is_running(pid: int) -> bool:
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


async def gone(pid: int) -> None:
    with anyio.fail_after(LONG):
        await process.gone(pid)


def require_no_children() -> None:
    """No child is left, not even a dead one."""
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


# What is run


async def test_a_line_is_read_by_the_shell_and_a_vector_by_nobody(ws: Playground) -> None:
    assert await says(ws, "echo $((40 + 2)) | tr 4 5; pwd") == ("exit code 0", f"52\n{ws.folder}")
    assert await says(ws, ["printf", "%s %s", "$((1))", "a b; id"]) == ("exit code 0", "$((1)) a b; id")
    require_no_children()


async def test_the_result_begins_with_exit_code_or_signal_and_duration(ws: Playground) -> None:
    assert re.match(r"exit code 0 after \d+\.\d s\n\(no output\)$", text_of(await run(ws, "true")))
    output = await run(ws, "echo bad; exit 3")
    assert re.match(r"exit code 3 after \d+\.\d s\nbad$", text_of(output))
    assert output.status == "completed"
    assert (await says(ws, "kill -SEGV $$"))[0] == "killed by SIGSEGV"


async def test_both_streams_come_in_the_order_in_which_they_are_written(ws: Playground) -> None:
    assert (await says(ws, "echo 1; echo 2 >&2; echo 3"))[1] == "1\n2\n3"


async def test_a_command_that_reads_gets_the_end_at_once(ws: Playground) -> None:
    """Fault 76."""
    assert await says(ws, "cat; read x || echo nothing; tty") == ("exit code 1", "nothing\nnot a tty")


async def test_planning_changes_nothing(ws: Playground) -> None:
    made = await ws.plan(run_command, command="touch mark")
    assert list(ws.folder.iterdir()) == []
    assert made.time_limit == 0
    await made.carry_out()
    assert [path.name for path in ws.folder.iterdir()] == ["mark"]


async def test_output_is_shown_while_the_command_runs(ws: Playground, screen: Screen) -> None:
    os.mkfifo(ws.folder / "gate")
    with anyio.fail_after(LONG):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run, ws, "printf 'first, '; cat gate; echo last")
            await screen.wait_for("first, ")
            await anyio.to_thread.run_sync((ws.folder / "gate").write_text, "second\n")
    assert screen.text == "first, second\nlast\n"


# Folders


async def test_it_runs_in_the_folder_that_is_named(ws: Playground) -> None:
    ws.write("inner/x")
    for name in ("inner", str(ws.folder / "inner"), (ws.folder / "inner").as_uri()):
        assert (await says(ws, "pwd", cwd=name))[1] == str(ws.folder / "inner")


async def test_no_folder_outside_is_run_in(ws: Playground) -> None:
    (ws.folder / "link").symlink_to(ws.folder.parent)
    for name in ("..", "/", "link", str(ws.commands.folder), "/proc/self"):
        assert "outside the workspace" in await refusal(ws, "pwd", cwd=name)
    ws.write("file")
    assert "cwd must be a folder" in await refusal(ws, "pwd", cwd="file")
    assert "there is no" in await refusal(ws, "pwd", cwd="fil")


async def test_of_several_roots_the_first_one_is_taken_and_named(ws: Playground) -> None:
    for name in ("b", "a"):
        ws.write(f"{name}/x")
    ws.folders = {name: ws.folder / name for name in ("b", "a")}
    assert await says(ws, "pwd") == ("exit code 0 in b", str(ws.folder / "b"))
    assert await says(ws, "pwd", cwd="a") == ("exit code 0", str(ws.folder / "a"))
    ws.folders = {}
    assert "no folder is open" in await refusal(ws, "pwd")


# The developer's shell, and what the project brings


async def test_lines_are_read_by_bash_where_there_is_one(ws: Playground) -> None:
    ws.write("env.sh", "WORD=sourced\n")
    shell, out = await says(ws, 'source ./env.sh && a=(x y) && [[ $WORD == s* ]] && echo "${a[1]} $WORD"')
    assert (shell, out) == ("exit code 0", "y sourced") if shutil.which("bash") else shell != "exit code 0"


async def test_a_shell_reads_no_file_before_its_line(ws: Playground, tmp_path: Path) -> None:
    script = ws.write("start.sh", "echo started; ls() { echo planted; }\n")
    names = ("BASH_ENV", "ENV")
    function = {"BASH_FUNC_cat%%": "() { echo planted; }"}
    ws.commands = Commands({**os.environ, **dict.fromkeys(names, str(script)), **function}, ws.commands.folder)
    assert (await says(ws, "ls; cat start.sh"))[1] == f"start.sh\n{script.read_text().rstrip()}"


async def test_the_projects_environment_is_active_and_the_systems_programs_stay(ws: Playground) -> None:
    for name in (".venv/bin/python", ".venv/bin/mytool", ".venv/bin/git", "node_modules/.bin/ls"):
        ws.write(name, f"#!/bin/sh\necho own {name}\n").chmod(0o755)
    _, out = await says(ws, "python; mytool; echo $VIRTUAL_ENV; git --version | cut -c1-11; ls .venv")
    assert out.split("\n") == [
        "own .venv/bin/python",
        "own .venv/bin/mytool",
        str(ws.folder / ".venv"),
        "git version",
        "bin",
    ]
    assert (await says(ws, ["mytool"]))[1] == "own .venv/bin/mytool"
    assert (await says(ws, ["ls", ".venv"]))[1] == "bin"


async def test_a_program_that_is_on_no_path_is_told_where_it_is(ws: Playground) -> None:
    ws.write("web/node_modules/.bin/bundle-it", "#!/bin/sh\n").chmod(0o755)
    ws.write("scripts/deploy-it", "#!/bin/sh\n").chmod(0o755)
    where = {"bundle-it": "./web/node_modules/.bin/bundle-it", "deploy-it": "./scripts/deploy-it"}
    for name, place in where.items():
        for line in (f"{name} --all", f"true && {name}", f"sh -c '{name}'", f"/usr/bin/env {name}"):
            head, _ = await says(ws, line)
            assert head == f"exit code 127; {name} is not on PATH, but there is {place}", line
    assert (await says(ws, "no-such-thing"))[0] == "exit code 127"


@linux
async def test_what_was_left_running_is_named_when_it_is_ended(ws: Playground, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = "for pid in $(cat pids); do until grep -qs sleep /proc/$pid/comm; do :; done; done; echo started"
    leaves = "(sleep 61 >/dev/null 2>&1 & echo $! >pids); setsid sleep 62 >/dev/null 2>&1 & echo $! >>pids"
    head, rest = await says(ws, f"{leaves}; {begun}")
    assert rest == "started"
    assert re.match(
        r"exit code 0; what it had left running was ended with it \(sleep 6[12], sleep 6[12]\): .*background", head
    )
    monkeypatch.setattr("chatls.children.process._MOMENT", LONG / 2)  # what ends by itself until then is not named
    head, _ = await says(ws, "yes | head -1; true &")
    assert head == "exit code 0"


# What cannot be run


async def test_a_missing_program_is_told_before_anybody_is_asked(ws: Playground) -> None:
    """Fault 78."""
    assert "command not found" in await refusal(ws, ["no-such-program"])
    assert "each argument as its own item" in await refusal(ws, ["echo hello"])
    head, rest = await says(ws, "no-such-program")
    assert head == "exit code 127"
    assert "not found" in rest


@pytest.mark.parametrize("command", ["", "  \n", [], [""], ["\t", "x"], "a\0b", ["echo", "a\0"], "half \ud800"])
async def test_what_is_no_command_is_refused(ws: Playground, command: object) -> None:
    assert "the command" in await refusal(ws, command)


async def test_a_timeout_of_nothing_is_for_the_background_alone(ws: Playground) -> None:
    assert "timeout" in await refusal(ws, "true", timeout=0)
    assert "timeout" in await refusal(ws, "true", timeout=3601)


async def test_a_command_that_is_too_long_is_told_so(ws: Playground) -> None:
    assert "too long for this system" in await refusal(ws, ["echo", "x" * 3_000_000])


async def test_a_folder_that_went_away_meanwhile_is_told(ws: Playground) -> None:
    """Fault 78."""
    inner = ws.write("inner/x").parent
    made = await ws.plan(run_command, command="touch mark", cwd="inner")
    (inner / "x").unlink()
    inner.rmdir()
    with pytest.raises(ToolError, match="has changed meanwhile, or is gone"):
        await made.carry_out()
    inner.symlink_to(ws.folder.parent)
    with pytest.raises(ToolError, match="has changed meanwhile, or is gone"):
        await made.carry_out()
    assert not (ws.folder.parent / "mark").exists()


async def test_a_program_that_came_to_be_another_one_meanwhile_is_not_run(ws: Playground) -> None:
    folders = [ws.folder.parent / name for name in ("first", "second")]
    for folder in folders:
        folder.mkdir()
    ws.commands = Commands({"PATH": ":".join(map(str, folders))}, ws.commands.folder)
    made = None
    for folder in reversed(folders):
        (folder / "tool").write_text(f"#!/bin/sh\necho {folder.name}\n")
        (folder / "tool").chmod(0o755)
        if folder is folders[1]:
            made = await ws.plan(run_command, command=["tool"])
    assert made
    with pytest.raises(ToolError, match="another program meanwhile"):
        await made.carry_out()
    assert (await says(ws, ["tool"]))[1] == "first"


# What it is given


async def test_no_key_and_nothing_of_ours_is_in_its_environment(
    ws: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Attack A36, and A24."""
    for name in ("OPENAI_API_KEY", "A_COPY", "CHATLS_LOG", "RIPGREP_CONFIG_PATH"):
        monkeypatch.setenv(name, SECRET)
    environment = environment_without_keys(os.environ, {"OPENAI_API_KEY"}, [SECRET])
    ws.commands = Commands(environment, ws.commands.folder)
    _, rest = await says(
        ws, "env; cat /proc/self/environ /proc/$PPID/environ 2>/dev/null | tr '\\0' '\\n' | head -0; env"
    )
    assert SECRET not in rest
    assert not re.search(r"^CHATLS_(?!COMMAND=)|^RIPGREP_CONFIG_PATH", rest, re.MULTILINE)
    assert "PAGER=cat" in rest
    assert "TERM=dumb" in rest


async def test_programs_in_the_workspace_are_not_taken_for_those_of_the_system(ws: Playground) -> None:
    """Attack A20."""
    for name in ("ls", "git", "echo"):
        ws.write(name, "#!/bin/sh\ntouch pwned\n").chmod(0o755)
    path = f":.:./bin:{os.environ['PATH']}:"
    ws.commands = Commands({"PATH": path}, ws.commands.folder)
    await run(ws, "ls; /usr/bin/env ls; command -v git")
    await run(ws, ["ls"])
    assert not (ws.folder / "pwned").exists()


# Its output


async def test_of_a_long_output_beginning_and_end_are_kept_and_all_of_it_is_in_a_file(ws: Playground) -> None:
    """Fault 74."""
    output = await run(ws, "seq 1 200000")
    text = text_of(output)
    assert output.truncated
    found = re.search(r"\n\[\.\.\. (\d+) bytes left out here; the whole output is in (\S+) \.\.\.\]\n", text)
    assert found
    whole = text_in(found[2])
    assert whole == "".join(f"{number}\n" for number in range(1, 200001))
    before, after = text.split(found[0])
    assert before.split("\n")[1:4] == ["1", "2", "3"]
    assert after.split("\n")[-2:] == ["199999", "200000"]
    kept = before.partition("\n")[2] + "\n" + after + "\n"
    assert len(whole) == len(kept) + int(found[1])
    assert (mode(Path(found[2])), mode(ws.commands.folder)) == (0o600, 0o700)


async def test_the_file_of_an_output_is_read_and_searched_and_nothing_else(ws: Playground) -> None:
    text = text_of(await run(ws, "seq 1 200000"))
    (name,) = re.findall(r"whole output is in (\S+)", text)
    assert "100000\t100000" in await ws.ask(read_file, path=name, start_line=100000, end_line=100000)
    assert f"{name}:123456: 123456" in await ws.ask(search, pattern="^123456$", path=name)
    for refused in (lambda: ws.workspace().resolve(name), lambda: ws.workspace().changeable(name)):
        with pytest.raises(ToolError, match="outside the workspace"):
            refused()
    with pytest.raises(ToolError, match="outside the workspace"):
        await ws.ask(search, pattern="x", path=str(ws.commands.folder))
    assert [folder for _, folder in ws.workspace().folders] == [ws.folder]


async def test_a_short_output_makes_no_file(ws: Playground) -> None:
    await run(ws, "seq 1 1000")
    assert not ws.commands.folder.exists()


async def test_what_is_kept_fits_into_the_result_that_the_settings_allow(ws: Playground) -> None:
    ws.result_bytes = 4096
    text = text_of(await run(ws, "seq 1 20000"))
    assert len(text.encode()) < 4096
    assert text.endswith("\n20000")


async def test_an_output_without_end_is_drained_and_cut_on_the_disk(
    ws: Playground, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 74."""
    monkeypatch.setattr(outputs, "LARGEST", 100_000)
    text = text_of(await run(ws, "head -c 20000000 /dev/zero | tr '\\0' x; echo; echo end"))
    assert "the beginning of it is in" in text
    assert text.endswith("x\nend")
    (name,) = re.findall(r"beginning of it is in (\S+)", text)
    assert 100_000 < len(text_in(name)) < 100_200
    assert len(screen.text) < 2_000_000


async def test_where_the_file_cannot_be_made_the_command_runs_all_the_same(ws: Playground) -> None:
    """Attack A43."""
    (ws.folder.parent / "elsewhere").mkdir()
    ws.commands.folder.symlink_to(ws.folder.parent / "elsewhere")
    head, rest = await says(ws, "seq 1 200000")
    assert head == "exit code 0"
    assert "the whole output could not be kept (" in rest
    assert list((ws.folder.parent / "elsewhere").iterdir()) == []


async def test_odd_output_is_made_plain(ws: Playground, screen: Screen) -> None:
    """Fault 75, attack A39."""
    script = r"printf '10%%\r50%%\r100%%\na\0b\377c\033[31mred\033[0m\033]52;c;eA==\a\342\200\256x\nno end'"
    _, rest = await says(ws, script)
    assert rest == "100%\na\ufffdb\ufffdcred\\u{202E}x\nno end"
    assert screen.text.endswith("100%\na\ufffdb\ufffdcred\\u{202E}x\nno end")
    assert not set(screen.text) & set("\x1b\a\0\r\u202e")


async def test_a_character_that_comes_in_two_pieces_is_one(ws: Playground, screen: Screen) -> None:
    os.mkfifo(ws.folder / "gate")
    with anyio.fail_after(LONG):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run, ws, r"printf 'a\303'; cat gate; printf '\244'")
            await screen.wait_for("a")
            await anyio.to_thread.run_sync((ws.folder / "gate").write_text, "")
    assert screen.text == "aä"


async def test_what_is_kept_does_not_grow() -> None:
    kept = Kept(1000)
    for number in range(3000):
        kept.add(b"%d " % number * (number % 7))
        assert sum(len(value) for value in vars(kept).values() if isinstance(value, bytearray)) <= 3000
    head, left, tail = kept.parts()
    assert len(head) + left + len(tail) == kept.size
    assert tail.endswith("2998 2998 2999 2999 2999 ")


async def test_what_is_shown_is_no_flood() -> None:
    screen = Screen()
    live = LiveOutput(screen.show)
    for _ in range(100):
        for _ in range(1000):
            live.add("x" * 99 + "\n")
        live.piece("")
    assert screen.pieces == 100
    assert len(screen.text) < 100 * 17_000
    assert "characters are not shown here" in screen.text
    assert live.interval == 1


async def test_a_line_that_is_written_anew_is_shown_anew() -> None:
    screen = Screen()
    live = LiveOutput(screen.show)
    for line in ("10%", "10% or", "20%"):
        live.piece(line)
    live.add("30%\n")
    live.piece("")
    assert screen.text == "10% or\n20%\n30%\n"


# Its end


async def test_after_its_time_it_is_ended_with_all_that_it_started_and_what_it_wrote_is_told(
    ws: Playground, screen: Screen
) -> None:
    """Fault 70."""
    output = await timed_out(ws, screen, "so far", "sleep 300 & echo $!; echo so far; sleep 300")
    assert output.status == "timed_out"
    head, _, rest = text_of(output).partition("\n")
    assert head.startswith("timed out after 20 s, and was ended with all that it had started.")
    assert rest.endswith("so far")
    assert not is_running(int(rest.split()[0]))
    require_no_children()


async def test_the_settings_limit_holds_if_the_model_names_none(ws: Playground) -> None:
    ws.time_limit = 0.1
    assert (await run(ws, "sleep 300")).status == "timed_out"
    ws.time_limit = 0
    assert (await run(ws, "true")).status == "completed"


async def test_last_words_after_the_polite_signal_are_told(ws: Playground, screen: Screen) -> None:
    script = "trap 'echo last words; exit' TERM; echo ready; while :; do sleep 0.05; done"
    assert re.search(r"\nready\n(.*\n)?last words$", text_of(await timed_out(ws, screen, "ready", script)))


async def test_who_ignores_the_polite_signal_is_killed(ws: Playground, screen: Screen) -> None:
    """Fault 71."""
    output = await timed_out(ws, screen, r"\d+\n", "trap '' TERM; echo $$; while :; do sleep 300; done")
    assert output.status == "timed_out"
    assert not is_running(int(text_of(output).split("\n")[1]))


@linux
async def test_one_that_left_for_a_session_of_its_own_neither_holds_up_nor_survives(ws: Playground) -> None:
    """Fault 72."""
    left = " os.setsid()\n print(os.getpid(), flush=True)\n os.write(its, b'x')\n time.sleep(300)"
    script = f"import os, time\nours, its = os.pipe()\nif not os.fork():\n{left}\nelse: os.read(ours, 1)"
    head, rest = await says(ws, python(script))
    assert head.startswith("exit code 0; what it had left running was ended with it (")
    await gone(int(rest))


@linux
async def test_a_command_that_forks_on_and_on_ends_in_time(ws: Playground, screen: Screen) -> None:
    """Fault 73, with one live process at a time, so that the machine survives the test, too."""
    rabbit = (
        "import os, time\nprint(os.getpid(), flush=True)\nwhile True:\n if os.fork(): os._exit(0)\n time.sleep(0.001)"
    )
    ws.write("rabbit.py", rabbit)
    script = f"{shlex.quote(sys.executable)} -S {shlex.quote(str(ws.folder))}/rabbit.py & sleep 300"
    assert (await timed_out(ws, screen, r"\d+\n", script)).status == "timed_out"
    assert not [line for line in command_lines() if str(ws.folder).encode() in line]


def command_lines() -> list[bytes]:
    """Of all processes."""
    lines = list[bytes]()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            lines.append(path.read_bytes())
    return lines


@linux
async def test_a_cancelled_command_is_gone_with_all_that_it_started(ws: Playground, screen: Screen) -> None:
    script = "import os, time\nif not os.fork(): os.setsid()\nos.write(1, b'pid %d\\n' % os.getpid())\ntime.sleep(300)"
    with anyio.fail_after(LONG):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run, ws, python(script))
            await screen.wait_for(r"pid \d+\npid \d+\n")
            tasks.cancel_scope.cancel()
    for pid in re.findall(r"\d+", screen.text):
        await gone(int(pid))
    require_no_children()


async def test_a_native_cancel_leaves_no_process(ws: Playground, screen: Screen) -> None:
    with anyio.fail_after(LONG):
        running = asyncio.ensure_future(run(ws, "echo pid $$.; sleep 300"))
        pid = int(await screen.wait_for(r"pid (\d+)\."))
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await gone(pid)


# In the background


async def test_a_command_can_go_on_in_the_background(ws: Playground, screen: Screen) -> None:
    os.mkfifo(ws.folder / "gate")
    name = ""
    with anyio.fail_after(LONG):
        async with anyio.create_task_group() as tasks:
            with_background(ws, tasks)
            command = "printf 'begun '; cat gate; exit 4"
            output = await timed_out(ws, screen, "begun ", command, background=True)
            assert output.status == "completed"
            head, _, rest = text_of(output).partition("\n")
            assert head.startswith("still running, in the background after 20 s as process group ")
            assert rest == "begun "
            (name,) = re.findall(r"its output goes into (\S+), which read_file shows", head)
            assert is_running(int(re.findall(r"process group (\d+);", head)[0]))
            await anyio.to_thread.run_sync((ws.folder / "gate").write_text, "and done\n")
        shown = await ws.ask(read_file, path=name)
        assert "1\tbegun and done\n" in shown
        assert re.search(r"\[exit code 4 after [\d.]+ s\]", shown)
        assert screen.text == "begun "
    require_no_children()


async def test_a_command_in_the_background_is_ended_as_its_result_says(ws: Playground, screen: Screen) -> None:
    text = ""
    with anyio.fail_after(LONG):
        async with anyio.create_task_group() as tasks:
            with_background(ws, tasks)
            text = text_of(await timed_out(ws, screen, "up", "echo up; sleep 300", background=True))
            (number,) = re.findall(r'call run_command with stop="(\d+)"', text)
            for wrong in (f"{number}0", "me", "-1"):
                assert f"in the background are {number}" in await refusal(ws, None, stop=wrong)
            assert "stop is given alone" in await refusal(ws, "true", stop=number)
            assert text_of(await run(ws, None, stop=number)).startswith("ended, with all that it had started")
            assert "none is" in await refusal(ws, None, stop=number)
        (name,) = re.findall(r"goes into (\S+),", text)
        assert text_in(name).startswith("up\n\n[killed by SIGTERM after")


async def test_what_is_sent_to_the_background_at_once_is_not_waited_for(ws: Playground) -> None:
    with anyio.fail_after(LONG):
        async with anyio.create_task_group() as tasks:
            with_background(ws, tasks)
            assert "in the background after 0 s" in text_of(await run(ws, "sleep 300", background=True, timeout=0))
            process.kill_all()  # as the daemon does when it leaves


async def test_one_that_ends_before_its_time_never_was_in_the_background(ws: Playground) -> None:
    with anyio.fail_after(LONG):
        async with anyio.create_task_group() as tasks:
            with_background(ws, tasks)
            assert await says(ws, "echo broken; exit 1", background=True) == ("exit code 1", "broken")


async def test_a_daemon_that_leaves_ends_what_is_in_the_background(ws: Playground) -> None:
    pid = 0
    with anyio.fail_after(LONG):
        async with anyio.create_task_group() as tasks:
            with_background(ws, tasks)
            text = text_of(await run(ws, "sleep 300", background=True, timeout=0.1))
            (pid,) = re.findall(r"process group (\d+);", text)
            tasks.cancel_scope.cancel()
        await gone(int(pid))
    require_no_children()


async def test_without_a_daemon_nothing_is_sent_to_the_background(ws: Playground) -> None:
    assert "leave out background" in await refusal(ws, "touch mark", background=True)
    assert not (ws.folder / "mark").exists()


# What a person sees before


async def test_a_person_sees_command_folder_and_time(ws: Playground) -> None:
    made = await ws.plan(run_command, command="git status", timeout=30)
    assert made.subject == CommandSubject("git status", ws.folder)
    assert preview(made) == f"In {ws.folder}, for at most 30 s:\n\ngit status"
    ws.time_limit = 0
    made = await ws.plan(run_command, command=["echo", "a b", "c"])
    assert made.subject == CommandSubject(("echo", "a b", "c"), ws.folder)
    assert preview(made) == f"In {ws.folder}, for as long as it takes, without a shell:\n\necho 'a b' c"


async def test_a_person_is_told_of_a_program_inside_the_workspace(ws: Playground) -> None:
    program = ws.write("build", "#!/bin/sh\n")
    program.chmod(0o755)
    assert f"the program is {program}, inside the workspace" in preview(await ws.plan(run_command, command=["./build"]))


async def test_nothing_of_a_command_is_hidden_from_a_person(ws: Playground) -> None:
    """Attack A21."""
    seen = preview(await ws.plan(run_command, command="ls" + 5000 * " " + "; id \u202e\u200b\x1b[2K\r\nrm -rf x"))
    assert "characters in 2 lines:" in seen
    assert seen.endswith("1: ls⟨5000 spaces⟩; id \\u{202E}\\u{200B}\\u{001B}[2K\\u{000D}\n2: rm -rf x")
    seen = preview(await ws.plan(run_command, command="echo " + "x" * 5000 + "; id"))
    assert "5009 characters in 1 line:" in seen
    assert seen.endswith("xxx; id")
    assert "\\u{000A}" not in preview(await ws.plan(run_command, command=["echo", "a\nb"]))


async def test_the_title_is_one_line_that_hides_nothing() -> None:
    assert run_command.title({"command": "git status"}) == "run_command git status"
    assert run_command.title({"command": ["git", "log", "a b"]}) == "run_command git log 'a b'"
    assert run_command.title({"command": "a\n\u202eb"}) == "run_command a\\u{000A}\\u{202E}b"
    assert len(run_command.title({"command": "x" * 1000})) == 120


async def test_it_is_offered_as_one_that_changes_things() -> None:
    assert (run_command.kind, run_command.read_only, run_command.name) == ("execute", False, "run_command")
