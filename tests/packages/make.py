"""Makes all that is handed out, tries each in a clean place, and says how large it is. Run by `make dist`.

python tests/packages/make.py FOLDER [PYTHON ...]

Into FOLDER: sdist, wheel (built from the sdist), the Neovim plugin, the VS Code extension (if it is packed already),
and notes.md, what the changelog says of this version. The wheel is tried in a new environment of each PYTHON; without
one, of the Python that runs this, and of the newest that Debian has, which is unpacked (tests/editors/fetch.py).
"""

import gzip
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PLUGIN = ROOT / "clients" / "nvim"
NOT_PACKED = {"stylua.toml", ".luacheckrc", "doc/tags"}
"""What lies beside the plugin and is no part of it."""
AT_MOST = 600
"""Seconds for one program that is run."""


class WrongError(Exception):
    """Something that is handed out does not do what it should; the text says what, and what was seen."""


def version() -> str:
    """The version, from the one place where it stands."""
    found = re.search(r'__version__ = "(.+)"', (ROOT / "server/chatls/__init__.py").read_text("utf-8"))
    if found is None:
        raise WrongError("server/chatls/__init__.py names no version")
    return found[1]


def notes(changelog: str, wanted: str) -> str:
    """What a changelog says of a version, without its heading. Raises `WrongError` where it says nothing."""
    found = re.search(rf"^## {re.escape(wanted)}(?![\w.]).*\n((?:(?!## ).*\n?)*)", changelog, re.MULTILINE)
    if found is None or not found[1].strip():
        raise WrongError(f"CHANGELOG.md says nothing of {wanted}")
    return found[1].strip() + "\n"


def plugin_files() -> Iterator[tuple[str, Path]]:
    """What the Neovim plugin consists of: the name in the archive, and the file."""
    for path in sorted(PLUGIN.rglob("*")):
        name = path.relative_to(PLUGIN).as_posix()
        if path.is_file() and name not in NOT_PACKED:
            yield name, path
    yield "LICENSE", ROOT / "LICENSE"


def pack_plugin(place: Path, folder: str) -> None:
    """Pack the Neovim plugin as one folder; the same files give the same bytes."""
    unpacked = io.BytesIO()
    with tarfile.open(fileobj=unpacked, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, path in plugin_files():
            content = path.read_bytes()
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    place.write_bytes(gzip.compress(unpacked.getvalue(), mtime=0))


def run(*command: str | Path, cwd: Path = ROOT, **environment: str) -> str:
    """What a program prints. Raises `WrongError` with its complaint."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=AT_MOST,
        check=False,
    )
    if done.returncode:
        words = f"{done.stdout}\n{done.stderr}".strip()[-2000:]
        raise WrongError(f"{' '.join(map(str, command))} failed:\n{words}")
    return done.stdout


def environment(python: str | Path, place: Path, *packages: str | Path) -> Path:
    """A new virtual environment with these packages and nothing else of ours; gives the folder of its programs."""
    run(python, "-m", "venv", "--without-pip", place)
    pip = (sys.executable, "-m", "pip", "--python", place / "bin/python", "--disable-pip-version-check")
    run(*pip, "install", "--quiet", *packages)
    return place / "bin"


def pythons() -> list[str]:
    """Those that the wheel is tried with where none is named."""
    try:
        return [sys.executable, run(sys.executable, ROOT / "tests/editors/fetch.py", "python").strip()]
    except WrongError as error:
        say(f"NO NEWER PYTHON IS TRIED: {error}")
        return [sys.executable]


def build(folder: Path, scratch: Path) -> Path:
    """Build the sdist, and the wheel from it, which is given: nothing that the sdist lacks can be in it."""
    tools = environment(sys.executable, scratch / "tools", "hatchling>=1.25,<2")
    run(tools / "python", "-m", "hatchling", "build", "-t", "sdist", "-d", folder)
    sdist = folder / f"chatls-{version()}.tar.gz"
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, sdist, cwd=scratch)
    return folder / f"chatls-{version()}-py3-none-any.whl"


def check_whole(wheel: Path) -> None:
    """Raises `WrongError` where the wheel lacks a file of the packages, or holds one that is not theirs."""
    there: set[str] = set()
    for package in (ROOT / "server/chatls", ROOT / "clients/python/chatls_client"):
        files = (path for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc")
        there |= {path.relative_to(package.parent).as_posix() for path in files}
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    if packed != there:
        raise WrongError(f"the wheel is not what the packages are: {sorted(packed ^ there)}")


def try_wheel(wheel: Path, python: str, scratch: Path) -> Path:
    """Install it into a bare environment, and let each program of it answer; gives the folder of the programs."""
    programs = environment(python, scratch, wheel)
    told = run(programs / "chatls", "--version", cwd=scratch).strip()
    if told != f"chatls {version()}":
        raise WrongError(f"chatls --version of the wheel says {told!r}")
    for how in ("serve", "acp", "chatls-acp"):
        command = [programs / "chatls-acp"] if how == "chatls-acp" else [programs / "chatls", how]
        run(
            sys.executable,
            HERE / "greet.py",
            "lsp" if how == "serve" else "acp",
            *command,
            cwd=scratch,
            HOME=str(scratch),
        )
    return programs


def try_plugin(archive: Path, programs: Path, scratch: Path) -> str:
    """Unpack it into a Neovim that has nothing else, and let it ask the daemon; gives the Neovim's version."""
    program = Path(run(sys.executable, ROOT / "tests/editors/fetch.py").strip())
    start = scratch / "data/nvim/site/pack/chatls/start"
    start.mkdir(parents=True)
    shutil.unpack_archive(archive, start, filter="data")
    own = {f"XDG_{name.upper()}_HOME": str(scratch / name) for name in ("data", "config", "state", "cache", "runtime")}
    path = f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"
    script = f"luafile {HERE / 'answers.lua'}"
    run(program, "--headless", "-i", "NONE", "-c", script, cwd=scratch, HOME=str(scratch), PATH=path, **own)
    return run(program, "--version").splitlines()[0]


def say(words: str) -> None:
    """Tell the person."""
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def make(folder: Path, pythons: list[str]) -> None:
    """Make and try all of it. Raises `WrongError`."""
    folder.mkdir(parents=True, exist_ok=True)
    for left in (*folder.glob("chatls-*"), folder / "sizes.txt"):
        left.unlink(missing_ok=True)
    (folder / "notes.md").write_text(notes((ROOT / "CHANGELOG.md").read_text("utf-8"), version()), "utf-8")
    with tempfile.TemporaryDirectory(prefix="chatls-packages-") as name:
        scratch = Path(name)
        say("building the sdist, and the wheel from it ...")
        wheel = build(folder, scratch)
        check_whole(wheel)
        programs = scratch
        for number, python in enumerate(pythons):
            say(f"the wheel in a bare environment of {run(python, '--version').strip()} ...")
            programs = try_wheel(wheel, python, scratch / f"bare-{number}")
        archive = folder / f"chatls-nvim-{version()}.tar.gz"
        pack_plugin(archive, "chatls")
        say(f"the plugin in a bare Neovim: {try_plugin(archive, programs, scratch / 'nvim')}")
    extension = ROOT / f"clients/vscode/chatls-{version()}.vsix"
    if extension.exists():
        shutil.copyfile(extension, folder / extension.name)
    sizes = [f"{path.stat().st_size / 1000:>8.1f} kB  {path.name}" for path in sorted(folder.iterdir())]
    (folder / "sizes.txt").write_text("\n".join(sizes) + "\n", "utf-8")
    say("\n".join(sizes))


def main(arguments: list[str]) -> int:
    """Give the exit code."""
    if not arguments or arguments[0].startswith("-"):
        sys.stderr.write(f"{__doc__}")
        return 2
    try:
        make(Path(arguments[0]).absolute(), arguments[1:] or pythons())
    except WrongError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
