"""The daemon on another machine, over ssh: a real sshd on this one, as docs/guides/remote.md has it."""

import os
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from getpass import getuser
from pathlib import Path

import pytest

from tests.daemon.conftest import Start
from tests.daemon.processes import descendants, wait_until_gone
from tests.daemon.raw import environment

SSHD = shutil.which("sshd", path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin")))
_CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/mine.pub
PidFile none
StrictModes no
UsePAM no
"""
_OURS = """
Host there
  HostName 127.0.0.1
  Port {port}
  User {user}
  IdentityFile {folder}/mine
  UserKnownHostsFile /dev/null
  StrictHostKeyChecking no
  LogLevel ERROR
"""


class There:
    """The other machine."""

    def __init__(self, folder: Path) -> None:
        for name in ("host", "mine"):
            made = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
            subprocess.run(made, check=True, capture_output=True)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        names = {"folder": folder, "port": port, "user": getuser()}
        (folder / "sshd_config").write_text(_CONFIG.format(**names))
        (folder / "ssh_config").write_text(_OURS.format(**names))
        asked = [str(SSHD), "-D", "-e", "-f", str(folder / "sshd_config")]
        self.process = subprocess.Popen(asked, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr
        said = list[str]()
        while "listening" not in "".join(said[-1:]):
            said.append(self.process.stderr.readline())
            assert said[-1], "".join(said)
        variables = [f"{name}={value}" for name, value in environment(folder).items()]
        remote = shlex.join(["exec", "env", *variables, sys.executable, "-m", "chatls"])
        self.command = ["ssh", "-T", "-F", str(folder / "ssh_config"), "there", remote]


@pytest.fixture
def there(tmp_path: Path) -> Iterator[There]:
    why = ""
    if not (SSHD and shutil.which("ssh") and shutil.which("ssh-keygen")):
        why = "there is no OpenSSH (openssh-server) here"
    elif os.geteuid() == 0 and not Path("/run/sshd").is_dir():
        why = "sshd was never started here (there is no /run/sshd)"
    if why:
        pytest.skip(f"{why}: the daemon over ssh is NOT tested")
    found = There(tmp_path)
    yield found
    found.process.kill()
    found.process.wait()
    assert found.process.stderr
    found.process.stderr.close()


def test_it_works_over_ssh_for_a_client_whose_process_it_cannot_see_and_ends_with_the_connection(
    start: Start, tmp_path: Path, there: There
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.txt").write_text("what the file says\n")
    daemon = start(there.command)
    daemon.initialize({}, roots=[root], processId=2**31)
    turn = daemon.prompt([{"toolCall": {"name": "read_file", "arguments": {"path": "a.txt"}}}], [{"text": "Done."}])
    assert turn.result()["stopReason"] == "end_turn"
    assert "what the file says" in turn.said()
    pids = descendants(there.process.pid)
    assert len(pids) > 1
    daemon.check()
    daemon.process.kill()
    wait_until_gone(*pids)


def test_it_leaves_over_ssh_as_it_does_without(start: Start, tmp_path: Path, there: There) -> None:
    daemon = start(there.command)
    daemon.initialize({}, processId=2**31)
    assert daemon.leave() == 0
    daemon.check()
