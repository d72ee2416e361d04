"""Attacks on what must stay secret, through the whole daemon: the provider's key, the words of a person, our own files.

A40: a provider that sends requests on to somebody else.  A42: a key that leaks by any way out: logs, errors, files, the
arguments and the environment of programs.  A43: files that others may read, and links that wait where ours will be.
"""

import json
import os
import re
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.attacks.attacker import DONE, call, play, read, run, tree, write
from tests.daemon.conftest import Start
from tests.daemon.processes import descendants
from tests.daemon.raw import CHATLS, KEY, KEY_VARIABLE, WITH_TOOLS, Daemon, Json
from tests.daemon.service import call as asked_for
from tests.daemon.service import finish, text
from tests.support.http_server import Chunk, Close, End, Head, Raw, ScriptedServer, Step, answered, event, streamed

WORDS = "words-of-a-person-4712"
ENCODED = [KEY, KEY[::-1], KEY.encode().hex()]
"""The key, and other spellings of it that a reader would see through."""


# Requests that are sent on


@pytest.fixture
def servers() -> Iterator[tuple[ScriptedServer, ScriptedServer]]:
    """The one that was chosen, and the one that would like to know."""
    with ScriptedServer() as chosen, ScriptedServer() as evil:
        evil.answer(lambda _: streamed(text("you are mine"), finish("stop")))
        yield chosen, evil


def sent_on(status: int, location: str, **headers: str) -> list[Step]:
    return [Head(status, {"location": location, "content-length": "0", **headers})]


def provider(kind: str, server: ScriptedServer, **more: object) -> Json:
    ends = {"openai_chat": "/v1", "openai_responses": "/v1", "gemini": "/v1beta"}
    return {"kind": kind, "baseUrl": server.url + ends.get(kind, ""), "apiKeyEnv": KEY_VARIABLE, **more}


@pytest.mark.parametrize("kind", ["openai_chat", "openai_responses", "anthropic", "gemini", "ollama"])
def test_a_provider_that_sends_on_elsewhere_is_not_followed(
    daemon: Daemon, servers: tuple[ScriptedServer, ScriptedServer], kind: str
) -> None:
    """A40. Neither key nor words go to whom nobody chose: another port, host, or place on the same host."""
    chosen, evil = servers
    daemon.configure({"providers": {"web": provider(kind, chosen)}, "model": "web/m"})
    localhost = evil.url.replace("127.0.0.1", "localhost")
    targets = [
        f"{evil.url}/v1/x",
        f"{localhost}/v1/x",
        f"//127.0.0.1:{evil.port}/v1/x",
        "/elsewhere",
        f"{evil.url}/?{KEY}",
    ]
    for status, target in zip((301, 302, 303, 307, 308), targets, strict=True):
        before = len(chosen.requests)
        chosen.play(
            sent_on(status, target, **{"refresh": f"0; url={evil.url}", "alt-svc": f'h2="127.0.0.1:{evil.port}"'})
        )
        result = daemon.prompt(content=WORDS).result()
        assert result["stopReason"] == "error"
        assert KEY not in json.dumps(result)
        assert all(request.path != "/elsewhere" for request in chosen.requests[before:])
        posts = [
            request
            for request in chosen.requests[before:]
            if request.method == "POST" and WORDS in request.body.decode()
        ]
        assert len(posts) == 1, "it is not asked again either"
    daemon.call("chat/models")
    assert evil.requests == []
    daemon.configure({})


@pytest.mark.parametrize("place", ["first", "second"])
def test_being_sent_on_in_the_middle_of_a_turn_is_not_followed_either(
    daemon: Daemon, servers: tuple[ScriptedServer, ScriptedServer], place: str
) -> None:
    """A40, one step on: it answers well, and redirects the question that carries what a tool found."""
    chosen, evil = servers
    daemon.configure({"providers": {"web": provider("openai_chat", chosen)}, "model": "web/m"})
    asking = streamed(asked_for('{"path": "a.txt"}', "read_file"), finish("tool_calls"))
    evil_reply = sent_on(307, f"{evil.url}/v1/chat/completions")
    chosen.play(*([asking, evil_reply] if place == "second" else [evil_reply, asking]))
    turn = daemon.prompt(content=WORDS)
    assert turn.result()["stopReason"] == "error"
    assert "not followed" in turn.result()["error"]["message"]
    assert evil.requests == []
    daemon.configure({})


def test_a_key_goes_to_no_other_address(start: Start, servers: tuple[ScriptedServer, ScriptedServer]) -> None:
    """A40 and A42, one step on: an entry with a known provider's name and another address does not get its key."""
    evil = servers[1]
    daemon = start(variables={"OPENAI_API_KEY": KEY, "ANTHROPIC_API_KEY": KEY})
    entries = {name: {"baseUrl": evil.url} for name in ("openai", "anthropic")}
    daemon.initialize({"providers": entries})
    for name in entries:
        daemon.prompt(content=WORDS, model=f"{name}/m").answer()
    assert KEY not in repr([(request.path, request.headers, request.body) for request in evil.requests])
    assert daemon.leave() == 0


# The key, at every way out


def leaking() -> list[list[Step]]:
    """Replies that carry the key back, each to a place where somebody might write it down."""
    echo = json.dumps(
        {"error": {"message": f"Incorrect API key provided: {KEY}", "type": KEY, "code": KEY, "param": KEY}}
    )
    headers = {
        "www-authenticate": f'Bearer realm="{KEY}"',
        "x-request-id": KEY,
        "x-echo": KEY,
        "set-cookie": f"k={KEY}",
    }
    return [
        answered(echo.encode(), 401, headers),
        answered(f"<html>{KEY}</html>".encode(), 403, {"content-type": "text/html", **headers}),
        answered(echo.encode(), 400, headers),
        answered(echo.encode(), 500, headers),
        answered(f"{KEY}".encode(), 402, {"retry-after": KEY, **headers}),
        sent_on(307, f"http://{KEY}@127.0.0.1:9/{KEY}?{KEY}#{KEY}", **headers),
        [Head(200, {"content-type": "text/event-stream", "content-encoding": KEY}), Chunk(b"x")],
        streamed({"error": {"message": f"key {KEY} is bad", "code": KEY}}),
        streamed(text("a"), {"error": {"message": KEY}}),
        [Head(), Chunk(event(f"not json {KEY}")), End()],
        [Raw(f"{KEY} {KEY}\r\n\r\n".encode()), Close()],
        [Raw(f"HTTP/1.1 200 {KEY}\r\n{KEY}\r\n\r\n".encode()), Close()],
        [Raw(f"HTTP/1.1 401 {KEY}\r\ncontent-length: 0\r\nx: {KEY}\r\n\r\n".encode())],
    ]


def settings_of(server: ScriptedServer, folder: Path) -> dict[str, Json]:
    """Every way to name a key."""
    file = folder / "key-file"
    file.write_text(f"{KEY}\n")
    base = provider("openai_chat", server)
    del base["apiKeyEnv"]
    return {
        "by-env": provider("openai_chat", server),
        "by-command": {**base, "apiKeyCommand": ["cat", str(file)]},
        "by-header": {**base, "headers": {"X-Api-Key": KEY}},
        "anthropic": provider("anthropic", server),
        "gemini": provider("gemini", server),
        "nobody-in-url": {**base, "baseUrl": f"http://{KEY}:{KEY}@127.0.0.1:9/v1"},
        "in-url": {**base, "baseUrl": f"http://{KEY}:{KEY}@127.0.0.1:{server.port}/v1"},
        "no-url": {**provider("openai_chat", server), "baseUrl": f"ftp://{KEY}@x/"},
        "bad-header": {**base, "headers": {"X-Api-Key": f"{KEY}\n"}},
        "failing-command": {**base, "apiKeyCommand": ["sh", "-c", f"cat {file} >&2; cat {file}; exit 3"]},
        "unsendable": {**base, "apiKeyCommand": ["printf", f"{KEY}\\u00e9"]},
    }


def test_a_key_leaves_by_no_way_out(start: Start, tmp_path: Path) -> None:
    """A42. The log at its loudest, every frame, every file that we write, arguments and environment of programs; with
    providers that send the key back in headers, errors, redirects, events and no HTTP at all."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    root = tmp_path / "ws"
    root.mkdir()
    daemon = start(WITH_TOOLS, variables={"CHATLS_LOG": "DEBUG", "TMPDIR": str(temporary)})
    daemon.initialize({}, permission=True, roots=[root])
    with ScriptedServer() as server:
        entries = settings_of(server, tmp_path)
        for name, entry in entries.items():
            daemon.configure({"providers": {name: entry}, "model": f"{name}/m", "limits": {"connectTimeout": 2}})
            for reply in leaking() if name == "by-env" else leaking()[:1]:
                server.play(reply, answered({"error": {"message": "enough"}}, 400))
                daemon.prompt(content=WORDS).answer()
            daemon.call("chat/models")
        assert any(KEY in repr(request.headers) for request in server.requests), "it was sent to where it belongs"
        daemon.configure({"providers": {"by-env": entries["by-env"], "by-command": entries["by-command"]}})
        play(daemon, call("bug"), read("none"), write("x.txt", "x"), answer="allow_workspace")
        turn = daemon.prompt([run("echo begun; sleep 600")], DONE)
        daemon.choose(turn.question(), "allow_once")
        turn.event("toolRunOutput")
        children = descendants(daemon.pid)
        assert len(children) >= 2
        for process in children:
            for name in ("cmdline", "environ"):
                told = Path(f"/proc/{process}/{name}").read_bytes()
                assert KEY.encode() not in told, (name, told)
                assert KEY_VARIABLE.encode() not in told
        assert KEY.encode() not in Path(f"/proc/{daemon.pid}/cmdline").read_bytes()
        turn.cancel()
        turn.result()
        play(daemon, run("seq 1 100000"), answer="allow_once")
    assert daemon.leave() == 0
    assert "DEBUG" in daemon.stderr, "the log is as loud as it can be"
    for word in ENCODED:
        assert word not in daemon.stderr, context(daemon.stderr, word)
        assert word not in repr(daemon.log), context(repr(daemon.log), word)
    assert WORDS not in daemon.stderr
    written = tree(tmp_path / "home") | tree(temporary) | tree(root)
    assert any("permissions.json" in name for name in written)
    for name, data in written.items():
        assert not any(word.encode() in data or word in name for word in ENCODED), name


def context(told: str, word: str) -> str:
    """Where it stands."""
    at = told.index(word)
    return told[max(0, at - 300) : at + 100]


def test_a_key_in_the_settings_is_not_repeated_by_their_errors(start: Start) -> None:
    """A42, one step on: who puts the key itself where its variable's name belongs is told so without it."""
    daemon = start(variables={"CHATLS_LOG": "DEBUG"})
    daemon.initialize({"providers": {"web": {"kind": "openai_chat", "apiKey": KEY}}})
    wrong: list[Json] = [
        {"kind": "openai_chat", "apiKey": KEY},
        {"kind": "openai_chat", "baseUrl": "http://127.0.0.1:9/v1", "apiKeyCommand": KEY},
        {"kind": "openai_chat", "baseUrl": "http://127.0.0.1:9/v1", "headers": KEY},
        {"kind": "openai_chat", "baseUrl": "http://127.0.0.1:9/v1", "headers": {"x": [KEY]}},
        {"kind": "openai_chat", "baseUrl": ["x", KEY]},
        {"kind": "openai_chat", "baseUrl": f"http://[{KEY}/v1"},
    ]
    for entry in wrong:
        daemon.configure({"providers": {"web": entry}, "model": "web/m"})
        daemon.prompt(content=WORDS).answer()
    assert daemon.leave() == 0
    for told in (daemon.stderr, repr(daemon.log)):
        assert KEY not in told, context(told, KEY)


# Our own files


def modes(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): stat.S_IMODE(path.lstat().st_mode) for path in (folder, *folder.rglob("*"))}


def careless(root: Path) -> list[str]:
    """A shell that lets everybody do everything with new files."""
    return ["/bin/sh", "-c", 'umask 0; cd "$0" && exec "$@"', str(root), *CHATLS]


def our_places(folder: Path) -> tuple[Path, Path]:
    return folder / "home/.local/state/chatls", folder / "home/.cache/chatls"


def opened(start: Start, tmp_path: Path, command: list[str] | None = None) -> Daemon:
    root = tmp_path / "ws"
    root.mkdir(exist_ok=True)
    daemon = start(command or CHATLS)
    daemon.initialize({}, permission=True, roots=[root])
    return daemon


def use_all(daemon: Daemon) -> list[str]:
    """Have everything written that is ever kept. Gives the names of files with outputs."""
    play(daemon, write("a.txt", "x"), answer="allow_workspace")
    played = play(daemon, run("seq 1 100000"), answer="allow_once")
    assert played.statuses == ["completed"]
    return re.findall(r"/\S+\.txt", played.words[0])


@pytest.mark.parametrize("there", [False, True])
def test_our_files_are_the_users_alone_whatever_the_umask(start: Start, tmp_path: Path, *, there: bool) -> None:
    """A43. Also our folders on the way, and those that were there: who could write there could put a link in."""
    (tmp_path / "ws").mkdir()
    (tmp_path / "home").mkdir()
    (tmp_path / "home").chmod(0o700)
    state, cache = our_places(tmp_path)
    if there:
        for folder in (state, cache / "output"):
            folder.mkdir(parents=True)
        for folder in (state, cache, cache / "output"):
            folder.chmod(0o777)
    daemon = opened(start, tmp_path, careless(tmp_path / "ws"))
    (output,) = use_all(daemon)
    found = {**modes(state), **modes(cache)}
    assert (state / "permissions.json").is_file()
    if not there:
        above = [
            place for folder in (state, cache) for place in folder.parents if place.is_relative_to(tmp_path / "home")
        ]
        assert {stat.S_IMODE(place.stat().st_mode) for place in above} == {0o700}
    assert Path(output).is_relative_to(cache)
    for folder in (state, cache):
        for path in (folder, *folder.rglob("*")):
            wanted = 0o700 if path.is_dir() else 0o600
            assert stat.S_IMODE(path.stat().st_mode) == wanted, (path, found)
    assert daemon.leave() == 0
    daemon.check()


def test_files_that_others_may_write_or_that_are_links_are_not_believed(start: Start, tmp_path: Path) -> None:
    """A43. A remembered permission that somebody else may have written is none."""
    state, _ = our_places(tmp_path)
    state.mkdir(parents=True)
    entry = {
        "id": "workspace-1",
        "workspace": str(tmp_path / "ws"),
        "tool": "write_file",
        "action": "allow",
        "reach": {"kind": "edits"},
    }
    planted = json.dumps({"version": 2, "permissions": [entry]})
    file, elsewhere = state / "permissions.json", tmp_path / "planted.json"
    elsewhere.write_text(planted)
    daemon = opened(start, tmp_path)
    for way in ("writable", "link", "pipe", "folder"):
        match way:
            case "writable":
                file.write_text(planted)
                file.chmod(0o666)
            case "link":
                file.symlink_to(elsewhere)
            case "pipe":
                os.mkfifo(file)
            case _:
                file.mkdir()
        played = play(daemon, write(f"{way}.txt"))
        assert len(played.questions) == 1, way
        assert played.statuses == ["denied"]
        file.rmdir() if way == "folder" else file.unlink()
    file.write_text(planted)
    assert play(daemon, write("believed.txt")).questions == [], "without all that it would be"
    assert daemon.leave() == 0
    daemon.check()


@pytest.mark.parametrize("places", ["state output", "permissions.json cache", "permissions.lock"])
def test_links_that_wait_where_our_files_will_be_made_get_nothing(start: Start, tmp_path: Path, places: str) -> None:
    """A43. Planted before the daemon is ever used, they lead to another folder, or to a file that is there."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "1-0123abcd").mkdir()
    (outside / "1-0123abcd/old.txt").write_text("of somebody else\n")
    (outside / "file").write_text("of somebody else\n")
    (outside / "output").mkdir()
    old = time.time() - 10**7
    os.utime(outside / "1-0123abcd", (old, old))
    before = tree(outside), modes(outside)
    state, cache = our_places(tmp_path)
    for folder in (state, cache):
        folder.parent.mkdir(parents=True)
    for place in places.split():
        match place:
            case "state":
                state.symlink_to(outside)
            case "cache":
                cache.symlink_to(outside)
            case "output":
                cache.mkdir()
                (cache / "output").symlink_to(outside)
            case _:
                state.mkdir()
                (state / place).symlink_to(outside / "file")
                os.utime(state / place, (old, old), follow_symlinks=False)  # a lock that was left behind
    daemon = opened(start, tmp_path)
    played = play(daemon, write("a.txt", "x"), answer="allow_workspace")
    assert played.statuses == ["completed"], "what the person said holds for this call in any case"
    played = play(daemon, run("seq 1 100000"), answer="allow_once")
    if daemon.sandbox == "required" and "cache" in places:
        assert played.statuses == ["failed"]
        assert "the sandbox cannot be made" in played.words[0]
        assert "no link may lead there" in played.words[0]
    else:
        assert played.statuses == ["completed"]
        assert ("could not be kept" in played.words[0]) == ("lock" not in places)
    played = play(daemon, read(str(outside / "file")), read(str(cache / "output/file")))
    assert played.statuses == ["failed", "failed"]
    assert daemon.leave() == 0
    daemon.check()
    assert (tree(outside), modes(outside)) == before
