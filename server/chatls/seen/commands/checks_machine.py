"""Checks of the machine: versions, programs, the store, the log, editors. They look, and change nothing. They block."""

import os
import platform
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from importlib import metadata
from pathlib import Path

import platformdirs

from chatls import __version__
from chatls.children.wall.gathering import machine
from chatls.children.wall.trial import tried
from chatls.errors import ToolError
from chatls.seen.commands.findings import Diagnosis
from chatls.seen.commands.words import counted
from chatls.seen.logs.file import FOLDER, files
from chatls.seen.telemetry.telemetry import is_wanted
from chatls.store import database, schema
from chatls.tools.searching import ripgrep

MachineCheck = Callable[[], Iterator[Diagnosis]]

_PATIENCE = 10.0
"""Seconds for a program to say its version."""
_LIBRARIES = ("anyio", "httpx", "pydantic", "orjson", "platformdirs")
_EXTRAS = {"xllamacpp": "the embedded model (local)"}


def programs() -> Iterator[Diagnosis]:
    """chatls itself, and what it runs."""
    area = "chatls"
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    yield Diagnosis(area, "good", f"chatls {__version__}, Python {platform.python_version()}, {system}")
    yield Diagnosis(area, "note", f"it lies in {Path(__file__).parents[2]}, and runs with {sys.executable}")
    yield Diagnosis(area, "note", ", ".join(f"{name} {_version(name)}" for name in _LIBRARIES))
    for name, what in _EXTRAS.items():
        there = _version(name)
        text = f"{what}: {name} {there}" if there else f"{what}: not installed"
        yield Diagnosis(area, "note", text)
    yield _on_path(area)
    if is_wanted(os.environ, enabled=False):
        sdk = _version("opentelemetry-exporter-otlp-proto-http")
        text = f"telemetry is wanted (OTEL_...): {'its packages are installed' if sdk else 'the extra otel is missing'}"
        advice = "" if sdk else "install chatls with the extra otel (docs/telemetry.md), or unset the variables"
        yield Diagnosis(area, "note" if sdk else "warning", text, advice)
    try:
        yield Diagnosis(area, "good", f"ripgrep: {said((ripgrep.find([Path.cwd()]), '--version'))}")
    except ToolError as error:
        yield Diagnosis(area, "bad", f"ripgrep is missing: {error}", "install it; the tool `search` needs it")
    yield sandbox()


def _on_path(area: str) -> Diagnosis:
    """What editors find by its name."""
    ours, found = Path(sys.executable).parent / "chatls", shutil.which("chatls")
    if found is None:
        advice = f"put {ours.parent} on PATH, or name {ours} in the editor"
        return Diagnosis(area, "warning", "chatls is not on PATH, so editors cannot find it by its name", advice)
    if ours.exists() and not ours.samefile(found):
        text = f"editors find another chatls on PATH: {found} ({said((found, '--version'))}), and not {ours}"
        return Diagnosis(area, "warning", text, "remove the one that you do not want, or name the other in the editor")
    return Diagnosis(area, "good", f"editors find it on PATH: {found}")


def sandbox() -> Diagnosis:
    """Whether commands can run in one."""
    made = tried(machine(), os.environ)
    if made.works:
        return Diagnosis("chatls", "good", f"the sandbox for commands works ({made.why})")
    advice = "on Linux install bubblewrap (bwrap); without a sandbox commands ask before they run"
    return Diagnosis("chatls", "warning", f"there is no sandbox for commands: {made.why}", advice)


def storage() -> Iterator[Diagnosis]:
    """Where chats and logs are kept."""
    area = "What is kept"
    folder = platformdirs.user_data_path("chatls", appauthor=False)
    path = folder / database.NAME
    if not path.exists():
        yield Diagnosis(area, "note", f"no chats are kept yet ({path})")
    else:
        yield _store(area, path)
    log = platformdirs.user_state_path("chatls", appauthor=False) / FOLDER
    found = files(log)
    size = sum(_size(path) for path in found)
    yield Diagnosis(
        area, "note", f"log: {counted(len(found), 'file')}, {size / 1e6:.1f} MB in {log} (chatls log shows the newest)"
    )
    places = (folder, log.parent, platformdirs.user_cache_path("chatls", appauthor=False))
    for nearest in dict.fromkeys(
        next(above for above in (place, *place.parents) if above.exists()) for place in places
    ):
        if not nearest.is_dir():
            yield Diagnosis(area, "bad", f"{nearest} is a file, where a folder has to be", "move it away")
        elif not os.access(nearest, os.W_OK):
            yield Diagnosis(area, "bad", f"{nearest} cannot be written", "give yourself the right to write there")
        elif shutil.disk_usage(nearest).free < 50e6:
            yield Diagnosis(area, "warning", f"the disk of {nearest} is nearly full", "make room on it")


def _store(area: str, path: Path) -> Diagnosis:
    try:
        with closing(database.read_only(path)) as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version > schema.VERSION:
                advice = "update chatls; until then nothing is kept"
                return Diagnosis(area, "warning", f"{path} was written by a newer chatls", advice)
            (sound,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            (count,) = connection.execute("SELECT count(*) FROM sessions").fetchone()
    except sqlite3.Error as error:
        return Diagnosis(area, "bad", f"{path} cannot be read: {error}", "move it away; chatls begins a new one")
    if sound != "ok":
        return Diagnosis(area, "bad", f"{path} is damaged: {sound}", "chatls moves it aside and begins a new one")
    return Diagnosis(area, "good", f"chats: {count} in {path} ({_size(path) / 1e6:.1f} MB)")


def editors() -> Iterator[Diagnosis]:
    """Which editors there are, and whether they have the plugin."""
    area = "Editors"
    neovim, code = shutil.which("nvim"), shutil.which("code")
    if neovim:
        yield Diagnosis(area, "good", f"{said((neovim, '--version'))} ({neovim})")
        plugin = _plugin()
        if plugin is None:
            advice = "add this repository's clients/nvim to runtimepath, or to your plugin manager"
            yield Diagnosis(area, "warning", "the plugin for Neovim was not found in its usual folders", advice)
        else:
            yield Diagnosis(area, "good", f"the plugin for Neovim: {plugin}; :checkhealth chatls says more")
    if code:
        yield Diagnosis(area, "good", f"VS Code {said((code, '--version'))} ({code})")
        found = list(Path.home().glob(".vscode*/extensions/*chatls*"))
        text = f"its extension: {found[0]}" if found else "its extension is not installed"
        advice = "" if found else "make vsix packages it; code --install-extension installs it"
        yield Diagnosis(area, "good" if found else "note", text, advice)
    if not neovim and not code:
        yield Diagnosis(area, "note", "neither nvim nor code is on PATH; chatls ask works in the terminal")


def _plugin() -> Path | None:
    """Neovim's plugin, where plugin managers put such."""
    data = platformdirs.user_data_path("nvim", appauthor=False)
    config = platformdirs.user_config_path("nvim", appauthor=False)
    patterns = ("lazy/*", "site/pack/*/*/*", "plugged/*", "site", "mini.deps/*")
    places = [place for pattern in patterns for place in data.glob(pattern)] + [config, *config.glob("pack/*/*/*")]
    for place in places:
        for inner in (place, place / "clients/nvim"):
            if (inner / "lua/chatls/init.lua").is_file():
                return inner
    return None


def said(command: tuple[str, ...]) -> str:
    """The first line that a program says of itself; words where it does not."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=_PATIENCE, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        return f"does not run: {error}"
    return next((line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()), "says nothing")


def _version(name: str) -> str:
    with suppress(metadata.PackageNotFoundError):
        return metadata.version(name)
    return ""


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size
    return 0
