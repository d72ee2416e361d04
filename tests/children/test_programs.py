"""Which file a word means: the project's programs beside those of the system, and where one is on no path."""

import subprocess
from pathlib import Path

import pytest

from chatls.children.programs import Programs, elsewhere, find_program, program_file, programs_for, shell_of
from chatls.errors import ToolError
from tests.support.cases import for_each


def program(folder: Path, name: str, mode: int = 0o755, says: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho {says or folder}\n")
    path.chmod(mode)
    return path


def searched(*folders: Path) -> Programs:
    return Programs((), folders)


class Place:
    """A root with a folder in it, and a folder of the system's programs."""

    def __init__(self, folder: Path) -> None:
        self.root, self.system, self.private = folder / "root", folder / "system", folder / "private"
        self.inner = self.root / "web" / "src"
        for place in (self.inner, self.system):
            place.mkdir(parents=True)
        self.environment = {"PATH": f"{self.system}:/usr/bin:/bin"}

    def programs(self, folder: Path | None = None) -> Programs:
        return programs_for(folder or self.root, [self.root], self.environment)

    def runs(self, name: str, folder: Path | None = None) -> str:
        """What a shell runs under this name."""
        programs = self.programs(folder)
        argv = (*shell_of(programs), name)
        environment = {"PATH": programs.path(self.private)}
        return subprocess.run(argv, env=environment, capture_output=True, text=True, check=False).stdout.strip()

    def means(self, name: str, folder: Path | None = None) -> Path | None:
        """What the gate is told, which must be what the shell runs."""
        found = program_file(name, folder or self.root, [self.root], self.environment)
        assert self.programs(folder).find(name) == found
        return found


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


# The project's own


def test_programs_of_the_project_are_found_where_nothing_else_has_their_name(place: Place) -> None:
    folders = (place.root / ".venv/bin", place.root / "node_modules/.bin", place.root / "web/node_modules/.bin")
    program(folders[0], "python")
    for number, folder in enumerate(folders):
        assert place.means(f"tool{number}", place.inner) is None
        path = program(folder, f"tool{number}")
        assert place.means(f"tool{number}", place.inner) == path
        assert place.runs(f"tool{number}", place.inner) == str(folder)
    assert place.means("tool2") is None, "that of an inner folder is not the root's"


@for_each("name", ["git", "cat", "ls", "npm", "cc", "g++", "[", "zzz"])
def test_a_planted_program_does_not_become_that_of_the_system(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    place = Place(tmp_path_factory.mktemp("place"))
    own = program(place.system, name)
    for folder in (".venv/bin", "node_modules/.bin", "venv/bin"):
        program(place.root / folder, name)
    program(place.root / ".venv/bin", "python")
    place.environment["PATH"] = f"{place.root}/node_modules/.bin:{place.environment['PATH']}"
    assert place.means(name) == own
    assert name == "[" or place.runs(name) == str(place.system)


@for_each("name", ["python", "python3", "python3.14t", "pip", "pip3", "node", "pytest", "ruff", "tsc", "eslint"])
def test_interpreters_and_tools_of_its_own_version_are_the_projects(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    place = Place(tmp_path_factory.mktemp("place"))
    program(place.system, name)
    for folder in ("node_modules/.bin", ".venv/bin"):
        own = program(place.root / folder, name)
        (place.root / folder.split("/")[0] / "pyvenv.cfg").write_text("")
        assert place.means(name) == own
        assert place.runs(name) == str(own.parent)


def test_of_several_environments_the_nearest_counts_and_then_that_of_the_editor(place: Place, tmp_path: Path) -> None:
    given = tmp_path / "given"
    program(given / "bin", "python")
    place.environment["VIRTUAL_ENV"] = str(given)
    assert (place.means("python"), place.programs().environment) == (given / "bin/python", given)
    program(place.root / "venv/bin", "python")
    assert place.means("python") == place.root / "venv/bin/python"
    program(place.root / "web/.venv/bin", "python")
    assert place.means("python", place.inner) == place.root / "web/.venv/bin/python"
    assert place.means("python") == place.root / "venv/bin/python"


def test_a_folder_that_is_no_environment_is_not_taken_for_one(place: Place) -> None:
    program(place.root / "venv/bin", "tool")
    (place.root / ".venv").write_text("")
    assert place.means("tool") is None
    (place.root / "venv/pyvenv.cfg").write_text("")
    assert place.means("tool") == place.root / "venv/bin/tool"


def test_entries_of_the_path_inside_the_roots_count_as_the_projects_also_behind_a_link(
    place: Place, tmp_path: Path
) -> None:
    tool, shadow = program(place.root / "bin", "tool"), program(place.root / "bin", "ls")
    (tmp_path / "link").symlink_to(place.root / "bin")
    for entry in (place.root / "bin", tmp_path / "link"):
        place.environment["PATH"] = f"{entry}:/usr/bin:/bin"
        assert place.means("tool") == entry / tool.name
        assert place.means("ls") != entry / shadow.name
        assert place.runs("tool") == str(place.root / "bin")


def test_links_to_what_is_shadowed_are_made_only_where_something_is(place: Place) -> None:
    program(place.root / "node_modules/.bin", "tool")
    assert place.programs().path(place.private) == f"{place.root}/node_modules/.bin:{place.environment['PATH']}"
    assert not place.private.exists()
    own = program(place.system, "make")
    program(place.root / "node_modules/.bin", "make")
    (front, *_) = place.programs().path(place.private).split(":")
    assert [(path.name, path.readlink()) for path in Path(front).iterdir()] == [("make", own)]
    assert place.programs().path(place.private).startswith(front)


def test_a_word_with_a_slash_is_a_file_of_the_folder(place: Place) -> None:
    tool = program(place.inner, "tool")
    for word in ("./tool", "../src/tool", str(tool)):
        assert place.means(word, place.inner) == tool if word[0] == "/" else True
        assert program_file(word, place.inner, [place.root], place.environment) == tool
    for word in ("./none", "", ".", "../src"):
        assert program_file(word, place.inner, [place.root], place.environment) is None


# The shell


def test_lines_go_to_bash_where_there_is_one_outside_the_roots(place: Place) -> None:
    place.environment["PATH"] = f"{place.root}:{place.system}"
    program(place.root, "bash")
    assert shell_of(place.programs()) == ("/bin/sh", "-c")
    bash = program(place.system, "bash")
    assert shell_of(place.programs()) == (str(bash), "--noprofile", "--norc", "-c")


# Found, missing, elsewhere


def test_a_program_is_found_on_the_path_and_never_in_the_folder_by_its_bare_name(tmp_path: Path) -> None:
    program(tmp_path / "ws", "git")
    there = program(tmp_path / "bin", "git")
    for path in (f"{tmp_path}/bin", f":{tmp_path}/bin", f".:{tmp_path}/bin"):
        programs = programs_for(tmp_path / "ws", [tmp_path / "ws"], {"PATH": path})
        assert find_program("git", tmp_path / "ws", programs) == there
    with pytest.raises(ToolError, match="command not found"):
        find_program("git", tmp_path / "ws", programs_for(tmp_path / "ws", [], {"PATH": ".:"}))


def test_a_program_named_by_its_path_is_the_folders_own(tmp_path: Path) -> None:
    own = program(tmp_path / "ws", "build")
    assert find_program("./build", tmp_path / "ws", searched()) == own
    assert find_program(str(own), tmp_path, searched()) == own
    with pytest.raises(ToolError, match="there is no"):
        find_program("./other", tmp_path / "ws", searched())
    program(tmp_path / "ws", "plain", mode=0o644)
    for name in ("./plain", "../ws"):
        with pytest.raises(ToolError, match="not an executable file"):
            find_program(name, tmp_path / "ws", searched())


def test_a_missing_program_is_told_with_what_comes_near(tmp_path: Path) -> None:
    program(tmp_path / "bin", "pytest")
    programs = searched(tmp_path / "bin", Path("/no/such/folder"))
    with pytest.raises(ToolError, match='command not found: "pytets"; did you mean "pytest"'):
        find_program("pytets", tmp_path, programs)
    with pytest.raises(ToolError, match="not installed"):
        find_program("zzzzzz", tmp_path, programs)
    with pytest.raises(ToolError, match="each argument as its own item"):
        find_program("git status", tmp_path, programs)


def test_what_no_path_leads_to_is_looked_for_in_usual_places(place: Place, tmp_path: Path) -> None:
    home = tmp_path / "home"
    places = [
        program(place.root / "bin", "one"),
        program(place.root / "web/.venv/bin", "two"),
        program(place.root / "web/scripts", "three"),
        program(home / ".cargo/bin", "four"),
        program(place.root, "five"),
    ]
    for path in places:
        assert elsewhere(path.name, place.root, [place.root], home) == [path]
    assert elsewhere("six", place.root, [place.root, tmp_path / "gone"], home) == []
    places[0].chmod(0o644)
    assert elsewhere("one", place.root, [place.root], home) == []
