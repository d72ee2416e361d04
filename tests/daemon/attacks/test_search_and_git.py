"""Attacks by what is searched for and by what a repository configures, through the whole daemon.

A23: patterns, paths and globs that look like options.  A24: ripgrep's own configuration file.  A25: a repository whose
.git/config names programs for everything git does.  A26: expressions that take for ever.
"""

import os
import subprocess
from pathlib import Path

import pytest

from tests.daemon.attacks.attacker import ALLOW_ALL, Battlefield, call, edit, lasting, play, program, read, run, write
from tests.daemon.conftest import Start
from tests.daemon.raw import Json


def search(pattern: str, **more: object) -> Json:
    return call("search", pattern=pattern, **more)


OPTIONS = [
    "--pre=./mark",
    "--pre",
    "-f/etc/passwd",
    "-f",
    "--file=/etc/passwd",
    "--hostname-bin=./mark",
    "--ignore-file=../outside/secret.txt",
    "--follow",
    "--no-ignore",
    "-uuu",
    "--",
    "-",
    "-e",
    "--help",
    "--search-zip",
    "@/etc/passwd",
]


def test_patterns_that_look_like_options_are_text(field: Battlefield) -> None:
    """A23. They find the lines that hold them, as themselves."""
    program(field.root / "mark", field.marker)
    field.put("options.txt", "\n".join(f"line {one} end" for one in OPTIONS))
    played = play(field.daemon, *(search(one, path="options.txt", literal=True) for one in OPTIONS))
    assert set(played.statuses) == {"completed"}
    for one, words in zip(OPTIONS, played.words, strict=True):
        assert f"line {one} end" in words, (one, words)
        assert "root:" not in words
    played = play(field.daemon, *(search(one) for one in OPTIONS))
    assert "root:" not in "".join(played.words)
    assert not any("Usage" in words or "USAGE" in words for words in played.words)


def test_paths_and_globs_that_look_like_options_are_names(field: Battlefield) -> None:
    """A23. A file of that name is found; without one, there is none."""
    program(field.root / "mark", field.marker)
    for name in ("-x", "--pre=mark", "--follow"):
        field.put(name, "needle in an odd name\n")
        look = [search("needle", path=name), call("list_files", path=name), read(name), search("needle", glob=name)]
        played = play(field.daemon, *look)
        assert set(played.statuses) == {"completed"}, played.words
        assert all(name in words for words in played.words)
        field.root.joinpath(name).unlink()
    for name in ("--pre=./mark", "-f/etc/passwd", "--no-ignore", "-", "--files"):
        played = play(field.daemon, search("root", path=name), call("list_files", path=name), read(name))
        assert set(played.statuses) == {"failed"}, played.words
        played = play(field.daemon, search("root", glob=name), call("list_files", glob=name))
        assert "root:" not in "".join(played.words)


def test_globs_do_not_lead_out_nor_to_secrets(field: Battlefield) -> None:
    """A23, one step on: a glob could also ask again for what is left out."""
    field.put(".env", "TOKEN=SECRET3\n")
    field.put("deep/.aws/credentials", "TOKEN=SECRET3\n")
    globs = [
        "../**",
        "/**",
        "**/../outside/*",
        ".env",
        "**/.env*",
        "{.env,x}",
        "[.]env",
        "!x",
        "**/credentials",
        ".*",
        "\\.env",
    ]
    played = play(
        field.daemon,
        *(search("SECRET", glob=glob) for glob in globs),
        *(search("SECRET", path="deep", glob=glob) for glob in globs),
    )
    played_inner = play(field.daemon, search("SECRET", path="deep/.aws"), search("SECRET", path="deep/.aws", glob="*"))
    assert "SECRET3" not in "".join((*played.words, *played_inner.words))


def test_ripgreps_own_configuration_is_not_read(start: Start, tmp_path: Path) -> None:
    """A24. Neither the user's, nor one in the workspace, nor one in the home."""
    marker = tmp_path / "marker"
    root = tmp_path / "ws"
    script = program(root / "mark", marker)
    (root / "a.txt").write_text("needle\n")
    flags = f"--pre={script}\n--hostname-bin={script}\n--invert-match\n--follow\n"
    (root / "ripgreprc").write_text(flags)
    (root / ".ripgreprc").write_text(flags)
    daemon = start(variables={"RIPGREP_CONFIG_PATH": str(root / "ripgreprc")})
    (tmp_path / "home/.ripgreprc").write_text(flags)
    daemon.initialize({}, permission=True, roots=[root])
    played = play(daemon, search("needle"), call("list_files"), search("needle", path="a.txt"))
    assert played.words[2].endswith("a.txt:1: needle")
    played = play(daemon, run("printenv RIPGREP_CONFIG_PATH || echo none"), answer="allow_once")
    assert played.words[0].endswith("none")
    assert daemon.leave() == 0
    daemon.check()
    assert not marker.exists(), marker.read_text()


def hostile_config(script: Path, *, filters: bool = True) -> str:
    """A program for each thing that git lets be configured."""
    keys = {
        "core": ["fsmonitor", "pager", "editor", "sshCommand", "askPass", "gitProxy", "alternateRefsCommand"],
        "diff": ["external"],
        'diff "evil"': ["textconv", "command"],
        'merge "evil"': ["driver"],
        "gpg": ["program"],
        "credential": ["helper"],
        "pager": ["status", "diff", "log"],
        "sequence": ["editor"],
        "uploadpack": ["packObjectsHook"],
        "alias": ["status", "ls-files"],
        **({'filter "evil"': ["clean", "smudge"]} if filters else {}),
    }
    lines = [f"[{section}]\n" + "".join(f"\t{key} = {script}\n" for key in names) for section, names in keys.items()]
    folder = f"[core]\n\thooksPath = {script.parent}/hooks\n[include]\n\tpath = {script.parent}/more\n"
    return "".join(lines) + folder + "[format]\n\tpretty = %GG\n[stash]\n\tshowPatch = true\n"


def git(*words: str | Path) -> None:
    subprocess.run(["git", "-c", "init.defaultBranch=main", *words], check=True, capture_output=True)


def hostile_repository(root: Path, marker: Path, *, filters: bool = True) -> None:
    """With a file that was changed, one that was only touched, a signed commit, and what it names for all of them."""
    git("init", root)
    script = program(root / ".evil/mark", marker)
    (root / ".gitattributes").write_text("* diff=evil filter=evil merge=evil\n")
    (root / ".gitignore").write_text("ignored/\n.evil\n")
    for name in ("a.txt", "b.txt"):
        (root / name).write_text("needle\n")
    me = ("-C", root, "-c", "user.name=x", "-c", "user.email=x@example.org")
    git(*me, "add", "-A")
    git(*me, "commit", "-qm", "first")
    sign(root)
    (root / "a.txt").write_text("needle\nand more\n")
    os.utime(root / "b.txt", (1, 1))
    for hook in ("pre-commit", "post-checkout", "post-index-change", "fsmonitor-watchman", "reference-transaction"):
        program(root / ".git/hooks" / hook, marker)
        program(root / ".evil/hooks" / hook, marker)
    with (root / ".git/config").open("a") as config:
        config.write(hostile_config(script, filters=filters))


def sign(root: Path) -> None:
    """Put something like a signature on the last commit."""
    old = subprocess.run(["git", "cat-file", "commit", "HEAD"], cwd=root, check=True, capture_output=True).stdout
    signature = b"gpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----\n\n"
    words = ["git", "hash-object", "-t", "commit", "-w", "--stdin"]
    made = subprocess.run(
        words, input=old.replace(b"\n\n", b"\n" + signature, 1), cwd=root, check=True, capture_output=True
    )
    git("-C", root, "update-ref", "HEAD", made.stdout.decode().strip())


TRAPPED = [
    *("git status", "git diff", "git log -p", "git log --format=%h", "git show", "git blame b.txt", "git ls-files -m"),
    *("git describe --always --dirty", "git grep -n needle", "git log -1 --format=medium", "git stash list"),
]


def test_no_builtin_tool_runs_what_a_repository_names(start: Start, tmp_path: Path) -> None:
    """A25. Whatever only reads, edits, questions about commands and files, attachments, the start in it."""
    root, marker = tmp_path / "ws", tmp_path / "marker"
    hostile_repository(root, marker)
    subprocess.run(["git", "status"], cwd=root, capture_output=True, check=False)
    assert marker.exists(), "the trap would catch git itself"
    marker.unlink()
    daemon = start()
    daemon.initialize({"permissions": [{"tool": "write_file", "action": "allow"}]}, permission=True, roots=[root])
    looks = [read("a.txt"), read(".git/HEAD"), call("list_files"), call("list_files", path=".git"), search("needle")]
    looks += [
        search("needle", path=".git"),
        call("list_files", glob="**/.git/**"),
        search(".", glob="*.txt", context=2),
    ]
    attached = [{"type": "resource_link", "uri": (root / "a.txt").as_uri()}, {"type": "text", "text": "hello"}]
    played = play(daemon, *looks, content=attached)
    assert set(played.statuses) == {"completed"}, played.words
    changes = [edit("a.txt", "needle", "pin"), write("new.txt"), write(".git/hooks/x")]
    played = play(daemon, *changes, *map(run, TRAPPED), before=(read("a.txt"),), answer="reject_once")
    asked = [one["arguments"]["command"] for one in played.questions if "command" in one["arguments"]]
    assert {"git status", "git diff", "git blame b.txt", "git ls-files -m"} <= set(asked), "filters have no one name"
    assert not any(lasting(one) for one in played.questions if "command" in one["arguments"])
    daemon.call("chat/tools")
    daemon.call("chat/permissions", {})
    assert daemon.leave() == 0
    daemon.check()
    assert not marker.exists(), marker.read_text()


def test_git_that_only_reads_runs_unasked_and_nothing_that_the_repository_names(start: Start, tmp_path: Path) -> None:
    """A25, where no filter is named: hooks, signatures, conversions to text, monitors, pagers."""
    root, marker = tmp_path / "ws", tmp_path / "marker"
    hostile_repository(root, marker, filters=False)
    for words in (["git", "diff"], ["git", "log", "-1"], ["git", "blame", "b.txt"], ["git", "status"]):
        os.utime(root / "b.txt", (2, 2))
        subprocess.run(words, cwd=root, capture_output=True, check=False)
        assert marker.exists(), f"the trap would catch {words}"
        marker.unlink()
    os.utime(root / "b.txt", (3, 3))
    daemon = start()
    daemon.initialize({}, permission=True, roots=[root])
    played = play(daemon, *map(run, TRAPPED), *(run(line.split(" ")) for line in TRAPPED))
    assert played.questions == []
    assert set(played.statuses) == {"completed"}
    assert "needle" in played.words[1]
    assert daemon.leave() == 0
    daemon.check()
    assert not marker.exists(), marker.read_text()


def test_a_repository_hidden_in_a_folder_does_not_make_git_run_programs(start: Start, tmp_path: Path) -> None:
    """A25, one step on: a folder of the project that looks like the inside of a .git folder comes with every clone, and
    git, allowed once for all, would obey its configuration as soon as it is run in there."""
    root, marker = tmp_path / "ws", tmp_path / "marker"
    git("init", root)
    evil = root / "docs/evil"
    git("init", "--bare", evil)
    script = program(tmp_path / "mark", marker)
    (evil / "config").write_text(
        f"[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = {root}\n{hostile_config(script)}"
    )
    subprocess.run(["git", "status"], cwd=evil, capture_output=True, check=False)
    assert marker.exists(), "the trap would catch git itself"
    marker.unlink()
    daemon = start()
    daemon.initialize(
        {"permissions": [{"tool": "run_command", "command": "git", "action": "allow"}]}, permission=True, roots=[root]
    )
    played = play(
        daemon,
        run("git status", cwd="docs/evil"),
        run("git diff", cwd="docs/evil"),
        run(["git", "log"], cwd="docs/evil"),
    )
    assert [one["arguments"]["command"] for one in played.questions] == ["git diff"], "it cannot say what it would show"
    assert not marker.exists(), marker.read_text()
    assert "On branch" in play(daemon, run("git status", cwd="docs")).words[0]
    assert daemon.leave() == 0


def test_the_inside_of_a_repository_is_not_made_without_a_question(field: Battlefield) -> None:
    """A25 and A13: nor can a model that may write files make such a folder."""
    field.daemon.configure({"permissions": ALLOW_ALL})
    played = play(field.daemon, write("docs/evil/HEAD", "ref: refs/heads/main\n"))
    assert len(played.questions) == 1
    assert not lasting(played.questions[0])


PATIENCE = [
    "(a+)+$",
    "(a|aa)+$",
    "(.*a){25}$",
    "(a*)*b",
    "(?i)" + "(a?)" * 40 + "a" * 40,
    "\\p{L}{500}$",
    "(x+x+)+y",
]
HUGE = ["((a{1000}){1000}){1000}", "(?:a{500}){500}{500}", "\\pL{100000}", "(" * 5000 + ")" * 5000, "[[" * 3000]


@pytest.mark.parametrize("literal", [False, True])
def test_expressions_that_take_for_ever_do_not(field: Battlefield, literal: bool) -> None:
    """A26. Over a line that most engines never come to the end of; on the disk and unsaved in the editor."""
    line = "a" * 200_000 + "!\n"
    path = field.put("long.txt", line)
    document = {"uri": path.with_name("unsaved.txt").as_uri(), "languageId": "x", "version": 1, "text": line}
    field.daemon.notify("textDocument/didOpen", {"textDocument": document})
    field.daemon.configure({"limits": {"toolTimeout": 20}})
    played = play(field.daemon, *(search(one, literal=literal) for one in (*PATIENCE, *HUGE)))
    assert "timed_out" not in played.statuses
    assert not any("bug" in words for words in played.words)
    field.daemon.notify("textDocument/didClose", {"textDocument": {"uri": document["uri"]}})
    path.unlink()


def test_globs_that_take_for_ever_do_not(field: Battlefield) -> None:
    """A26, one step on: globs are matched in the daemon itself, where they would stop all; rules have them, too."""
    name = "a" * 240
    field.put(name)
    field.put("/".join(["a"] * 60) + "/b.txt")
    globs = ["*a" * 120 + "b", "**/a/" * 50 + "b", "{a,b}" * 6, "[" * 200, "?" * 250 + "*" * 40, "{" * 250, "*" * 299]
    field.daemon.configure({"limits": {"toolTimeout": 20}})
    played = play(
        field.daemon, *(call("list_files", glob=glob) for glob in globs), *(search("one", glob=glob) for glob in globs)
    )
    assert "timed_out" not in played.statuses
    rules = [{"tool": "write_file", "path": glob, "action": action} for glob in globs for action in ("ask", "allow")]
    field.daemon.configure({"permissions": rules, "limits": {"toolTimeout": 20}})
    assert len(play(field.daemon, write(f"new-{name[:200]}")).statuses) == 1
    assert "timed_out" not in play(field.daemon, read(name)).statuses


def test_texts_that_take_for_ever_to_compare_do_not(field: Battlefield) -> None:
    """A26, another step: near names and near texts are looked for, where what was meant is not there."""
    for number in range(300):
        field.put(f"near/{'ab' * 60}{number}")
    field.put("like.txt", "".join(f"{'xy' * 200}{number % 7}\n" for number in range(3000)))
    field.daemon.configure({"permissions": ALLOW_ALL, "limits": {"toolTimeout": 20}})
    near = [edit("like.txt", f"{'xy' * 200}8\n" * 50), edit("like.txt", "xy" * 50_000), read(f"near/{'ba' * 60}")]
    played = play(field.daemon, *near, before=(read("like.txt"),))
    assert played.statuses[1:] == ["failed"] * 3, played.words
    assert (field.root / "like.txt").stat().st_size > 1_000_000
