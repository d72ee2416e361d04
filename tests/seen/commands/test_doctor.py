"""`chatls doctor`: what it finds on machines that are set up well, badly, not at all; it tells no secret."""

import json
import os
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatls.seen.commands import bundle
from tests.daemon.raw import environment
from tests.support.http_server import ScriptedServer, answered

KEY = "sk-canary4711canary4711"
MCP = str(Path(__file__).parents[2] / "mcp/server.py")
SERVERS = ("off", "good", "dies", "gone", "far", "keyless")


class Machine:
    """A home of its own, and what the doctor says of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.variables: dict[str, str] = {}

    def settings(self, text: str) -> None:
        path = self.folder / "home/.config/chatls/config.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "chatls", "doctor", *arguments]
        env = environment(self.folder, **self.variables)
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)

    def findings(self) -> list[tuple[str, str]]:
        done = self.run("--json")
        value = json.loads(done.stdout)
        assert (done.returncode == 1) == any(one["mark"] == "bad" for one in value["findings"])
        assert all(one["advice"] for one in value["findings"] if one["mark"] in ("bad", "warning"))
        return [(one["mark"], one["text"]) for one in value["findings"]]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        server.answer(lambda _: answered({}, 404))
        yield server


def test_a_key_makes_a_machine_sound_and_is_not_shown(machine: Machine, server: ScriptedServer) -> None:
    machine.variables = {"WORK_KEY": KEY}
    provider = f'[providers.work]\nkind = "openai_chat"\nbase_url = "{server.url}/v1"\napi_key_env = "WORK_KEY"\n'
    machine.settings(f'model = "work/m"\n{provider}')
    found = machine.findings()
    assert ("good", "work/m answers: it is set") in found
    assert ("good", "work: its key comes from the environment variable WORK_KEY") in found
    assert ("note", "model: set in config.toml, line 1") in found
    assert ("note", "providers.work.baseUrl: set in config.toml, line 4") in found
    assert any(mark == "good" and text.startswith("work: 127.0.0.1") for mark, text in found)
    assert not [text for mark, text in found if mark == "bad"]
    assert KEY not in repr([(one.path, one.headers, one.body) for one in server.requests])
    assert [one.method for one in server.requests] == ["HEAD"]


def test_settings_that_cannot_be_used_a_missing_key_and_a_dead_server_are_told(machine: Machine) -> None:
    machine.settings("modle = 1\n")
    assert any(mark == "bad" and "did you mean 'model'?" in text for mark, text in machine.findings())
    provider = '[providers.dead]\nkind = "openai_chat"\nbase_url = "http://127.0.0.1:9/v1"\n'
    machine.settings(
        f'{provider}[providers.keyless]\nbase_url = "http://127.0.0.1:9"\nkind = "anthropic"\napi_key_env = "NOT_SET"\n'
    )
    found = machine.findings()
    assert any(mark == "warning" and "NOT_SET" in text for mark, text in found)
    assert any(mark == "bad" and text.startswith("dead (127.0.0.1:9)") for mark, text in found)


def test_what_stands_in_the_way_of_what_is_kept_and_found_is_told(machine: Machine) -> None:
    path = machine.folder / "home/.local/share/chatls/sessions.db"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no database at all, " * 500)
    (machine.folder / "home/.local/state").mkdir(parents=True)
    (machine.folder / "home/.local/state/chatls").write_text("a file")
    other = machine.folder / "bin/chatls"
    other.parent.mkdir()
    other.write_text("#!/bin/sh\necho chatls 0.0.1\n")
    other.chmod(0o700)
    machine.settings("")
    (machine.folder / "home/.config/chatls/config.toml").chmod(0o666)
    machine.variables = {"PATH": f"{other.parent}:{os.environ['PATH']}", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}
    found = machine.findings()
    for mark, words in (
        ("bad", "sessions.db"),
        ("bad", "state/chatls is a file, where a folder has to be"),
        ("warning", f"another chatls on PATH: {other} (chatls 0.0.1)"),
        ("warning", "others may write"),
        ("note", "telemetry is wanted"),
    ):
        assert any(one == mark and words in text for one, text in found), words


def test_mcp_servers_are_started_and_what_is_wrong_with_one_is_told(machine: Machine) -> None:
    program = f"command = {json.dumps(sys.executable)}\nargs = [{json.dumps(MCP)}, "
    machine.settings(
        f'[mcp.good]\n{program}"good"]\n[mcp.dies]\n{program}"dies", "--key={KEY}"]\n'
        '[mcp.gone]\ncommand = "no-such-program"\n[mcp.off]\ncommand = "x"\ndisabled = true\n'
        f'[mcp.far]\nurl = "http://127.0.0.1:9/mcp?key={KEY}"\nheaders = {{ a = "{KEY}" }}\n'
        '[mcp.keyless]\nurl = "http://127.0.0.1:9"\nkey_env = "NOT_SET"\n'
    )
    found = [(mark, text) for mark, text in machine.findings() if text.split()[0].strip(":") in SERVERS]
    assert [(mark, text.split()[0].strip(":")) for mark, text in found] == [
        ("note", "off"),
        ("good", "good"),
        ("warning", "dies"),
        ("warning", "gone"),
        ("warning", "far"),
        ("warning", "keyless"),
    ]
    told = dict(zip(SERVERS, (text for _, text in found), strict=True))
    assert told["good"].endswith(": 10 tools")
    assert "exit code 7: no licence" in told["dies"]
    assert "no program 'no-such-program'" in told["gone"]
    assert "cannot be reached" in told["far"]
    assert "NOT_SET is not set" in told["keyless"]
    assert KEY not in repr(found)


def test_it_reads_well_in_a_pipe(machine: Machine) -> None:
    text = machine.run().stdout
    assert "\x1b" not in text
    assert [row for row in text.splitlines() if len(row) > 100 and max(map(len, row.split())) < 20] == []
    assert text.rstrip().splitlines()[-1].startswith(("chatls works", "1 problem", "2 problem"))


def test_the_bundle_holds_no_secret_and_nobody_else_may_read_it(machine: Machine, tmp_path: Path) -> None:
    machine.variables = {"WORK_KEY": KEY, "OTHER_TOKEN": "tok-in-env-4711", "HTTPS_PROXY": "http://me:proxy-4711@p:1"}
    machine.settings(
        'model = "work/m"\n[providers.work]\nkind = "openai_chat"\nbase_url = "http://127.0.0.1:9/v1"\n'
        'api_key_command = ["pass", "show", "secret-4711"]\nheaders = { x-api-key = "header-4711" }\n'
        '[mcp.far]\nurl = "http://127.0.0.1:9/mcp?key=url-4711"\nheaders = { a = "header-4711" }\n'
        'key_command = ["pass", "mcp-4711"]\n'
        '[mcp.near]\ncommand = "no-such"\nargs = ["arg-4711"]\nenv = { A = "env-4711" }\n'
        '[[permissions]]\ntool = "run_command"\ncommand = "curl -H rule-4711"\naction = "deny"\n'
    )
    log = machine.folder / "home/.local/state/chatls/log/2026-11-30T07-00-00Z-1.jsonl"
    log.parent.mkdir(parents=True)
    log.write_text(
        json.dumps({"what": "words", "text": f"{KEY} tok-in-env-4711 in {machine.folder / 'home'}/x"}) + "\n"
    )
    target = tmp_path / "report.zip"
    machine.run("--bundle", str(target))
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with zipfile.ZipFile(target) as archive:
        assert sorted(archive.namelist()) == ["doctor.json", "log/2026-11-30T07-00-00Z-1.jsonl", "settings.json"]
        told = "\n".join(archive.read(name).decode() for name in archive.namelist())
    assert "4711" not in told, [line for line in told.splitlines() if "4711" in line]
    assert str(machine.folder / "home") not in told
    assert "~/x" in told
    again = machine.run("--bundle", str(target))
    assert again.returncode == 1
    assert "cannot be written" in again.stderr


@pytest.mark.parametrize(
    "secret",
    [
        "sk-ant-REDACTED",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "AKIAIOSFODNN7EXAMPLE",
        "Bearer abcdef123456",
        "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----",
    ],
)
def test_what_looks_like_a_key_is_removed_wherever_it_came_from(secret: str) -> None:
    cleaned = bundle.clean(f"it said {secret} and more")
    assert secret.removeprefix("Bearer ") not in cleaned
    assert cleaned.startswith("it said ")
    assert cleaned.endswith(" and more")
