"""What the sandbox is made of, without a sandbox: a value, and the arguments of the systems."""

from pathlib import Path

import pytest

from chatls.children.wall import bubblewrap, seatbelt
from chatls.children.wall.scene import Scene, Shown, Sort, ordered, within
from chatls.children.wall.told import caused
from tests.support.cases import for_each

HOME, ROOT = Path("/home/me"), Path("/home/me/app")


def scene(*spots: Shown, network: bool = False) -> Scene:
    base = (Shown(Path("/usr"), Sort.READABLE), Shown(HOME, Sort.EMPTY), Shown(ROOT, Sort.WRITABLE))
    return Scene(ROOT, (*base, *spots), (("usr/bin", "/bin"),), network)


def fixed(name: str, *, folder: bool = False) -> Shown:
    return Shown(ROOT / name, Sort.FIXED, folder)


def hidden(name: str) -> Shown:
    return Shown(ROOT / name, Sort.HIDDEN, folder=False)


def arguments(made: Scene, *, closed: bool = True) -> list[str]:
    return list(bubblewrap.arguments("/usr/bin/bwrap", made, ("/bin/sh", "-c", "x"), closed=closed))


def places(made: Scene) -> list[tuple[str, str]]:
    return [(spot.sort.name, str(spot.path)) for spot in ordered(made)]


# The scene


def test_outer_places_are_made_before_inner_ones_whatever_their_order() -> None:
    made = scene(hidden("a/b/.env"), fixed("a/.vscode", folder=True))
    paths = [path for _, path in places(made)]
    assert paths == sorted(paths, key=lambda path: path.count("/"))
    assert paths.index(str(HOME)) < paths.index(str(ROOT)) < paths.index(f"{ROOT}/a/.vscode")


def test_each_folder_on_the_way_to_what_is_fixed_is_a_place_of_its_own() -> None:
    assert places(scene(fixed("a/b/c/AGENTS.md")))[-4:] == [
        ("WRITABLE", f"{ROOT}/a"),
        ("WRITABLE", f"{ROOT}/a/b"),
        ("WRITABLE", f"{ROOT}/a/b/c"),
        ("FIXED", f"{ROOT}/a/b/c/AGENTS.md"),
    ]


def test_what_is_fixed_in_a_repository_makes_a_way_from_there() -> None:
    git = Shown(ROOT / ".git", Sort.WRITABLE)
    names = [path for _, path in places(scene(git, fixed(".git/hooks", folder=True), fixed(".git/info/attributes")))]
    assert names[-4:] == [f"{ROOT}/.git", f"{ROOT}/.git/hooks", f"{ROOT}/.git/info", f"{ROOT}/.git/info/attributes"]


def test_of_two_words_about_a_place_the_stronger_one_counts() -> None:
    both = scene(fixed(".npmrc"), hidden(".npmrc"))
    assert [sort for sort, path in places(both) if path.endswith(".npmrc")] == ["HIDDEN"]


def test_what_lies_nowhere_is_not_made() -> None:
    outside = [Shown(Path("/home/me/.ssh/id"), Sort.HIDDEN, folder=False), Shown(Path("/srv/x"), Sort.FIXED)]
    assert not [path for _, path in places(scene(*outside)) if "/.ssh" in path or "/srv" in path]


def test_how_a_path_is_shown_is_told_by_the_nearest_place() -> None:
    made = scene(hidden(".env"), fixed(".vscode", folder=True))
    shown = {
        "/usr/bin/ls": Sort.READABLE,
        "/home/me/.ssh/id": Sort.EMPTY,
        f"{ROOT}/x": Sort.WRITABLE,
        f"{ROOT}/.env": Sort.HIDDEN,
        f"{ROOT}/.vscode/a": Sort.FIXED,
        "/srv": None,
    }
    assert {path: within(made, Path(path)) for path in shown} == shown


# bubblewrap


def test_everything_is_apart_and_the_command_stands_at_the_end() -> None:
    words = arguments(scene())
    assert words[0] == "/usr/bin/bwrap"
    assert {"--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--disable-userns"} <= set(words)
    assert words[-6:] == ["--chdir", str(ROOT), "--", "/bin/sh", "-c", "x"]
    assert "--unshare-net" not in arguments(scene(network=True))
    assert "--disable-userns" not in arguments(scene(), closed=False)


def test_nothing_lets_it_outlive_or_share_what_is_the_daemons() -> None:
    words = arguments(scene())
    assert not [
        word for word in words if word in ("--dev-bind", "--share-net", "--cap-add", "--new-session", "--setenv")
    ]
    assert words[words.index("--cap-drop") + 1] == "ALL"


@for_each(
    ("spot", "words"),
    [
        (Shown(ROOT / "a", Sort.READABLE), f"--ro-bind-try {ROOT}/a {ROOT}/a"),
        (Shown(ROOT / "a", Sort.WRITABLE), f"--bind {ROOT}/a {ROOT}/a"),
        (Shown(ROOT / "a", Sort.FIXED), f"--ro-bind-try {ROOT}/a {ROOT}/a"),
        (Shown(ROOT / "a", Sort.REPLACED, False, Path("/k/1")), f"--ro-bind /k/1 {ROOT}/a"),
        (Shown(ROOT / "a", Sort.EMPTY), f"--tmpfs {ROOT}/a"),
        (Shown(ROOT / "a", Sort.HIDDEN), f"--tmpfs {ROOT}/a --remount-ro {ROOT}/a"),
        (Shown(ROOT / "a", Sort.HIDDEN, False), f"--ro-bind /dev/null {ROOT}/a"),
    ],
)
def test_each_sort_of_place_has_its_words(spot: Shown, words: str) -> None:
    assert words in " ".join(arguments(scene(spot)))


def test_the_same_scene_gives_the_same_arguments() -> None:
    one, other = scene(hidden(".env"), fixed("b/x")), scene(fixed("b/x"), hidden(".env"))
    assert arguments(one) == arguments(other)


# macOS


def test_the_profile_allows_by_place_and_takes_back_inside() -> None:
    text = seatbelt.profile(scene(hidden(".env"), fixed(".vscode", folder=True)))
    assert text.startswith("(version 1)\n(deny default)\n")
    assert "(allow network*)" not in text
    allowed = text.index(f'(allow file-read* file-write* (subpath "{ROOT}"))')
    assert allowed < text.index(f'(deny file-read* file-write* (literal "{ROOT}/.env"))')
    assert allowed < text.index(f'(deny file-write* (subpath "{ROOT}/.vscode"))')
    assert text.index(f'(deny file-read* file-write* (subpath "{HOME}"))') < allowed
    assert f'(deny file-write-unlink (literal "{ROOT}"))' in text
    assert "(allow network*)" in seatbelt.profile(scene(network=True))


def test_brackets_of_the_profile_are_balanced_whatever_a_path_holds() -> None:
    text = seatbelt.profile(scene(hidden('a "b" (c) \\ d')))
    assert '(literal "/home/me/app/a \\"b\\" (c) \\\\ d")' in text
    argv = seatbelt.arguments("/usr/bin/sandbox-exec", scene(), ("ls", "-l"))
    assert (argv[0], argv[1], argv[-2:]) == ("/usr/bin/sandbox-exec", "-p", ("ls", "-l"))


# What is told


@for_each(
    ("line", "words"),
    [
        ("curl: (6) Could not resolve host: example.com", "no network"),
        ("psql: error: connection to server at 127.0.0.1 failed: Connection refused", "no network"),
        ("npm ERR! code EAI_AGAIN", "no network"),
        ("dial tcp: lookup proxy.golang.org: no such host", "no network"),
        ("error: could not lock config file .git/config: Read-only file system", "read-only"),
        ("OSError: [Errno 16] Device or resource busy: '.vscode'", "read-only"),
        ("[Errno 18] Invalid cross-device link", "read-only"),
        ("Error: EROFS: read-only file system, open '/usr/x'", "read-only"),
        ("cat: .env: Permission denied", "/home/me/app/.env is hidden"),
        ("PermissionError: [Errno 13] Permission denied: '/home/me/app/.env'", "/home/me/app/.env is hidden"),
        ("ls: cannot access '/home/me/.docker': No such file or directory", "/home/me/.docker is not shown"),
        ("open ~/.kube/config: no such file or directory", "/home/me/.kube/config is not shown"),
        ("chown: changing ownership of 'x': Operation not permitted", "rights may be missing"),
    ],
)
def test_a_trouble_of_the_sandbox_is_told_as_such(line: str, words: str) -> None:
    told = caused(f"first\n{line}\nlast", scene(hidden(".env")), HOME)
    assert any(words in item for item in told), told
    assert len(told) == 1


@for_each("line", ["", "3 passed", "cat: nothing.txt: No such file or directory", "FAILED tests/test_a.py::test_b"])
def test_what_is_the_programs_own_is_not(line: str) -> None:
    assert caused(line, scene(hidden(".env")), HOME) == []


@for_each(
    ("command", "told"),
    [
        ("curl -s http://127.0.0.1:8000/ | head -5", True),
        ("cd web && wget -q x", True),
        ("A=1 ssh host true", True),
        ("git push 2>&1 | tail -2", True),
        ("echo curl", False),
        ("curly x", False),
        ("git status", False),
        ("npm test", False),
    ],
)
def test_of_programs_that_are_silent_it_is_told_that_there_is_no_network(command: str, told: bool) -> None:
    assert bool(caused("", scene(), HOME, command)) is told
    assert caused("", scene(network=True), HOME, command) == []


def test_with_the_network_a_refused_connection_is_the_services() -> None:
    assert caused("Connection refused", scene(network=True), HOME) == []


@pytest.mark.parametrize("text", ["x" * 300_000, "a: " * 100_000, "/" * 200_000, "\n" * 200_000])
def test_an_odd_output_costs_no_time(text: str) -> None:
    caused(f"Permission denied {text}", scene(), HOME)
