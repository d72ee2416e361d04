"""The client's programs with the real daemon and a scripted model: `chatls ask`, the demo, the README's example."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest
from in_terminal import CTRL_C, gone, in_terminal

from chatls_client import Client
from chatls_client.protocol import Steered, TextChunk, TextContent, ToolRunEnd, ToolRunStart

ROOT = Path(__file__).parents[3]
SEARCH = {"toolCall": {"name": "search", "arguments": {"pattern": "needle"}}}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with one file to find."""
    folder = tmp_path / "my project"
    folder.mkdir()
    (folder / "hay.txt").write_text("hay\nneedle\n")
    return folder


def script(folder: Path, *replies: list[dict[str, Any]], delay: float = 0) -> dict[str, Any]:
    """Settings with a model that plays this."""
    path = folder / "script.json"
    path.write_text(json.dumps({"replies": replies, "chunkChars": 4, "chunkDelay": delay}))
    return {"model": "scripted/demo", "providers": {"scripted": {"kind": "scripted", "script": str(path)}}}


def settings_file(folder: Path, *replies: list[dict[str, Any]]) -> str:
    path = folder / "settings.json"
    path.write_text(json.dumps(script(folder, *replies)))
    return str(path)


def user_settings(folder: Path, *replies: list[dict[str, Any]]) -> dict[str, str]:
    """A home with a settings file that names the script: what to put into the environment."""
    config = folder / "config" / "chatls"
    config.mkdir(parents=True)
    given = script(folder, *replies)
    path = json.dumps(given["providers"]["scripted"]["script"])
    provider = f'[providers.scripted]\nkind = "scripted"\nscript = {path}\n'
    (config / "config.toml").write_text(f'model = "{given["model"]}"\n{provider}')
    return {"XDG_CONFIG_HOME": str(config.parent), "HOME": str(folder)}


def run(*arguments: str, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **(env or {})}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=180)


@pytest.mark.asyncio
async def test_a_program_gets_the_answer_and_the_tools_work_as_they_come(tmp_path: Path, project: Path) -> None:
    settings = script(tmp_path, [{"text": "I look. "}, SEARCH], [{"text": "Found it."}])
    with anyio.fail_after(60):
        async with Client.start(roots=[project], settings=settings) as client:
            client.open(project / "hay.txt", "no more hay\na needle, not saved\n")
            turn = client.prompt("Where is it?")
            events = [event async for event in turn]
            assert "".join(event.text for event in events if isinstance(event, TextChunk)) == "I look. Found it."
            assert any(isinstance(event, ToolRunStart) for event in events)
            (ended,) = [event for event in events if isinstance(event, ToolRunEnd)]
            assert "a needle, not saved" in str(ended.content)
            assert turn.result.tools == {"search": 1}
            again = await client.ask("And again?", session=turn.session_id)
            assert (again.stop_reason, again.text) == ("end_turn", "Found it.")
            assert {"search", "read_file", "list_files"} <= {tool.name for tool in await client.tools()}
            assert "scripted" in {model.provider for model in (await client.models()).models}
        assert client.exit_code == 0


def test_ask_in_a_pipe_gives_the_answer_alone(tmp_path: Path, project: Path) -> None:
    settings = settings_file(tmp_path, [{"text": "I look. "}, SEARCH], [{"text": "Found it."}])
    done = run("-m", "chatls", "ask", "--settings", settings, "Where is it?", cwd=project)
    assert (done.stdout, done.returncode) == ("I look. \nFound it.\n", 0)


def test_ask_in_a_pipe_says_which_servers_it_waits_for(tmp_path: Path, project: Path) -> None:
    path = Path(settings_file(tmp_path, [{"text": "Done."}]))
    given = json.loads(path.read_text())
    given["mcp"] = {"own": {"command": sys.executable, "args": [str(ROOT / "tests" / "mcp" / "server.py")]}}
    path.write_text(json.dumps(given))
    done = run("-m", "chatls", "ask", "--settings", str(path), "Look.", cwd=project)
    assert (done.stdout, done.returncode) == ("Done.\n", 0)
    assert done.stderr == "chatls: waiting for MCP servers: own\n"


def test_ask_tells_settings_that_cannot_be_used_once(tmp_path: Path, project: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"modle": "x"}')
    done = run("-m", "chatls", "ask", "--settings", str(path), "Where is it?", cwd=project)
    assert (done.stdout, done.returncode) == ("", 1)
    assert done.stderr.count("modle") == 1


def test_ask_in_a_terminal_shows_what_happens(tmp_path: Path, project: Path) -> None:
    settings = settings_file(
        tmp_path, [{"text": "I look. "}, SEARCH, {"usage": {"inputTokens": 7}}], [{"text": "Found."}]
    )
    with in_terminal("-m", "chatls", "ask", "--settings", settings, "Where?", cwd=project) as terminal:
        assert terminal.end() == 0
        text = "\n".join(terminal.screen)
        assert text.startswith("◆ scripted/demo\n")
        assert '\n\nI look.\n\n✓ search "needle" · ' in text
        assert "\n  │ hay.txt:2: needle\n\nFound.\n\n── done, 1 tool, " in text


def test_models_are_listed_with_the_one_that_answers(tmp_path: Path, project: Path) -> None:
    home = user_settings(tmp_path, [{"text": "."}])
    done = run("-m", "chatls", "models", cwd=project, env=home)
    assert (done.returncode, done.stderr) == (0, "")
    starred = [line for line in done.stdout.splitlines() if line.startswith("* ")]
    assert [line.split()[1] for line in starred] == ["scripted/demo"]
    assert "local/smollm2-135m" in done.stdout


def test_models_that_cannot_be_listed_say_why(tmp_path: Path, project: Path) -> None:
    home = user_settings(tmp_path, [{"text": "."}])
    (tmp_path / "config" / "chatls" / "config.toml").write_text('modle = "x"\n')
    done = run("-m", "chatls", "models", cwd=project, env=home)
    assert (done.returncode, done.stdout) == (1, "")
    assert "modle" in done.stderr


@pytest.mark.parametrize("presses", [1, 2])
def test_ctrl_c_leaves_no_daemon_behind(presses: int, tmp_path: Path, project: Path) -> None:
    settings = settings_file(tmp_path, [{"text": "So far."}, {"hang": True}])
    with in_terminal("-m", "chatls", "ask", "--settings", settings, "Wait.", cwd=project) as terminal:
        terminal.wait_for("So far")
        children = terminal.children()
        assert children
        for _ in range(presses):
            terminal.press(CTRL_C)
        assert terminal.end() == 130
        assert all(gone(pid) for pid in children)
        if presses == 1:
            assert "── cancelled" in "\n".join(terminal.screen)


def test_the_example_runs(tmp_path: Path, project: Path) -> None:
    home = user_settings(tmp_path, [{"text": "Hay and a needle."}])
    example = str(ROOT / "clients" / "python" / "example.py")
    done = run(example, "What is in here?", cwd=project, env=home)
    assert (done.stdout, done.stderr) == ("Hay and a needle.\n(end_turn)\n", "")


def test_the_demos_scripted_part_proves_what_overlaps() -> None:
    done = run("-m", "chatls_client.demo", "--part", "2", cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    assert "3 of 3 calls had started by then" in " ".join(done.stdout.split())
    assert "\x1b" not in done.stdout


@pytest.mark.model
def test_the_demos_real_model_calls_its_tool_and_answers() -> None:
    done = run("-m", "chatls_client.demo", "--part", "1", cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    assert "◆ local/smollm2-135m" in done.stdout
    assert '✓ search "ripgrep" · ' in done.stdout
    assert "The word ripgrep is in " in done.stdout
    assert "For a real model, run `chatls setup`.\n" in done.stdout
    assert "── done, " in done.stdout


@pytest.mark.asyncio
async def test_a_program_says_something_to_a_turn_that_runs(tmp_path: Path, project: Path) -> None:
    settings = script(tmp_path, [{"text": "I look. " * 20}], [{"text": "Gently."}], delay=0.02)
    with anyio.fail_after(60):
        async with Client.start(roots=[project], settings=settings) as client:
            turn, told = client.prompt("Where is it?"), list[Steered]()
            async for event in turn:
                if isinstance(event, TextChunk) and not told:
                    assert (await turn.steer("gently")).state == "queued"
                    told.append(Steered(()))
                if isinstance(event, Steered):
                    told.append(event)
            assert told[1:] == [Steered((TextContent("gently"),))]
            assert (turn.result.steps, turn.result.unsent) == (2, None)
            assert (await turn.steer("again")).state == "idle"
