"""`chatls setup` on a bare machine with hosted models: one command and one key, and what goes wrong on the way.

How it asks at a terminal, and what it writes, `tests/clients/python/test_setup_command.py` looks at.
"""

import json
import os
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from chatls.providers.known.catalog import known
from chatls.seen.commands.setup import keys
from tests.daemon.raw import CHATLS, environment
from tests.seen.commands.hosted import BAD, GOOD, HOSTS, KEY_HEADERS, POOR, Hosted


@pytest.fixture(scope="module")
def hosted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosted]:
    with Hosted(tmp_path_factory.mktemp("hosted")) as hosted:
        yield hosted


def begin(folder: Path, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    folder.mkdir(exist_ok=True)
    return subprocess.Popen(
        [*CHATLS, *arguments],
        env=environment(folder, **variables),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ends(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Its exit code, and all that it said, with blanks between words."""
    text, _ = process.communicate(timeout=120)
    return process.returncode, " ".join(text.split())


def all_of(commands: Mapping[str, subprocess.Popen[str]]) -> dict[str, tuple[int, str]]:
    return {name: ends(process) for name, process in commands.items()}


def variable(provider: str) -> str:
    entry = known(provider)
    assert entry
    return entry.key_variables[0]


def config(folder: Path) -> Path:
    return folder / "home/.config/chatls/config.toml"


def test_one_command_and_one_key_are_enough_with_every_kind_of_provider(tmp_path: Path, hosted: Hosted) -> None:
    own = {name: {**hosted.variables, variable(name): GOOD} for name in HOSTS}
    setup = {name: begin(tmp_path / name, "setup", "--provider", name, "--yes", **own[name]) for name in HOSTS}
    for name, (code, said) in all_of(setup).items():
        assert code == 0, said
        assert "it answers, and can use tools" in said
        assert f"{variable(name)} must be set where chatls or the editor starts" in said
        text = config(tmp_path / name).read_text()
        entry = known(name)
        assert entry
        assert tomllib.loads(text) == {"model": f"{name}/{entry.model}"}
        assert GOOD not in said + text
    (tmp_path / "gemini/word.txt").write_text("word-0123abcd\n")
    code, said = ends(begin(tmp_path / "gemini", "ask", "What stands in word.txt?", **own["gemini"]))
    assert (code, "word-0123abcd" in said) == (0, True), said
    assert {name.partition(":")[0] for name in hosted.asked_for} == set(HOSTS.values())
    assert all(sum(name in request.headers for name in KEY_HEADERS) == 1 for request in hosted.server.requests)


def test_a_key_that_a_command_prints_is_never_written_down(tmp_path: Path, hosted: Hosted) -> None:
    (tmp_path / "key").write_text(GOOD)
    command = ("--key-command", f"cat {tmp_path / 'key'}")
    run = begin(tmp_path / "a", "setup", "--provider", "gemini", *command, "--yes", **hosted.variables)
    code, said = ends(run)
    assert code == 0, said
    text = config(tmp_path / "a").read_text()
    assert tomllib.loads(text)["providers"] == {"gemini": {"api_key_command": ["cat", str(tmp_path / "key")]}}
    assert GOOD not in said + text


def test_a_wrong_key_and_one_without_credit_are_told_apart_and_nothing_is_written(
    tmp_path: Path, hosted: Hosted
) -> None:
    runs = {
        f"{name}-{what}": begin(
            tmp_path / f"{name}-{what}",
            *("setup", "--provider", name, "--key-env", "MY_KEY", "--yes"),
            **hosted.variables,
            MY_KEY=key,
        )
        for name in ("anthropic", "openai", "gemini")
        for what, key in (("bad", BAD), ("poor", POOR))
    }
    for name, (code, said) in all_of(runs).items():
        assert code == 1, said
        words = "does not accept the key" if name.endswith("bad") else "has no credit left for this key"
        assert words in said, said
        if name.endswith("bad"):
            assert "Check the environment variable MY_KEY." in said
        assert not config(tmp_path / name).exists()
        assert "4711" not in said


def test_what_is_not_reached_is_named_with_what_stands_between(tmp_path: Path) -> None:
    proxy = "http://me:hidden@127.0.0.1:9"
    runs = {
        "no such host": begin(tmp_path / "a", "setup", *at("http://no-such-host.invalid/v1")),
        "refused the connection": begin(tmp_path / "b", "setup", *at("http://127.0.0.1:9/v1")),
        "through the proxy 127.0.0.1:9": begin(
            tmp_path / "c", "setup", "--provider", "anthropic", "--yes", ANTHROPIC_API_KEY=GOOD, HTTPS_PROXY=proxy
        ),
    }
    for words, (code, said) in all_of(runs).items():
        assert code == 1, said
        assert words in said, said
        assert "hidden" not in said
        assert words.startswith("through") or "asking again" in said, said


def test_the_doctor_shakes_hands_with_a_hosted_server_and_says_when_its_certificate_is_nobodys(
    tmp_path: Path, hosted: Hosted
) -> None:
    trusted = {**hosted.variables, "ANTHROPIC_API_KEY": GOOD}
    strange = {**trusted, "SSL_CERT_FILE": ""}
    runs = {
        "api.anthropic.com answers with a certificate that is trusted, through the proxy": begin(
            tmp_path / "a", "doctor", **trusted
        ),
        "certificate that cannot be trusted": begin(tmp_path / "b", "doctor", **strange),
    }
    for words, (_, said) in all_of(runs).items():
        assert words in said, said
        assert "4711" not in said


def at(address: str) -> tuple[str, ...]:
    return ("--provider", "work", "--base-url", address, "--model", "m", "--yes")


SECRET_TOOL = """#!/usr/bin/env python3
import json, os, sys
from pathlib import Path
file = Path(os.environ["KEPT"])
kept = json.loads(file.read_text()) if file.exists() else {}
name = " ".join(word for word in sys.argv[2:] if not word.startswith("--"))
if sys.argv[1] == "store":
    file.write_text(json.dumps({**kept, name: sys.stdin.read()}))
elif name in kept:
    print(kept[name], end="")
else:
    sys.exit(1)
"""


def nothing_found(_name: str) -> None:
    """In place of the package."""


def test_the_program_of_the_desktops_keyring_keeps_a_key_where_the_package_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "secret-tool"
    program.write_text(SECRET_TOOL)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("KEPT", str(tmp_path / "kept.json"))
    monkeypatch.setattr(keys, "find_spec", nothing_found)
    ring = keys.find_keyring()
    assert ring is not None
    ring.keep("work", GOOD)
    assert json.loads((tmp_path / "kept.json").read_text()) == {"service chatls account work": GOOD}
    command = ring.place("work").values["api_key_command"]
    assert isinstance(command, tuple)
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == GOOD
    program.write_text("#!/bin/sh\necho 'Cannot autolaunch D-Bus without X11 $DISPLAY' >&2\nexit 1\n")
    assert keys.find_keyring() is None
