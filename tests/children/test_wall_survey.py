"""What a sandbox finds in the roots, without looking at everything each time, and what it does behind a command."""

import os
import time
from pathlib import Path

import pytest

from chatls.children.wall import survey as surveys
from chatls.children.wall.lists import is_secret
from chatls.children.wall.names import NameGlobs
from chatls.children.wall.repositories import repository, without_credentials, without_programs
from chatls.children.wall.survey import Survey, Surveyed
from chatls.children.wall.traces import Memory, Traces
from tests.support.cases import for_each


def write(root: Path, *names: str, text: str = "x") -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def survey(root: Path, own: tuple[Path, ...] = ()) -> Survey:
    return Survey(root, is_secret, own)


def look(one: Survey, *, quick: bool = False) -> Surveyed:
    one.renew(quick=quick)
    return one.findings()


def names(root: Path, paths: tuple[Path, ...]) -> list[str]:
    return [path.relative_to(root).as_posix() for path in paths]


# Surveys


def test_secrets_and_protected_files_are_found_wherever_they_lie(tmp_path: Path) -> None:
    write(tmp_path, ".env", "a/b/SERVER.KEY", "a/.aws/credentials", "a/id_rsa.pub", "src/env.py", "x/.env.example")
    write(tmp_path, ".vscode/tasks.json", "deep/AGENTS.md", "d/.github/workflows/ci.yml", "d/.github/notes.md")
    found = look(survey(tmp_path))
    assert names(tmp_path, found.secrets) == [".env", "a/.aws/credentials", "a/b/SERVER.KEY"]
    assert names(tmp_path, found.protected) == [".vscode", "d/.github/workflows", "deep/AGENTS.md"]


def test_secrets_are_found_in_what_is_protected_and_in_installed_packages_too(tmp_path: Path) -> None:
    write(tmp_path, ".vscode/.env", "node_modules/x/.env", "node_modules/x/AGENTS.md", "node_modules/x/.vscode/y")
    found = look(survey(tmp_path))
    assert names(tmp_path, found.secrets) == [".vscode/.env", "node_modules/x/.env"]
    assert names(tmp_path, found.protected) == [".vscode"]


def test_certificates_without_a_key_are_no_secrets(tmp_path: Path) -> None:
    write(tmp_path, "a/cacert.pem", text="-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n")
    write(tmp_path, "a/both.pem", text="-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n")
    write(tmp_path, "a/key.pem", text="-----BEGIN RSA PRIVATE KEY-----\n")
    assert names(tmp_path, look(survey(tmp_path)).secrets) == ["a/both.pem", "a/key.pem"]


def test_links_are_named_and_not_followed(tmp_path: Path) -> None:
    write(tmp_path, "root/real.txt", "other/.env", "other/AGENTS.md")
    root = tmp_path / "root"
    (root / ".env").symlink_to("real.txt")
    (root / "CLAUDE.md").symlink_to("real.txt")
    (root / "out").symlink_to(tmp_path / "other")
    found = look(survey(root))
    assert names(root, found.secrets) == [".env"]
    assert names(root, found.protected) == ["CLAUDE.md"]


def test_a_crowd_of_secrets_hides_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surveys, "MOST_IN_A_FOLDER", 5)
    write(tmp_path, *(f"keys/{number}.key" for number in range(6)), "few/1.key")
    found = look(survey(tmp_path))
    assert names(tmp_path, found.secret_folders) == ["keys"]
    assert names(tmp_path, found.secrets) == ["few/1.key"]


def settle(root: Path) -> None:
    """Let the clock of the file system be past what was written."""
    newest = max(os.lstat(path).st_ctime_ns for path in (root, *root.rglob("*")))
    while time.time_ns() < newest + 2 * surveys.COARSE:
        root.stat()


def test_what_came_and_went_is_found_without_looking_into_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "a/b/c.txt", "d/e.txt", "f/.env")
    settle(tmp_path)
    one = survey(tmp_path)
    look(one)
    looked = list[str]()
    scan = os.scandir

    def counted(place: str) -> object:
        looked.append(Path(place).name)
        return scan(place)

    monkeypatch.setattr(os, "scandir", counted)
    assert names(tmp_path, look(one).secrets) == ["f/.env"]
    assert looked == []
    write(tmp_path, "a/b/.env")
    (tmp_path / "f/.env").rename(tmp_path / "f/plain.txt")
    assert names(tmp_path, look(one).secrets) == ["a/b/.env"]
    assert sorted(looked) == ["b", "f"]


def test_folders_that_moved_are_found_where_they_are(tmp_path: Path) -> None:
    write(tmp_path, "a/b/.env", "x/y.txt")
    one = survey(tmp_path)
    look(one)
    (tmp_path / "a").rename(tmp_path / "x/a")
    write(tmp_path, "a/b/plain.txt")
    assert names(tmp_path, look(one).secrets) == ["x/a/b/.env"]
    (tmp_path / "x/a/b/.env").unlink()
    assert look(one).secrets == ()


def test_a_clock_that_is_set_back_hides_nothing(tmp_path: Path) -> None:
    write(tmp_path, "a/b.txt")
    settle(tmp_path)
    one = survey(tmp_path)
    look(one)
    write(tmp_path, "a/.env")
    os.utime(tmp_path / "a", (0, 0))
    assert names(tmp_path, look(one).secrets) == ["a/.env"]


def test_the_daemons_own_folders_are_protected_where_a_root_holds_them(tmp_path: Path) -> None:
    write(tmp_path, "config/chatls/config.toml", "config/other/x")
    assert names(tmp_path, look(survey(tmp_path, (tmp_path / "config/chatls",))).protected) == ["config/chatls"]


@for_each("glob", ["*.pem", ".env*", "id_rsa*", "secrets.json", "*key*.json", "[ab]c", "Jenkinsfile", "*"])
def test_quick_names_never_say_no_to_a_match(glob: str) -> None:
    samples = {"*.pem": "A.PEM", ".env*": ".ENV.x", "id_rsa*": "id_rsa", "secrets.json": "Secrets.JSON. "}
    samples |= {"*key*.json": "my-key-1.json", "[ab]c": "bc", "Jenkinsfile": "jenkinsfile", "*": "x"}
    assert NameGlobs((glob, "zzz")).may_match(samples[glob])
    assert glob == "*" or not NameGlobs((glob,)).may_match("other.txt")


# Repositories


def test_a_linked_worktree_leads_to_its_repository_only_if_that_one_knows_it(tmp_path: Path) -> None:
    main, linked, thief = tmp_path / "main/.git", tmp_path / "linked", tmp_path / "thief"
    write(tmp_path, "main/.git/HEAD", "main/.git/config", "main/.git/hooks/x", "main/.git/worktrees/linked/HEAD")
    own = main / "worktrees/linked"
    write(own, "commondir", text="../..\n")
    write(own, "gitdir", text=f"{linked}/.git\n")
    for place in (linked, thief):
        write(place, ".git", text=f"gitdir: {own}\n")
    found = repository(linked / ".git")
    assert found
    assert found.folders == (main,)
    assert {main / "config", main / "hooks", own / "commondir", own / "gitdir"} <= set(found.settled)
    assert repository(thief / ".git") is None
    write(thief, ".git", text="gitdir: /etc\n")
    assert repository(thief / ".git") is None


def test_hooks_elsewhere_are_found_by_the_settings(tmp_path: Path) -> None:
    write(tmp_path, ".git/HEAD")
    write(tmp_path, ".git/config", text='[core]\n\tbare = false\n\thooksPath = "tools/hooks"\n')
    found = repository(tmp_path / ".git")
    assert found
    assert found.hooks == (tmp_path / "tools/hooks",)
    other = repository(tmp_path / ".git", ("hooks", "~/hooks"))
    assert other
    assert other.hooks == (tmp_path / "hooks", tmp_path / "tools/hooks")


@for_each(
    ("config", "clean"),
    [
        ("[a]\n\turl = https://host/x\n", None),
        ("[a]\n\turl = https://me:secret@host/x\n\tfetch = y\n", "[a]\n\turl = https://host/x\n\tfetch = y\n"),
        ("[a]\n\turl = git@host:x\n", None),
        ('[http "x"]\n\textraheader = AUTHORIZATION: basic z\n\tproxy = p\n', '[http "x"]\n\tproxy = p\n'),
    ],
)
def test_settings_are_shown_without_credentials(config: str, clean: str | None) -> None:
    assert without_credentials(config) == clean


def test_a_rebase_that_was_left_runs_no_programs() -> None:
    assert without_programs("pick 1 a\nexec evil\nx evil\npick 2 exec\n") == "pick 1 a\npick 2 exec\n"
    assert without_programs("pick 1 a\n# exec no\n") is None


# Behind a command


def traced(root: Path, one: Survey, private: Path, loose: tuple[Path, ...] = ()) -> "tuple[Traces, Path]":
    settle(root)
    found = look(one)
    repositories = tuple(each for git in found.repositories if (each := repository(git)))
    return Traces((found,), repositories, loose, Memory()), private


def test_what_was_made_under_a_protected_name_is_moved_away_and_kept(tmp_path: Path) -> None:
    root, private = tmp_path / "root", tmp_path / "private"
    write(root, ".vscode/mine.json", "AGENTS.md", "a/x.txt", ".git/HEAD", ".git/objects/x")
    one = survey(root)
    traces, _ = traced(root, one, private)
    write(root, ".idea/workspace.xml", "a/CLAUDE.md", "new/.github/workflows/ci.yml")
    write(root, ".git/commondir", ".git/hooks/pre-push", ".git/modules/new/config", ".git/modules/new/objects/x")
    (root / "a/x.txt").rename(root / "a/.envrc")
    after = traces.set_right((look(one, quick=True),), (root,), private)
    assert names(root, after.taken) == [
        *(".git/commondir", ".git/hooks", ".git/modules/new/config"),
        *(".idea", "a/.envrc", "a/CLAUDE.md", "new/.github/workflows"),
    ]
    assert (root / ".vscode/mine.json").exists()
    assert (root / "AGENTS.md").exists()
    assert after.folder
    assert (after.folder / ".idea/workspace.xml").read_text() == "x"
    assert sorted(path.name for path in after.folder.iterdir()) == [
        ".envrc", ".idea", "CLAUDE.md", "commondir", "config", "hooks", "workflows",
    ]  # fmt: skip
    assert "taken away" in after.words[0]


def test_what_was_there_before_stays_though_no_survey_knew_it(tmp_path: Path) -> None:
    root, private = tmp_path / "root", tmp_path / "private"
    write(root, "a.txt")
    one = survey(root)
    known = look(one)
    write(root, "AGENTS.md")
    settle(root)
    traces = Traces((known,), (), (), Memory())
    write(root, "b.txt")
    assert traces.set_right((look(one),), (root,), private).taken == ()
    assert (root / "AGENTS.md").exists()


def test_a_protected_link_and_a_file_that_was_not_mounted_are_put_back(tmp_path: Path) -> None:
    root, private = tmp_path / "root", tmp_path / "private"
    write(root, "docs/agents.txt", "deep/AGENTS.md", text="mine\n")
    (root / "CLAUDE.md").symlink_to("docs/agents.txt")
    one = survey(root)
    traces, _ = traced(root, one, private, (root / "deep/AGENTS.md",))
    (root / "CLAUDE.md").unlink()
    write(root, "CLAUDE.md", "deep/AGENTS.md", text="evil\n")
    after = traces.set_right((look(one),), (root,), private)
    assert names(root, after.restored) == ["CLAUDE.md", "deep/AGENTS.md"]
    assert (root / "CLAUDE.md").readlink() == Path("docs/agents.txt")
    assert (root / "deep/AGENTS.md").read_text() == "mine\n"


def test_a_rebase_that_a_command_left_has_no_programs_in_it(tmp_path: Path) -> None:
    root, private = tmp_path / "root", tmp_path / "private"
    write(root, ".git/HEAD", ".git/objects/x")
    one = survey(root)
    traces, _ = traced(root, one, private)
    write(root, ".git/rebase-merge/git-rebase-todo", text="pick 1\nexec evil\n")
    after = traces.set_right((look(one),), (root,), private)
    assert names(root, after.restored) == [".git/rebase-merge/git-rebase-todo"]
    assert (root / ".git/rebase-merge/git-rebase-todo").read_text() == "pick 1\n"
