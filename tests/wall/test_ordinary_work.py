"""What developers do all day works inside the sandbox, or says why it does not."""

import shutil
import socket
from pathlib import Path
from secrets import token_hex

import pytest
from anyio import fail_after

from chatls.children.procfs import pids, title
from tests.wall.conftest import LONG, Done, Place

pytestmark = pytest.mark.asyncio


async def run(place: Place, line: str, *, network: bool = False) -> Done:
    with fail_after(LONG):
        return await place.inside(line, network=network)
    raise AssertionError


async def good(place: Place, line: str) -> str:
    done = await run(place, line)
    assert done.code == 0, done.output
    assert done.aftermath.words == [], done.aftermath.words
    return done.output


async def test_a_test_suite_runs(place: Place) -> None:
    place.write("cart.py", "def total(items):\n    return sum(items)\n")
    place.write(
        "test_cart.py",
        "import tempfile, unittest, multiprocessing, socket, cart\n"
        "def double(x): return 2 * x\n"
        "class Cart(unittest.TestCase):\n"
        "    def test_total(self): self.assertEqual(cart.total([1, 2]), 3)\n"
        "    def test_files(self):\n"
        "        with tempfile.NamedTemporaryFile() as file: file.write(b'x')\n"
        "    def test_processes(self):\n"
        "        with multiprocessing.Pool(2) as pool: self.assertEqual(pool.map(double, [1, 2]), [2, 4])\n"
        "    def test_servers(self):\n"
        "        with socket.create_server(('127.0.0.1', 0)) as server:\n"
        "            socket.create_connection(server.getsockname()).close()\n",
    )
    assert "OK" in await good(place, "python3 -m unittest -v")


async def test_a_virtual_environment_of_the_project_works(place: Place) -> None:
    await good(place, "python3 -m venv --without-pip .venv && .venv/bin/python -c 'import sys; print(sys.prefix)'")
    assert (place.root / ".venv/pyvenv.cfg").exists()


async def test_a_build_writes_into_the_project(place: Place) -> None:
    place.write("Makefile", "out/app: main.txt\n\tmkdir -p out && cp main.txt out/app\n")
    place.write("main.txt", "built")
    if shutil.which("make"):
        await good(place, "make")
    else:
        await good(place, "mkdir -p out && cp main.txt out/app")
    assert (place.root / "out/app").read_text() == "built"
    if shutil.which("cc"):
        place.write("main.c", "int main(void) { return 0; }\n")
        await good(place, "cc -o out/main main.c && out/main")


async def test_a_commit_a_branch_and_a_stash_work(place: Place) -> None:
    place.write("a.txt", "one\n")
    place.write(".env", "SECRET=1\n")
    place.write(".gitignore", ".env\n")
    place.write(".vscode/settings.json", "{}")
    place.repository()
    await good(place, "echo two >> a.txt && git add -A && git commit -q -m second")
    assert place.outside("git", "log", "--format=%an %s").split("\n")[:2] == ["Me second", "Me first"]
    await good(
        place,
        "git switch -q -c feature && echo three >> a.txt && git stash -q && git stash pop -q && git commit -qam third",
    )
    assert place.outside("git", "branch", "--show-current").strip() == "feature"
    output = await good(place, "git switch -q main && git merge -q feature && git status --short && git log --oneline")
    assert "third" in output
    assert place.outside("git", "status", "--short") == ""
    assert place.outside("git", "fsck", "--strict") is not None


async def test_a_worktree_works_with_its_common_folder_elsewhere(place: Place) -> None:
    place.write("a.txt", "one\n")
    place.repository()
    linked = place.root.parent / "linked"
    place.outside("git", "worktree", "add", "-q", "-b", "side", str(linked))
    main, place.root = place.root, linked
    done = await run(
        place,
        f"echo x > b.txt && git add -A && git commit -q -m side; ls {main}; echo evil > {main}/.git/hooks/pre-commit",
    )
    assert place.outside("git", "log", "-1", "--format=%s").strip() == "side", done.output
    assert "a.txt" not in done.output, "of the other working tree nothing is shown but its .git"
    assert not (main / ".git/hooks/pre-commit").exists()


async def test_a_server_answers_its_own_client_and_ends_with_the_command(place: Place) -> None:
    place.write("index.html", "served")
    line = (
        "python3 -m http.server 8123 --bind 127.0.0.1 >log.txt 2>&1 & "
        "python3 - <<'END'\n"
        "import time, urllib.request\n"
        "for _ in range(1200):\n"
        "    try: print(urllib.request.urlopen('http://127.0.0.1:8123/').read()); break\n"
        "    except OSError: time.sleep(0.05)\n"
        "END"
    )
    done = await run(place, line)
    assert "served" in done.output


async def test_an_installer_says_why_it_cannot(place: Place) -> None:
    done = await run(
        place, "python3 -m pip install --disable-pip-version-check --retries 0 --index-url http://host.invalid/ x"
    )
    assert done.code != 0
    assert any("no network" in words for words in done.caused), done.output


async def test_caches_are_the_workspaces_own_and_stay(place: Place) -> None:
    await good(
        place,
        'mkdir -p "$GOCACHE" && echo kept > "$XDG_CACHE_HOME/x" && echo gone > ~/x && echo gone > /tmp/x',
    )
    assert (await good(place, 'cat "$XDG_CACHE_HOME/x"; ls ~/x /tmp/x 2>/dev/null || true')).split() == ["kept"]
    assert not (place.home / ".cache/x").exists()
    other = place.root.parent / "other"
    other.mkdir()
    place.root = other
    assert await good(place, 'cat "$XDG_CACHE_HOME/x" 2>/dev/null || true') == ""


async def test_toolchains_at_home_can_be_run(place: Place) -> None:
    tool = place.home / ".cargo/bin/tool"
    tool.parent.mkdir(parents=True)
    tool.write_text("#!/bin/sh\necho from a toolchain\n")
    tool.chmod(0o755)
    place.environment["PATH"] = f"{tool.parent}:{place.environment['PATH']}"
    assert await good(place, "tool") == "from a toolchain\n"


async def test_a_root_below_the_temporary_folder_and_several_roots_are_there(place: Place, tmp_path: Path) -> None:
    second = tmp_path / "second"
    second.mkdir()
    done = await place.inside(f"echo x > {second}/x && echo y > y", roots=(place.root, second))
    assert done.code == 0, done.output
    assert ((second / "x").read_text(), (place.root / "y").read_text()) == ("x\n", "y\n")


async def test_a_long_output_that_was_kept_can_be_read_inside(place: Place) -> None:
    kept = place.home / ".cache/chatls/output/long.txt"
    kept.parent.mkdir(parents=True)
    kept.write_text("long output")
    assert await good(place, f"cat {kept}") == "long output"
    done = await run(place, f"echo x > {kept}")
    assert done.code != 0


async def test_the_network_is_there_if_it_was_asked_for(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        line = f'python3 -c \'import socket; socket.create_connection(("127.0.0.1", {port})); print("connected")\''
        assert "connected" in (await run(place, line, network=True)).output
        assert "connected" not in (await run(place, line)).output


async def test_nothing_outlives_it(place: Place) -> None:
    mark = f"late-{token_hex(4)}"
    done = await run(place, f"setsid sh -c 'sleep 600; echo > {mark}' >/dev/null 2>&1 & echo now")
    assert done.output == "now\n"
    assert [title(pid) for pid in pids() if mark in title(pid)] == []


async def test_a_fork_bomb_ends_with_its_command(place: Place) -> None:
    script = (
        "import os, sys, time\n"
        "for _ in range(60):\n"
        "    if os.fork() == 0: os.setsid()\n"
        "    if _ > 5: break\n"
        "print('forked', flush=True)\n"
        "time.sleep(300 if os.getpid() > 4 else 0.5)\n"
    )
    name = f"bomb-{token_hex(4)}.py"  # others may run the same test
    place.write(name, script)
    done = await run(place, f"python3 {name}")
    assert "forked" in done.output
    assert [title(pid) for pid in pids() if name in title(pid)] == []
