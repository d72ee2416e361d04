"""Children: what they inherit, how they end, and what they cannot hold up."""

import asyncio
import errno
import os
import signal
import sys
from pathlib import Path

import anyio
import pytest

from chatls.children import process
from chatls.children.pipes import PipeReader
from chatls.children.process import Child

pytestmark = pytest.mark.asyncio

LONG = 120.0
"""Seconds: no test comes near it unless something hangs."""


IGNORING = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(300)"
EXITING = "import os, signal; signal.signal(signal.SIGTERM, lambda *_: os._exit(5)); print(flush=True); signal.pause()"


def python(script: str) -> list[str]:
    return [sys.executable, "-S", "-c", script]


async def everything(stream: PipeReader) -> bytes:
    return b"".join([data async for data in stream])


async def line(stream: PipeReader) -> bytes:
    data = b""
    while not data.endswith(b"\n"):
        data += await stream.receive()
    return data


def is_running(pid: int) -> bool:
    """Whether there is such a process; one that only waits to be reaped does not count."""
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def is_reaped(pid: int) -> bool:
    """Whether there is no such child any more, not even one that waits for its parent."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return True
    return False


def descriptors() -> int:
    """How many file descriptors are open."""
    return len(list(Path("/dev/fd").iterdir()))


@pytest.fixture(params=["told by the kernel", "asked again and again"])
def any_system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With and without a file descriptor that tells of a process's end."""

    def refuse(pid: int) -> int:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    if request.param == "asked again and again":
        monkeypatch.setattr(process, "pidfd_open", refuse)


@pytest.mark.usefixtures("any_system")
async def test_a_child_writes_both_streams_and_ends_with_its_code() -> None:
    with anyio.fail_after(LONG):
        async with await Child.start(
            python("import os; os.write(1, b'out'); os.write(2, b'err'); os._exit(7)")
        ) as child:
            assert await everything(child.stdout) == b"out"
            assert await everything(child.stderr) == b"err"
            assert await child.wait() == 7
            assert await child.wait() == 7


async def test_without_a_pipe_a_child_reads_nothing() -> None:
    with anyio.fail_after(LONG):
        async with await Child.start(["cat"]) as child:
            assert child.stdin is None
            assert await everything(child.stdout) == b""
            assert await child.wait() == 0


async def test_a_child_reads_all_that_it_is_sent_however_much() -> None:
    data = os.urandom(1 << 20)
    with anyio.fail_after(LONG):
        async with await Child.start(["cat"], stdin=True) as child, anyio.create_task_group() as tasks:
            assert child.stdin

            async def feed() -> None:
                assert child.stdin
                await child.stdin.send(data)
                await child.stdin.aclose()

            tasks.start_soon(feed)
            assert await everything(child.stdout) == data


async def test_writing_to_a_child_that_ended_is_an_error() -> None:
    with anyio.fail_after(LONG):
        async with await Child.start(["true"], stdin=True) as child:
            await child.wait()
            assert child.stdin
            with pytest.raises(anyio.BrokenResourceError):
                await child.stdin.send(b"x")
            child.stdin.close()
            with pytest.raises(anyio.ClosedResourceError):
                await child.stdin.send(b"x")


async def test_a_child_inherits_three_descriptors_and_no_more() -> None:
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    try:
        with anyio.fail_after(LONG):
            async with await Child.start(python("import os; print(sorted(os.listdir('/proc/self/fd'))[:5])")) as child:
                assert (await line(child.stdout)).split() == [b"['0',", b"'1',", b"'2',", b"'3']"]  # 3: the listing
    finally:
        os.close(reading)
        os.close(writing)


async def test_a_child_leads_a_session_of_its_own() -> None:
    with anyio.fail_after(LONG):
        async with await Child.start(python("import os; print(os.getsid(0), os.getpgid(0))")) as child:
            assert (await line(child.stdout)).split() == [str(child.pid).encode()] * 2


async def test_a_child_gets_the_environment_that_is_given_or_ours_without_ripgreps(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RIPGREP_CONFIG_PATH", "/evil")
    monkeypatch.setenv("OURS", "1")
    with anyio.fail_after(LONG):
        async with await Child.start(["/usr/bin/env"], cwd=tmp_path) as child:
            ours = (await everything(child.stdout)).splitlines()
        async with await Child.start(["/usr/bin/env"], env={"A": "b"}) as child:
            given = await everything(child.stdout)
    assert b"OURS=1" in ours
    assert not any(entry.startswith(b"RIPGREP_CONFIG_PATH") for entry in ours)
    assert given == b"A=b\n"


async def test_what_cannot_be_started_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await Child.start(["/no/such/program"])
    with pytest.raises(FileNotFoundError):
        await Child.start(["true"], cwd=tmp_path / "none")


@pytest.mark.usefixtures("any_system")
async def test_waiting_does_not_wait_for_a_grandchild_that_holds_the_pipe() -> None:
    with anyio.fail_after(LONG):
        async with await Child.start(["sh", "-c", "sleep 300 & echo $!"]) as child:
            grandchild = int(await line(child.stdout))
            assert await child.wait() == 0
            await process.gone(grandchild)  # what a program leaves behind in its group ends with it


@pytest.mark.usefixtures("any_system")
async def test_closing_ends_the_whole_group() -> None:
    with anyio.fail_after(LONG):
        child = await Child.start(["sh", "-c", "sleep 300 & echo $!; sleep 300"])
        grandchild = int(await line(child.stdout))
        await child.aclose()
        await process.gone(grandchild)
        assert not is_running(child.pid)
        assert await child.wait() == -signal.SIGTERM


async def test_closing_does_not_wait_for_a_pipe_that_one_in_another_session_holds_open() -> None:
    script = """
import os, time
if not os.fork():
    os.setsid()
    print(os.getpid(), flush=True)
time.sleep(300)
"""
    with anyio.fail_after(LONG):
        child = await Child.start(python(script))
        stranger = int(await line(child.stdout))
        try:
            await child.aclose()
            assert is_running(stranger)
            assert not is_running(child.pid)
        finally:
            os.kill(stranger, signal.SIGKILL)


async def test_a_child_that_ignores_a_polite_signal_is_killed_after_the_grace() -> None:
    with anyio.fail_after(LONG):
        child = await Child.start(python(IGNORING))
        await line(child.stdout)
        await child.aclose(grace=0.05)
        assert is_reaped(child.pid)
        assert await child.wait() == -signal.SIGKILL


async def test_a_child_may_use_its_grace_to_end_well() -> None:
    with anyio.fail_after(LONG):
        child = await Child.start(python(EXITING))
        await line(child.stdout)
        await child.aclose(grace=LONG)
        assert await child.wait() == 5


async def test_closing_twice_and_closing_what_ended_does_nothing() -> None:
    with anyio.fail_after(LONG):
        child = await Child.start(["true"])
        await child.wait()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(child.aclose)
            tasks.start_soon(child.aclose)
        await child.aclose()
        with pytest.raises(anyio.ClosedResourceError):
            await child.stdout.receive()


async def test_two_tasks_may_wait_while_a_third_one_closes() -> None:
    codes: list[int] = []

    async def wait(child: Child) -> None:
        codes.append(await child.wait())

    with anyio.fail_after(LONG):
        async with await Child.start(["sleep", "300"]) as child, anyio.create_task_group() as tasks:
            tasks.start_soon(wait, child)
            tasks.start_soon(wait, child)
            await anyio.wait_all_tasks_blocked()
            await child.aclose()
    assert codes == [-signal.SIGTERM] * 2


async def test_a_reader_is_told_when_the_child_is_closed_under_it() -> None:
    errors: list[type[Exception]] = []

    async def read(child: Child) -> None:
        try:
            await child.stdout.receive()
        except (anyio.ClosedResourceError, anyio.EndOfStream) as error:
            errors.append(type(error))

    with anyio.fail_after(LONG):
        async with await Child.start(["sleep", "300"]) as child, anyio.create_task_group() as tasks:
            tasks.start_soon(read, child)
            await anyio.wait_all_tasks_blocked()
            await child.aclose()
    assert len(errors) == 1


async def test_a_cancelled_scope_leaves_no_child() -> None:
    children: list[Child] = []
    with anyio.fail_after(LONG):
        with anyio.CancelScope() as scope:
            async with await Child.start(["sleep", "300"]) as child:
                children.append(child)
                scope.cancel()
                await child.wait()
        assert scope.cancelled_caught
        assert not is_running(children[0].pid)
        assert is_reaped(children[0].pid)


async def test_a_native_cancel_that_pierces_the_shield_still_kills() -> None:
    with anyio.fail_after(LONG):
        child = await Child.start(python(IGNORING))
        await line(child.stdout)
        closing = asyncio.ensure_future(child.aclose(grace=LONG))
        await anyio.wait_all_tasks_blocked()
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        await process.gone(child.pid)


async def test_a_child_may_be_started_in_one_task_and_closed_in_another() -> None:
    children: list[Child] = []

    async def start() -> None:
        children.append(await Child.start(["sleep", "300"]))

    with anyio.fail_after(LONG):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(start)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(children[0].aclose)
    assert not is_running(children[0].pid)


async def test_no_descriptor_is_left_behind() -> None:
    with anyio.fail_after(LONG):
        async with await Child.start(["true"], stdin=True) as child:
            await child.wait()
        before = descriptors()
        for argv in (["true"], ["sleep", "300"], ["cat"]):
            async with await Child.start(argv, stdin=True):
                pass
        assert descriptors() == before


async def test_a_look_tells_whether_a_child_has_ended() -> None:
    with anyio.fail_after(LONG):
        async with await Child.start(["cat"], stdin=True) as child:
            assert not child.ended
            assert child.stdin
            await child.stdin.aclose()
            await child.wait()
            assert child.ended


async def test_all_children_can_be_killed_at_once() -> None:
    with anyio.fail_after(LONG):
        children = [await Child.start(["sleep", "300"]) for _ in range(3)]
        process.kill_all()
        assert [await child.wait() for child in children] == [-signal.SIGKILL] * 3
        process.kill_all()
        for child in children:
            await child.aclose()


@pytest.mark.usefixtures("any_system")
async def test_the_end_of_any_process_can_be_waited_for() -> None:
    with anyio.fail_after(LONG):
        async with await Child.start(["true"]) as child:
            await child.wait()
        await process.gone(child.pid)
        await process.gone(1 << 40)


async def test_joined_streams_come_in_the_order_in_which_they_are_written() -> None:
    script = "import os\nfor n in range(99): os.write(1 + n % 2, b'%d ' % n)"
    with anyio.fail_after(LONG):
        async with await Child.start(python(script), joined=True) as child:
            assert (await everything(child.stdout)).split() == [b"%d" % number for number in range(99)]
            assert child.stderr is child.stdout


async def test_what_lies_ready_is_read_without_waiting() -> None:
    with anyio.fail_after(LONG):
        async with await Child.start(["sh", "-c", "sleep 300 & echo here"]) as child:
            await child.wait()
            await child.end()
            assert child.stdout.receive_nowait() == b"here\n"
            with pytest.raises((anyio.EndOfStream, anyio.WouldBlock)):
                child.stdout.receive_nowait()


LEAVING = """
import os, time
if not os.fork():
    os.setsid()
    print(os.getpid(), flush=True)
    time.sleep(300)
"""
"""Leaves a process in a session of its own, and ends, or goes on."""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the environment of any process")
@pytest.mark.usefixtures("any_system")
async def test_of_a_watched_child_those_are_ended_too_who_left_its_group() -> None:
    with anyio.fail_after(LONG):
        async with await Child.start(python(LEAVING), watched=True) as child:
            stranger = int(await line(child.stdout))
            await child.wait()
            assert is_running(stranger)
        await process.gone(stranger)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the environment of any process")
async def test_killing_all_children_kills_those_who_left_a_watched_ones_group() -> None:
    with anyio.fail_after(LONG):
        child = await Child.start(python(LEAVING + "else: time.sleep(300)"), watched=True)
        stranger = int(await line(child.stdout))
        process.kill_all()
        assert await child.wait() == -signal.SIGKILL
        await process.gone(stranger)
        await child.aclose()


PARENT = """
import anyio, os, sys
from chatls.children.process import Child

async def main():
    child = await Child.start(["sh", "-c", "sleep 300 & echo $!; sleep 300"], watched=True)
    os.write(1, b"%d " % child.pid + await child.stdout.receive())
    await anyio.sleep(300)

anyio.run(main)
"""


async def test_a_watched_child_and_its_group_end_even_if_their_parent_is_killed() -> None:
    with anyio.fail_after(LONG):
        parent = await Child.start([sys.executable, "-c", PARENT], env=dict(os.environ))
        child, grandchild = map(int, (await line(parent.stdout)).split())
        assert is_running(child)
        assert is_running(grandchild)
        os.kill(parent.pid, signal.SIGKILL)
        await process.gone(child)
        await process.gone(grandchild)
        await parent.aclose()


async def test_who_guards_a_watched_child_ends_with_it() -> None:
    with anyio.fail_after(LONG):
        async with await Child.start(["true"]) as child:
            await child.wait()
        before = descriptors()
        async with await Child.start(["true"], watched=True) as child:
            await child.wait()
        assert is_reaped(-1), "there is no child, not even a dead one"
        assert descriptors() == before
