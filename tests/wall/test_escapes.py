"""What tries to get out of the sandbox gets nothing."""

import json
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from anyio import fail_after

from tests.wall.conftest import LONG, Place

pytestmark = pytest.mark.asyncio

PROGRAM = Path(__file__).with_name("escapes.py")
CANARY = "canary-4711"
AT_HOME = [
    ".ssh/id_ed25519",
    ".aws/credentials",
    ".netrc",
    ".config/gh/hosts.yml",
    ".bash_history",
    ".cargo/credentials.toml",
]
TOOLCHAINS = [".cargo/bin", ".nvm/versions", "go/bin", ".local/bin"]


def listening(address: Any, family: int) -> socket.socket:
    server = socket.socket(family)
    server.bind(address)
    server.listen()
    return server


def own_address() -> str:
    """The machine's own, as others see it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out, suppress(OSError):
        out.connect(("192.0.2.1", 9))
        return out.getsockname()[0]
    return "127.0.0.1"


@pytest.fixture
def facts(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """What there is outside to be reached, with a canary in it."""
    for name in (".env", "a/b/server.key", "sub/.env.local"):
        place.write(name, CANARY)
    for name in (".vscode/tasks.json", "deep/er/AGENTS.md"):
        place.write(name, "mine")
    place.repository()
    with (place.root / ".git/config").open("a") as config:
        config.write(f'[remote "origin"]\n\turl = https://me:{CANARY}@host.invalid/x\n')
    for name in AT_HOME:
        path = place.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(CANARY)
    toolchains = [place.home / name for name in TOOLCHAINS]
    for folder in toolchains:
        folder.mkdir(parents=True, exist_ok=True)
    other = place.home / "projects/other/notes.txt"
    other.parent.mkdir()
    (other.parent / "file.txt").write_text(CANARY)
    other.write_text(CANARY)
    (place.root / "outward").symlink_to(other.parent)
    for name in (".config/chatls/config.toml", ".local/state/chatls/permissions.json"):
        path = place.home / name
        path.parent.mkdir(parents=True)
        path.write_text(CANARY)
    abstract = f"chatls-test-{secrets.token_hex(4)}"
    with ExitStack() as stack:
        tcp = stack.enter_context(listening(("0.0.0.0", 0), socket.AF_INET))
        stack.enter_context(listening(f"\0{abstract}", socket.AF_UNIX))
        monkeypatch.chdir(place.folder)  # the names of sockets may not be long
        stack.enter_context(listening("session.sock", socket.AF_UNIX))
        stack.enter_context(listening("home/projects/app/root.sock", socket.AF_UNIX))
        shared = Path("/dev/shm") / abstract
        shared.write_text(CANARY)
        stack.callback(shared.unlink)
        disk = place.root.stat().st_dev
        yield {
            "root": str(place.root),
            "home": str(place.home),
            "pid": os.getpid(),
            "port": tcp.getsockname()[1],
            "address": own_address(),
            "abstract": abstract,
            "session_socket": str(place.folder / "session.sock"),
            "root_socket": "root.sock",
            "shared": str(shared),
            "other": str(other),
            "secrets": AT_HOME,
            "toolchains": [str(path) for path in toolchains],
            "disk": [os.major(disk), os.minor(disk)],
        }


async def test_whatever_it_tries_it_stays_inside(
    place: Place, facts: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY", CANARY)
    before = {
        name: (place.root / name).read_text()
        for name in (".env", "sub/.env.local", ".vscode/tasks.json", ".git/config")
    }
    place.write("escapes.py", PROGRAM.read_text())
    place.write("facts.json", json.dumps(facts))
    with fail_after(LONG):
        done = await place.inside("python3", "escapes.py", "facts.json")
    lines = [line.partition("\t") for line in done.output.splitlines()]
    results = {name: got for name, _, got in lines}
    assert {name: got for name, got in results.items() if got != "held"} == {}, done.output
    assert len(results) >= 60, done.output
    assert {name: (place.root / name).read_text() for name in before} == before
    assert (place.root / "deep/er/AGENTS.md").read_text() == "mine"
    assert not (place.root / ".git/hooks/pre-commit").exists()
