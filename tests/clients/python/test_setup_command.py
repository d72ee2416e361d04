"""`chatls setup`: it finds what is there, asks, tries it for real, shows the change; no key ever comes to a file."""

import json
import re
import subprocess
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from in_terminal import in_terminal
from tests.daemon.raw import CHATLS, environment
from tests.support.http_server import Request, ScriptedServer, Step, answered, streamed

from chatls.errors import SettingsError
from chatls.seen.commands.ownfile import changed, replace

KEY = "sk-canary4711canary4711"

KEYRING = """
import json, os, sys
from pathlib import Path
FILE = Path(os.environ["KEPT"])
class Ring:
    priority = 5
def get_keyring():
    return Ring()
def main():
    kept = json.loads(FILE.read_text()) if FILE.exists() else {}
    word, service, name = sys.argv[1:]
    if word == "set":
        FILE.write_text(json.dumps({**kept, f"{service}/{name}": sys.stdin.read()}))
    else:
        print(kept[f"{service}/{name}"])
"""
"""Stands for the package `keyring`: the same command line, and a file instead of the system."""


def model(request: Request) -> Sequence[Step]:
    """A model that reads the file it was told to read, and says what stands in it."""
    if request.method == "GET" and request.path == "/v1/models":
        return answered({"data": [{"id": "tiny", "owned_by": "llamacpp"}]})
    if request.method != "POST" or not request.path.endswith("/chat/completions"):
        return answered({}, 404)
    if request.headers.get("authorization") == "Bearer sk-wrong":
        return answered({"error": {"message": "who are you?"}}, 401)
    last = request.json()["messages"][-1]
    if last["role"] == "tool":
        found = re.search(r"word-\w+", json.dumps(last["content"]))
        delta: dict[str, Any] = {"content": found[0] if found else "nothing"}
    else:
        function = {"name": "read_file", "arguments": '{"path": "word.txt"}'}
        delta = {"tool_calls": [{"index": 0, "id": "c1", "type": "function", "function": function}]}
    reason = "stop" if "content" in delta else "tool_calls"
    return streamed({"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        server.answer(model)
        yield server


def file(folder: Path) -> Path:
    return folder / "home/.config/chatls/config.toml"


def write(folder: Path, text: str) -> None:
    file(folder).parent.mkdir(parents=True, exist_ok=True)
    file(folder).write_text(text)


def run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CHATLS, "setup", *arguments],
        env=environment(folder, **variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_unattended_it_tries_the_model_and_writes_only_where_it_was_told_to(
    tmp_path: Path, server: ScriptedServer
) -> None:
    write(tmp_path, "# mine\n[limits]\nmax_steps = 7 # enough\n")
    before = file(tmp_path).read_text()
    wanted = ("--provider", "work", "--base-url", f"{server.url}/v1", "--key-env", "WORK_KEY", "--model", "tiny")
    shown = run(tmp_path, *wanted, WORK_KEY=KEY)
    assert (shown.returncode, file(tmp_path).read_text()) == (1, before)
    assert "it answers, and can use tools" in shown.stdout
    assert '+model = "work/tiny"' in shown.stdout
    done = run(tmp_path, *wanted, "--yes", WORK_KEY=KEY)
    assert done.returncode == 0, done.stdout
    after = file(tmp_path).read_text()
    assert before in after
    provider = {"base_url": f"{server.url}/v1", "kind": "openai_chat", "api_key_env": "WORK_KEY"}
    assert tomllib.loads(after) == {
        "model": "work/tiny",
        "limits": {"max_steps": 7},
        "providers": {"work": provider},
    }
    asked = [request for request in server.requests if request.method == "POST"]
    assert {request.headers["authorization"] for request in asked} == {f"Bearer {KEY}"}
    assert "\x1b" not in done.stdout
    assert KEY not in shown.stdout + shown.stderr + done.stdout + done.stderr + after
    again = run(tmp_path, *wanted, "--yes", WORK_KEY=KEY)
    assert (again.returncode, file(tmp_path).read_text()) == (0, after)
    assert "says so already" in again.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "say it with --provider"),
        (("--provider", "work"), "--base-url"),
        (("--provider", "sglang"), "Start it: python -m sglang"),
        (("--provider", "anthropic"), "--key-env or --key-command"),
        (("--provider", "anthropic", "--key-env", "NOT_SET"), "is set here"),
        (("--provider", "anthropic", "--key-env", KEY), "never written down"),
        (("--provider", "anthropic", "--key-command", f"{KEY} x"), "never written down"),
    ],
)
def test_unattended_what_is_missing_is_named_and_no_key_repeated(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    done = run(tmp_path, *arguments, "--yes")
    assert done.returncode == 1
    assert words in " ".join(done.stdout.split())
    assert KEY not in done.stdout + done.stderr
    assert not file(tmp_path).exists()


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (answered({"error": {"message": f"bad key {KEY}"}}, 401), "it does not answer"),
        (streamed({"choices": [{"index": 0, "delta": {"content": "word"}, "finish_reason": "stop"}]}), "did not read"),
    ],
    ids=["refuses", "has no tools"],
)
def test_a_model_that_is_of_no_use_is_not_written(
    tmp_path: Path, server: ScriptedServer, reply: Sequence[Step], words: str
) -> None:
    server.answer(lambda _: reply)
    address = ("--base-url", f"{server.url}/v1", "--model", "m")
    done = run(tmp_path, "--provider", "work", *address, "--key-env", "WORK_KEY", "--yes", WORK_KEY=KEY)
    assert done.returncode == 1
    assert words in done.stdout
    assert KEY not in done.stdout + done.stderr
    assert not file(tmp_path).exists()


def test_settings_that_cannot_be_used_are_told_and_stay(tmp_path: Path) -> None:
    write(tmp_path, "modle = 1\n")
    done = run(tmp_path, "--provider", "llamacpp", "--yes")
    assert (done.returncode, file(tmp_path).read_text()) == (1, "modle = 1\n")
    assert "did you mean 'model'?" in done.stdout


@pytest.mark.parametrize("color", [True, False])
def test_in_a_terminal_a_server_of_this_machine_is_found_tried_and_taken(
    tmp_path: Path, server: ScriptedServer, color: bool
) -> None:
    write(tmp_path, f'[providers.llamacpp]\nbase_url = "{server.url}/v1"\n')
    env = environment(tmp_path, **({} if color else {"NO_COLOR": "1"}))
    with in_terminal("-m", "chatls", "setup", env=env, cwd=tmp_path, width=100) as terminal:
        terminal.wait_for("Its number")
        assert "llama.cpp answers at" in terminal.written
        terminal.press(b"nobody\r")
        terminal.wait_for("a number from 1 to")
        terminal.press(b"llamacpp\r")
        terminal.wait_for("The model [tiny]")
        terminal.press(b"\r")
        terminal.wait_for("Write this? [y/N]")
        assert 'model = "llamacpp/tiny"' in terminal.written
        assert "model" not in tomllib.loads(file(tmp_path).read_text())
        terminal.press(b"y\r")
        assert terminal.end() == 0
        assert ("\x1b[" in terminal.written) == color
    assert file(tmp_path).read_text().splitlines()[-2:] == ["[providers.llamacpp]", f'base_url = "{server.url}/v1"']


def test_a_typed_key_goes_to_the_keyring_alone_and_answers_from_there(tmp_path: Path, server: ScriptedServer) -> None:
    package = tmp_path / "packages/keyring"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(KEYRING)
    (package / "__main__.py").write_text("from keyring import main\nmain()\n")
    kept = tmp_path / "kept.json"
    env = environment(tmp_path, PYTHONPATH=str(package.parent), KEPT=str(kept))
    with in_terminal("-m", "chatls", "acp", "setup", env=env, cwd=tmp_path, width=200) as terminal:
        terminal.wait_for("Its number")
        number = re.findall(r"(\d+)  another server", terminal.written)[0]
        terminal.press(f"{number}\r".encode())
        terminal.wait_for("Its address")
        terminal.press(f"{server.url}/v1\r".encode())
        terminal.wait_for("A name for it")
        terminal.press(b"work\r")
        terminal.wait_for("The key of work")
        terminal.press(b"sk-wrong\r")
        terminal.wait_for("The model")
        terminal.press(b"tiny\r")
        terminal.wait_for("Check the key that you typed.")
        terminal.wait_for("Take it all the same? [y/N]")
        terminal.press(b"n\r")
        terminal.wait_for("Choose again? [y/N]")
        terminal.press(b"y\r")
        terminal.wait_for_nth("Its number", 2)
        terminal.press(f"{number}\r".encode())
        terminal.wait_for_nth("Its address", 2)
        terminal.press(f"{server.url}/v1\r".encode())
        terminal.wait_for_nth("A name for it", 2)
        terminal.press(b"work\r")
        terminal.wait_for_nth("The key of work", 2)
        terminal.press(f"{KEY}\r".encode())
        terminal.wait_for_nth("The model (", 2)
        terminal.press(b"tiny\r")
        terminal.wait_for("Write this? [y/N]")
        assert not kept.exists()
        terminal.press(b"y\r")
        assert terminal.end() == 0
        assert KEY not in terminal.written
    assert json.loads(kept.read_text()) == {"chatls/work": KEY}
    inside = [path for path in (tmp_path / "home").rglob("*") if path.is_file() and KEY in path.read_text("latin-1")]
    assert inside == []
    assert file(tmp_path).stat().st_mode & 0o777 == 0o600
    before = len(server.requests)
    asked = [*CHATLS, "ask", "Read word.txt"]
    answer = subprocess.run(asked, env=env, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert server.requests[before].headers["authorization"] == f"Bearer {KEY}"


def test_without_a_keyring_a_pasted_key_is_refused_and_leaving_writes_nothing(tmp_path: Path) -> None:
    nobody = "unix:path=/nonexistent"  # no desktop's keyring is in reach
    env = environment(tmp_path, ANTHROPIC_API_KEY="", DBUS_SESSION_BUS_ADDRESS=nobody)
    with in_terminal("-m", "chatls", "setup", "--provider", "anthropic", env=env, width=200) as terminal:
        terminal.wait_for("never written to a file")
        terminal.wait_for("or a command that prints it")
        terminal.press(f"{KEY}\r".encode())
        terminal.wait_for("that is no command of this machine")
        terminal.wait_for("never written down\r\nThe environment variable that holds the key")  # it asks again
        assert terminal.written.count(KEY) == 1  # what was typed, as every terminal shows it
        terminal.press(b"\x04")  # a signal may come just before the terminal is read; the end of the input does not
        assert terminal.end() == 130
        assert "Nothing was written" in terminal.written
    assert not file(tmp_path).exists()


LINES = st.sampled_from(
    [
        *('model = "a/b" # why', "model = 'x'", "", "# a word", "[limits]", "max_steps = 3", "[providers.work]"),
        *('kind = "openai_chat"', "api_key_env = 'OLD' # old", "apiKeyEnv = 'OLD'", 'headers = { a = "b" }'),
        *("[providers]", "[[permissions]]", 'work.kind = "ollama"', 'model = """', '"""', "[providers.work.headers]"),
    ]
)


@given(st.lists(LINES, max_size=8), st.sampled_from(["\n", "\r\n"]), st.text(st.characters(exclude_categories=["Cs"])))
def test_whatever_stands_there_stays_and_what_was_wanted_comes_to_it(lines: list[str], end: str, name: str) -> None:
    text = end.join(lines) + end
    try:
        new = changed(text, name, "work", {"api_key_env": "KEY", "api_key_command": ("pass", "show me")})
    except SettingsError:
        return  # no settings, or written in a form for hands alone; nothing is changed then
    value = tomllib.loads(new)
    own = value["providers"]["work"]
    assert value["model"] == name
    assert own.get("apiKeyEnv", own.get("api_key_env")) == "KEY"
    assert own["api_key_command"] == ["pass", "show me"]
    left = iter(new.split("\n"))
    changing = ("model", "api_key_env", "apiKeyEnv")
    rows = [line for line in text.split("\n") if line.strip() and not line.startswith(changing)]
    assert all(row in left for row in rows), "all other lines stand there in their order"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_comments_order_and_line_ends_stay(end: str) -> None:
    text = '# mine\nmodel = "a/b" # why\n\n[providers.work] # here\nkind = "ollama"\n[limits]\nmax_steps = 3'
    wanted = (
        '# mine\nmodel = "c/d" # why\n\n[providers.work] # here\napi_key_env = "K"\nkind = "ollama"\n'
        "[limits]\nmax_steps = 3"
    )
    made = changed(text.replace("\n", end), "c/d", "work", {"api_key_env": "K"})
    assert made == wanted.replace("\n", end)


def test_the_models_that_answer_where_the_first_cannot_stay_behind_the_new_one() -> None:
    made = changed('model = ["a/b", "c/d", "e/f"] # why\n', "c/d", "c", {})
    assert made == 'model = ["c/d", "a/b", "e/f"] # why\n'


@pytest.mark.parametrize("text", ['providers = { work = { kind = "ollama" } }', 'model = """\nx"""', "no toml"])
def test_what_cannot_be_changed_well_is_not_changed(text: str) -> None:
    with pytest.raises(SettingsError):
        changed(text, "c/d", "work", {"api_key_env": "K"})


def test_a_file_that_changed_meanwhile_and_a_link_are_respected(tmp_path: Path) -> None:
    real, link = tmp_path / "real.toml", tmp_path / "config.toml"
    real.write_text("a")
    real.chmod(0o640)
    link.symlink_to(real)
    with pytest.raises(SettingsError, match="changed meanwhile"):
        replace(link, "b", "c")
    replace(link, "a", "c")
    assert (link.is_symlink(), real.read_text(), real.stat().st_mode & 0o777) == (True, "c", 0o640)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.toml", "real.toml"]
