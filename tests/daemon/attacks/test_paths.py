"""Attacks with paths, through the whole daemon: nothing outside the workspace is read, changed or told of.

A1: `..` leads out.  A2: a folder beside the root whose name begins with the root's.  A3: a link to a file outside is
read.  A4: a linked folder, a new file in it.  A5: a link that leads nowhere, written to.  A6: a folder is swapped for a
link between check and use, again and again.  A7: a hard link to a file outside.  A8: devices, /proc, and Windows' other
names for files.  A9: other spellings of protected and secret names.  A10: addresses: encoded, of other hosts, of other
schemes.  A11: names that no file can have.  A12: links in a circle.  A13: files that decide what runs.
"""

import os
import socket
import time
from pathlib import Path

import pytest

from tests.daemon.attacks.attacker import (
    ALLOW_ALL,
    Battlefield,
    call,
    edit,
    lasting,
    play,
    read,
    run,
    swapping,
    tree,
    write,
)
from tests.daemon.conftest import Start
from tests.daemon.editor import Editor

CHANGES_ALLOWED = [{"tool": "write_file", "action": "allow"}, {"tool": "edit_file", "action": "allow"}]


def every_tool(path: str) -> list[dict[str, object]]:
    """Each of our tools, let loose on a path."""
    return [
        read(path),
        call("list_files", path=path),
        call("search", pattern=".", path=path),
        write(path),
        edit(path, "SECRET"),
        run("cat *", cwd=path),
    ]


def assert_refused(field: Battlefield, *paths: str) -> None:
    """None of them is opened by any tool, and nobody is asked whether it may."""
    field.daemon.configure({"permissions": ALLOW_ALL})
    before = tree(field.root)
    for path in paths:
        played = play(field.daemon, *every_tool(path))
        assert played.questions == [], path
        assert set(played.statuses) == {"failed"}, (path, played.statuses, played.words)
        assert "SECRET" not in "".join(played.words)
    assert tree(field.root) == before


def test_no_path_climbs_out_and_none_tells_what_is_there(field: Battlefield) -> None:
    """A1. What is there and what is not are refused with the same words."""
    field.put("a/b.txt")
    there = ["../outside/secret.txt", "a/../../outside/secret.txt", "./../outside/../outside/secret.txt"]
    there += [str(field.outside / "secret.txt"), f"{field.root}/../outside/secret.txt", f"//{field.outside}/secret.txt"]
    assert_refused(
        field, *there, "../../../../../../etc/passwd", "/etc/passwd", "..", "../outside", "/", "//", "~/.ssh/x"
    )
    for name in there:
        said = play(field.daemon, read(name), read(name.replace("secret.txt", "nothing.txt"))).words
        assert said[1] == said[0].replace("secret.txt", "nothing.txt")


def test_a_neighbour_whose_name_begins_alike_is_outside(field: Battlefield) -> None:
    """A2."""
    evil = field.folder / f"{field.root.name}-evil"
    evil.mkdir()
    (evil / "secret.txt").write_text("SECRET of the neighbour")
    field.link("to-the-neighbour", evil)
    assert_refused(field, f"{evil}/secret.txt", f"../{evil.name}/secret.txt", "to-the-neighbour/secret.txt", str(evil))
    assert tree(evil) == {"secret.txt": b"SECRET of the neighbour"}


@pytest.mark.parametrize("way", ["absolute", "relative", "chain", "of the root itself"])
def test_a_link_to_a_file_outside_is_not_followed(field: Battlefield, way: str) -> None:
    """A3. Also not by whoever searches or lists everything."""
    name = f"link-{len(way)}.txt"
    match way:
        case "absolute":
            field.link(name, field.outside / "secret.txt")
        case "relative":
            field.link(f"inner/{name}", "../../outside/secret.txt")
            name = f"inner/{name}"
        case "chain":
            field.link(f"one-{name}", "../outside")
            field.link(f"two-{name}", f"one-{name}")
            name = f"two-{name}/secret.txt"
        case _:
            field.link(name, "..")
            name = f"{name}/outside/secret.txt"
    assert_refused(field, name)
    played = play(
        field.daemon, call("search", pattern="SECRET"), call("list_files"), call("search", pattern="SECRET", glob="**")
    )
    assert "SECRET of" not in "".join(played.words)


def test_a_new_file_behind_a_linked_folder_is_not_made(field: Battlefield) -> None:
    """A4. Nor folders on the way to it, nor when the link is deep inside."""
    field.link("linked", field.outside)
    field.link("deep/er/linked", field.outside)
    assert_refused(field, "linked/new.txt", "deep/er/linked/new/folder/new.txt", "linked/../linked/new.txt")


def test_nothing_is_made_behind_a_link_that_leads_nowhere(field: Battlefield) -> None:
    """A5. Whether it would lead outside or inside, and also if it is a folder of the way."""
    field.link("dangling.txt", field.outside / "made.txt")
    field.link("inside-dangling.txt", "made-inside.txt")
    field.link("to-dangling.txt", "dangling.txt")
    field.link("dangling-folder", field.outside / "made")
    names = ["dangling.txt", "inside-dangling.txt", "to-dangling.txt", "dangling-folder/a.txt"]
    assert_refused(field, *names)
    assert all(field.root.joinpath(name.split("/")[0]).is_symlink() for name in names)


def test_a_link_that_is_put_there_while_a_person_thinks_is_not_followed(field: Battlefield) -> None:
    """A5 and A6: between the question and the answer there is all the time of the world."""
    path = field.put("slow/file.txt")
    turn = field.daemon.prompt(
        [read("slow/file.txt")], [edit("slow/file.txt", "one"), write("slow/new.txt")], [{"text": "."}]
    )
    questions = [turn.question(), turn.question()]
    path.unlink()
    path.parent.rmdir()
    field.link("slow", field.outside)
    for question in questions:
        field.daemon.choose(question, "allow_once")
    turn.result()
    assert [turn.ended(number)["status"] for number in (1, 2)] == ["failed", "failed"]


def test_a_folder_that_is_swapped_for_a_link_lets_nothing_land_outside(field: Battlefield) -> None:
    """A6. Files are written, edited, read and searched for meanwhile."""
    field.daemon.configure({"permissions": CHANGES_ALLOWED})
    field.put("swapped/secret.txt", "harmless\n")
    field.put("swapped/edited.txt", "harmless\n")
    (field.outside / "edited.txt").write_text("harmless\n")
    play(field.daemon, read("swapped/edited.txt"))
    done = 0
    with swapping(field.root / "swapped", field.outside):
        for number in range(12):
            calls = [write(f"swapped/new-{number}-{index}.txt") for index in range(8)]
            calls += [
                write(f"swapped/folder-{number}/new.txt"),
                edit("swapped/edited.txt", "harmless", f"harmless {number}"),
            ]
            calls += [read("swapped/secret.txt")] * 4
            played = play(field.daemon, *calls)
            assert played.questions == []
            done += played.statuses.count("completed")
            assert "SECRET" not in "".join(played.words)
    assert done > 0, "not one of them met the folder itself"
    assert (field.outside / "edited.txt").read_text() == "harmless\n"
    (field.outside / "edited.txt").unlink()
    assert not list(field.root.rglob(".chatls-*")), "nothing half-written stays"


def test_programs_in_a_folder_that_is_swapped_for_a_link_see_nothing_of_the_outside(field: Battlefield) -> None:
    """A6, one step on: whoever searches, lists and runs is another process, which looks at its paths for itself."""
    field.daemon.configure({"permissions": [{"tool": "run_command", "command": "cat", "action": "allow"}]})
    field.put("searched/secret.txt", "harmless\n")
    (field.outside / "other-4712.txt").write_text("SECRET of another folder\n")
    look = [call("search", pattern="SECRET.of|harmless", path="searched"), call("list_files", path="searched")]
    look += [
        call("search", pattern="SECRET.of|harmless", path="searched/secret.txt"),
        run("cat secret.txt", cwd="searched"),
    ]
    found = list[str]()
    with swapping(field.root / "searched", field.outside):
        for _ in range(12):
            found += play(field.daemon, *look * 3).words
        limit = time.monotonic() + 60
        while not any("harmless" in words for words in found) and time.monotonic() < limit:
            found += play(field.daemon, *look * 3).words
    told = "".join(found)
    assert "harmless" in told, "not one of them met the folder itself"
    assert "SECRET of" not in told
    assert "other-4712" not in told
    (field.outside / "other-4712.txt").unlink()


def test_a_hard_link_to_a_file_outside_leaves_that_as_it_was(field: Battlefield) -> None:
    """A7. Nobody can tell that it is one; so it can be read, and a change gives the workspace a file of its own."""
    other = field.folder / "elsewhere.txt"
    other.write_text("one\ntwo\n")
    field.root.joinpath("hard.txt").hardlink_to(other)
    played = play(field.daemon, edit("hard.txt", "two"), before=(read("hard.txt"),), answer="allow_once")
    assert played.statuses == ["completed", "completed"]
    assert field.root.joinpath("hard.txt").read_text() == "one\nevil\n"
    assert other.read_text() == "one\ntwo\n"
    assert other.stat().st_nlink == 1


DEVICES = [
    "/proc/self/environ",
    "/proc/self/fd/0",
    "/proc/self/root/etc/hostname",
    "/proc/self/cwd",
    "/proc/1/environ",
    "/dev/zero",
    "/dev/stdin",
    "/dev/fd/0",
    "/dev/tty",
    "/dev/shm/x",
    "/sys/kernel/x",
]


def test_devices_and_the_kernels_files_are_no_files(field: Battlefield) -> None:
    """A8. By their own names, by links, and as what a program may have put into the workspace."""
    links = [field.link(f"device-{number}", target).name for number, target in enumerate(DEVICES)]
    assert_refused(field, *DEVICES, *links)
    os.mkfifo(field.root / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        here = Path.cwd()
        os.chdir(field.root)  # the names of sockets are short
        try:
            listener.bind("socket")
        finally:
            os.chdir(here)
        assert_refused(field, "pipe", "socket")
    for name in (*links, "pipe", "socket"):
        field.root.joinpath(name).unlink()


def test_devices_are_none_either_where_the_workspace_is_the_whole_machine(start: Start) -> None:
    """A8, one step on: with `/` as the root all of them lie inside."""
    daemon = start()
    daemon.rules = ALLOW_ALL
    daemon.initialize({}, permission=True, roots=[Path("/")])
    inside = [name for name in DEVICES if "/root/" not in name and "/cwd" not in name]  # links to others
    for name in [*inside, "proc/self/environ", "dev/../proc/self/./environ", "file:///proc/self/environ"]:
        played = play(daemon, *every_tool(name)[:5])
        assert played.questions == []
        assert set(played.statuses) == {"failed"}, (name, played.statuses, played.words)
    assert daemon.leave() == 0
    daemon.check()


def test_windows_other_names_reach_nothing(field: Battlefield) -> None:
    """A8. Elsewhere they are names like others, of files that are not there; a secret's name stays one."""
    field.put(".env", "TOKEN=SECRET1\n")
    names = ["\\\\?\\C:\\x", "\\\\host\\share\\x", "C:\\x", ".env::$DATA", ".env. ", ".env.", "nul:", "a.txt:stream"]
    played = play(field.daemon, *(read(name) for name in names), *(write(name) for name in names[3:6]))
    assert set(played.statuses) == {"failed"}, played.words
    assert "SECRET1" not in "".join(played.words)
    assert played.questions == []


@pytest.mark.parametrize(
    "name",
    [
        ".GIT/config",
        ".Git/hooks/pre-commit",
        ".g\u200dit/config",
        ".git\u200b/config",
        ".git./config",
        ".git /config",
        ".git::$INDEX_ALLOCATION/config",
        "GIT~1/config",
        "\uff0egit/config",
        ".VSCODE/settings.json",
        ".v\u017fcode/tasks.json",
        "sub/.IDEA/x.xml",
        "Agents.MD",
        ".ENVRC",
        ".Github/Workflows/ci.yml",
    ],
)
def test_other_spellings_of_protected_names_are_protected(field: Battlefield, name: str) -> None:
    """A9. On file systems that take them for the same they are the same."""
    field.daemon.configure({"permissions": ALLOW_ALL})
    played = play(field.daemon, write(name))
    if played.questions:
        assert not lasting(played.questions[0])
        assert played.statuses == ["denied"]
    else:
        assert played.statuses == ["failed"], "secret names are not even asked for"
    assert not field.root.joinpath(name).exists()


@pytest.mark.parametrize(
    "name", [".Env", ".ENV.local", "ID_RSA", "x/.AWS/Credentials", "\uff0eenv", ".e\u200bnv", "Key.PEM"]
)
def test_other_spellings_of_secret_names_are_secret(field: Battlefield, name: str) -> None:
    """A9."""
    field.put(name, "TOKEN=SECRET2\n")
    played = play(field.daemon, read(name), edit(name, "TOKEN"), write(name), answer="allow_once")
    assert set(played.statuses) == {"failed"}
    assert played.questions == []
    assert "SECRET2" not in played.text
    assert field.root.joinpath(name).read_text() == "TOKEN=SECRET2\n"


def test_addresses_are_decoded_once_and_only_files_of_this_machine_are_files(field: Battlefield) -> None:
    """A10."""
    base = field.root.as_uri()
    outside = [
        f"{base}/../outside/secret.txt",
        f"{base}/%2e%2e/outside/secret.txt",
        f"{base}/..%2foutside%2fsecret.txt",
        f"{base}/%252e%252e/outside/secret.txt",
        f"FILE://localhost{field.outside}/secret.txt",
        f"file:{field.outside}/secret.txt",
        f"file://evil.example{field.root}/a.txt",
        f"file://evil.example@localhost{field.root}/a.txt",
        f"file:////evil.example/{field.root}/a.txt",
        "vscode-remote://ssh-remote+evil/a.txt",
        "http://127.0.0.1:9/a.txt",
        "untitled:Untitled-1/../../outside/secret.txt",
        "file:",
        "file://",
        f"{base}/a%00.txt",
        f"{base}/a%0a.txt",
    ]
    field.put("a.txt")
    field.daemon.configure({"permissions": ALLOW_ALL})
    for name in outside:
        played = play(
            field.daemon, read(name), call("search", pattern="SECRET", path=name), call("list_files", path=name)
        )
        assert set(played.statuses) == {"failed"}, (name, played.words)
    field.put("%61.txt", "the right one\n")
    assert "the right one" in play(field.daemon, read(f"{base}/%2561.txt")).words[0]


def test_names_that_no_file_can_have_are_clean_errors(field: Battlefield) -> None:
    """A11."""
    names = ["a\0b", "a\nb", "a\r\nb", "a\x1b[2Jb", "x" * 5000, "x/" * 3000, "x" * 256, " ", "a\u0085b"]
    field.daemon.configure({"permissions": ALLOW_ALL})
    before = tree(field.root)
    for name in names:
        played = play(field.daemon, *every_tool(name))
        assert set(played.statuses) == {"failed"}, (name, played.words)
        assert not any("bug" in words for words in played.words), played.words
        assert not any(letter in "".join(played.words) for letter in "\x1b\0\x85\r")
        assert max(map(len, played.words)) < 1000
    assert tree(field.root) == before


def test_links_in_a_circle_end(field: Battlefield) -> None:
    """A12. Each file is told once, under its own name."""
    field.put("circle/inner/needle.txt", "needle in the circle\n")
    field.link("circle/up", "..")
    field.link("circle/inner/self", ".")
    field.link("circle/inner/root", field.root)
    field.link("circle/ouro", "boros")
    field.link("circle/boros", "ouro")
    looks = [
        call("search", pattern="needle in the"),
        call("list_files", path="circle"),
        call("search", pattern="needle in", path="circle/up/circle"),
    ]
    played = play(
        field.daemon,
        *looks,
        call("list_files", glob="**/needle.txt"),
        read("circle/" + "up/circle/" * 30 + "inner/needle.txt"),
    )
    assert set(played.statuses) == {"completed"}
    for words in played.words:
        assert words.count("needle.txt") == 1, words
    assert_refused(field, "circle/ouro", "circle/boros/x")


PROTECTED = [
    ".git/hooks/pre-commit",
    ".git/HEAD",
    "sub/module/.git/HEAD",
    ".git",
    ".vscode/settings.json",
    ".vscode/tasks.json",
    ".vscode/mcp.json",
    ".mcp.json",
    ".husky/pre-commit",
    ".bashrc",
    "x.code-workspace",
    ".github/workflows/ci.yml",
    ".gitattributes",
    "sub/AGENTS.md",
    "CLAUDE.md",
    ".pre-commit-config.yaml",
]


@pytest.mark.parametrize("name", PROTECTED)
def test_files_that_decide_what_runs_are_asked_for_every_time(field: Battlefield, name: str) -> None:
    """A13. Whatever the rules say, and also by way of a link; no lasting answer is offered."""
    field.daemon.configure(
        {"permissions": [*ALLOW_ALL, {"tool": "write_file", "path": f"**/{Path(name).name}", "action": "allow"}]}
    )
    made = field.put(f"by-link/{name}") if not name.endswith(".git") else None
    calls = [write(name)]
    if made is not None:
        field.root.joinpath(f"innocent-{abs(hash(name))}.txt").symlink_to(made)
        calls = [write(name), edit(f"innocent-{abs(hash(name))}.txt", "two")]
    played = play(field.daemon, *calls, before=(read(f"by-link/{name}"),))
    assert len(played.questions) == len(calls)
    assert not any(lasting(question) for question in played.questions)
    assert played.statuses[1:] == ["denied"] * len(calls)
    assert not field.root.joinpath(name).exists()


def test_protected_files_are_asked_for_also_in_the_editor(field: Battlefield) -> None:
    """A13, by way of an open document."""
    field.daemon.configure({"permissions": ALLOW_ALL})
    (field.folder / "root").mkdir(exist_ok=True)
    editor = Editor(field.daemon)
    editor.path = field.root / ".vscode" / "launch.json"
    editor.uri = editor.path.as_uri()
    editor.open("one\ntwo\n")
    played = play(field.daemon, edit(".vscode/launch.json", "two"), before=(read(".vscode/launch.json"),))
    assert len(played.questions) == 1
    assert not lasting(played.questions[0])
    editor.close()


def test_the_daemons_own_files_are_protected_where_the_home_is_the_workspace(start: Start) -> None:
    """A13 and A33: a model that could write them would make its own rules."""
    daemon = start()
    home = daemon.folder / "home"
    daemon.rules = ALLOW_ALL
    daemon.initialize({}, permission=True, roots=[home])
    names = [
        ".config/chatls/config.toml",
        ".local/state/chatls/permissions.json",
        ".cache/chatls/output/x.txt",
        ".CONFIG/Chatls/config.toml",
        ".bashrc",
        ".ssh/authorized_keys",
        ".config/systemd/user/x.service",
        ".local/bin/git",
        ".config/git/config",
    ]
    played = play(daemon, *map(write, names))
    assert len(played.questions) == len(names), [question["title"] for question in played.questions]
    assert not any(map(lasting, played.questions))
    assert set(played.statuses) == {"denied"}
    assert daemon.leave() == 0
    daemon.check()
