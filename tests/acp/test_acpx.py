"""acpx, a stranger's client of the protocol: one shot, a session that goes on in another process, a model, a cancel.

npm install node@24 acpx        # anywhere; then CHATLS_ACPX names its node_modules/.bin
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.acp.client import Json, call
from tests.daemon.raw import environment

PLACE = os.environ.get("CHATLS_ACPX", "")
ACPX = shutil.which("acpx", path=PLACE or None)
DEADLINE = 120


class Acpx:
    """A person at a shell."""

    def __init__(self, folder: Path) -> None:
        assert ACPX
        self.ws = folder / "ws"
        self.ws.mkdir()
        self._env = environment(folder)
        self._env["PATH"] = os.pathsep.join(filter(None, (PLACE, self._env["PATH"])))
        agent = f"{sys.executable} -m chatls acp"
        self._command = [ACPX, "--agent", agent, "--cwd", str(self.ws), "--ttl", "5"]
        config = folder / "home" / ".config" / "chatls"
        config.mkdir(parents=True)
        write = call("write_file", path="new.txt", content="hello\n")
        lines = ['model = "play/script"']
        plays: dict[str, Sequence[list[Json]]] = {
            "play": ([{"text": "Let me write."}, write], [{"text": "Done."}]),
            "hang": ([{"text": "Well, "}, {"hang": True}],),
        }
        for name, replies in plays.items():
            (folder / f"{name}.json").write_text(json.dumps({"replies": replies}))
            lines += [f"[providers.{name}]", 'kind = "scripted"', f'script = "{folder / name}.json"']
        (config / "config.toml").write_text("\n".join(lines))

    @property
    def written(self) -> str:
        """The file that the model writes."""
        return "".join(path.read_text() for path in self.ws.glob("new.txt"))

    def run(self, *words: str) -> tuple[int, str]:
        """A command's exit code, and what it says."""
        done = subprocess.run(
            [*self._command, *words], env=self._env, capture_output=True, text=True, timeout=DEADLINE, check=False
        )
        return done.returncode, done.stdout + done.stderr

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen([*self._command, *words], env=self._env, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def acpx() -> Iterator[Acpx]:
    if ACPX is None:
        pytest.skip("acpx is not here (npm install node@24 acpx; CHATLS_ACPX): a stranger's ACP client is NOT tested")
    with tempfile.TemporaryDirectory() as folder:  # pytest's paths are longer than a socket's may be
        yield Acpx(Path(folder))


def test_one_shot_runs_what_is_approved_and_nothing_else(acpx: Acpx) -> None:
    code, said = acpx.run("--deny-all", "exec", "write it")
    assert (code, acpx.written) == (5, ""), said
    assert "denied by the user" in said
    code, said = acpx.run("--approve-all", "exec", "write it")
    assert (code, acpx.written) == (0, "hello\n"), said
    assert "[error]" not in said
    assert said.rstrip().endswith("[done] end_turn")


def test_a_session_goes_on_in_another_process_with_its_model_and_can_be_cancelled(acpx: Acpx) -> None:
    assert acpx.run("sessions", "new", "--name", "one")[0] == 0
    code, said = acpx.run("--approve-all", "prompt", "-s", "one", "write it")
    assert (code, acpx.written) == (0, "hello\n"), said
    assert acpx.run("set", "-s", "one", "model", "hang/script")[0] == 0
    code, said = acpx.run("set", "-s", "one", "model", "nobody/x")
    assert code == 1
    assert "there is no provider 'nobody'" in said
    with acpx.start("prompt", "-s", "one", "go on") as going:
        assert going.stdout
        said = ""
        while "Well" not in said:  # its line has no end
            more = os.read(going.stdout.fileno(), 4096)
            assert more, said
            said += more.decode()
        assert "cancel requested" in acpx.run("cancel", "-s", "one")[1]
        assert going.stdout.read().rstrip().endswith("[done] cancelled")
    assert acpx.run("sessions", "close", "one")[0] == 0
