"""The house: what may import what, how large things may be, and words that stand nowhere in the project.

docs/architecture.md says why. A module that stands in no row of `FLOORS` fails: decide where it belongs.
"""

import ast
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tokenize
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from chatls import __version__, errors

ROOT = Path(__file__).parent.parent
SERVER = ROOT / "server"
CLIENT = ROOT / "clients" / "python"

FLOORS: tuple[tuple[str, ...], ...] = (
    ("chatls",),
    ("errors", "content", "jsontext", "shapes", "visible", "signals", "values"),
    ("events", "message", "language", "providers.delta"),
    ("settings", "editor", "children", "workspace", "seen", "seen.logs"),
    ("providers", "tools"),
    ("models", "mcp"),
    ("agent",),
    ("store", "seen.telemetry"),
    ("core",),
    ("wire",),
    ("lsp", "acp"),
    ("lsp.main", "acp.main"),
    ("seen.commands",),
    ("__main__",),
)
"""From the ground up. A file imports from its own floor and from lower ones; a folder stands for all that is in it,
unless a file of it has a place of its own."""

MAKERS = {"chatls.lsp.main", "chatls.acp.main", "chatls.core", "chatls.wire.life"}
"""What there is one of is made here alone."""
VALUES_OF_MAKERS = {"CommandResult"}
"""Classes that they call and that are answers, no parts."""
WORDS_FOR_TWO = {"Words"}
"""Types that share a name: of a command's words there is no better one."""

MOST_IN_THE_ROOT = 28
MOST_IN_A_FOLDER = 30
LONGEST_FILE = 400
LONGEST_LOOP = 40
LONGEST_TURN = 110
IMPORTS_LATE = {
    "chatls.__main__",
    "chatls.agent.permission.gate",
    "chatls.core",
    "chatls.lsp.bare",
    "chatls.mcp",
    "chatls.providers",
    "chatls.providers.inline.doors",
    "chatls.store.pen",
    "chatls.tools.run_command",
}
"""May import inside functions: the command line loads what the command needs; adapters, SQLite, the sandbox, and what
judges calls and runs commands are loaded on first use."""

POSIX_FILES = {"chatls.wire.stdio", "chatls.children.process"}
PROGRAMS = {"chatls.providers.local.server"}
"""Programs of their own, started by their path: they import nothing of ours, and nothing of ours imports them."""
POSIX_CALLS = re.compile(
    r"""os\.(fork\w*|posix_spawn\w*|kill|killpg|setsid|setpgid|setpgrp|getpgid|getpgrp|getsid|setuid|setgid|getuid|geteuid
        |getgid|nice|wait\w*|W(?!_OK)\w+|pidfd_open|set_blocking|get_blocking|mkfifo|mknod|chown|chroot|openpty|ttyname|uname
        |login_tty|pipe2|sched_\w+|sysconf|statvfs|getloadavg|lockf|sendfile)
      | signal\.(SIGKILL|SIGHUP|SIGQUIT|SIGCHLD|SIGPIPE|SIGSTOP|SIGCONT|SIGTSTP|SIGUSR\d|SIGALRM|alarm|setitimer
        |pthread_\w+|pause|sigwait\w*|set_wakeup_fd|siginterrupt|add_signal_handler)
      | \w+\.(add_signal_handler|add_reader|add_writer|remove_reader|remove_writer)""",
    re.VERBOSE,
)
POSIX_MODULES = {"fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog", "posix", "select"}
POSIX_ARGUMENTS = {"start_new_session", "preexec_fn", "process_group", "pass_fds"}


class Import(NamedTuple):
    """One name that a module imports."""

    module: str
    line: int
    top_level: bool


@cache
def sources(folder: Path) -> dict[str, Path]:
    """All modules below a folder, by name."""
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = sources(SERVER)
CLIENT_MODULES = sources(CLIENT)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@cache
def imports(path: Path) -> tuple[Import, ...]:
    """All that a file imports, modules of ours by their full name."""
    functions = [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    late = {id(node) for function in functions for node in ast.walk(function)}
    found: list[Import] = []
    for node in ast.walk(tree(path)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in MODULES or name in CLIENT_MODULES else node.module or "" for name in whole]
        found += [Import(name, getattr(node, "lineno", 0), id(node) not in late) for name in dict.fromkeys(names)]
    return tuple(found)


def floor(module: str) -> int | None:
    """The floor that a module stands on, counted from the ground; None if it has no place."""
    name = module.removeprefix("chatls.")
    while name:
        for number, names in enumerate(FLOORS):
            if name in names:
                return number
        name = name.rpartition(".")[0]
    return None


def ours(module: str) -> list[Import]:
    return [item for item in imports(MODULES[module]) if item.module.split(".")[0] == "chatls"]


def inside(module: str, *folders: str) -> bool:
    return any(module == folder or module.startswith(f"{folder}.") for folder in folders)


# Floors


def test_every_module_has_a_place() -> None:
    assert [module for module in MODULES if floor(module) is None] == []


def test_every_place_has_a_module() -> None:
    names = [name if name == "chatls" else f"chatls.{name}" for names in FLOORS for name in names]
    assert [name for name in names if name not in MODULES] == []


def test_no_import_leads_upwards() -> None:
    upwards = [
        f"{module}:{item.line}: {item.module}"
        for module in MODULES
        for item in ours(module)
        if (floor(item.module) or 0) > (floor(module) or 0)
    ]
    assert upwards == []


def test_there_is_no_circle() -> None:
    graph = {module: {item.module for item in ours(module)} for module in MODULES}
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, f"a circle: {' -> '.join((*path[path.index(module) :], module))}"
        if module not in done:
            for lower in sorted(graph.get(module, ())):
                visit(lower, (*path, module))
            done.add(module)

    for module in graph:
        visit(module, ())


def test_a_library_is_known_in_one_place() -> None:
    places: dict[str, tuple[str, ...]] = {
        "pygls lsprotocol": ("chatls.lsp.bare.features",),
        "httpx": ("chatls.providers",),
        "opentelemetry": ("chatls.seen.telemetry.sdk", "chatls.seen.telemetry.spans"),
        "xllamacpp": ("chatls.providers",),
        "rich chatls_client": ("chatls.__main__",),
        "anthropic openai requests litellm httpcore aiohttp": (),
    }
    allowed = {library: place for libraries, place in places.items() for library in libraries.split()}
    strangers = [
        f"{module}:{item.line}: {item.module}"
        for module, path in MODULES.items()
        for item in imports(path)
        if (library := item.module.split(".")[0]) in allowed and not inside(module, *allowed[library])
    ]
    assert strangers == []


def test_the_agent_knows_no_wire_and_no_concrete_provider_or_tool() -> None:
    allowed = {
        "chatls.providers.delta",
        "chatls.providers.provider",
        "chatls.tools.tool",
        "chatls.tools.toolbox",
        "chatls.workspace.globs",
    }
    for module in MODULES:
        if inside(module, "chatls.agent"):
            concrete = [item for item in ours(module) if inside(item.module, "chatls.providers", "chatls.tools")]
            assert {item.module for item in concrete} <= allowed, module


def test_wings_do_not_know_each_other() -> None:
    """What is behind a door knows no face, even where the floors would let it."""
    faces = ("chatls.wire", "chatls.lsp", "chatls.acp")
    forbidden = {
        "chatls.tools": (*faces, "chatls.providers", "chatls.agent"),
        "chatls.providers": (*faces, "chatls.tools", "chatls.agent", "chatls.workspace.workspace", "chatls.editor"),
        "chatls.mcp": (*faces, "chatls.agent", "chatls.store", "chatls.models"),
        "chatls.models": (*faces, "chatls.tools", "chatls.agent"),
        "chatls.agent": (*faces, "chatls.store"),
        "chatls.store": (*faces, "chatls.providers", "chatls.models"),
        "chatls.seen.telemetry": (*faces, "chatls.store", "chatls.models"),
        "chatls.seen.logs": (*faces, "chatls.settings.config", "chatls.children"),
        "chatls.workspace": (*faces, "chatls.children"),
        "chatls.children": (*faces, "chatls.workspace.workspace"),
        "chatls.wire": ("chatls.lsp", "chatls.agent", "chatls.tools", "chatls.providers", "chatls.models"),
    }
    found = [
        f"{module}:{item.line}: {item.module}"
        for folder, others in forbidden.items()
        for module in MODULES
        if inside(module, folder)
        for item in ours(module)
        if inside(item.module, *others)
    ]
    assert found == []


def classes(module: str) -> list[ast.ClassDef]:
    return [node for node in ast.walk(tree(MODULES[module])) if isinstance(node, ast.ClassDef)]


def called(module: str) -> Iterator[tuple[str, int]]:
    """All names that a module calls, and where."""
    for node in ast.walk(tree(MODULES[module])):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            yield str(name), node.lineno


def test_what_there_is_one_of_is_made_in_core_and_app_alone() -> None:
    """What they wire they make themselves: of all classes that they call, nobody else makes one, but for values."""
    made = {name for maker in MAKERS for name, _ in called(maker)}
    wired = {item.name: module for module in MODULES for item in classes(module) if item.name in made}
    elsewhere = [
        f"{module}:{line}: {name}"
        for module in MODULES
        if module not in MAKERS
        for name, line in called(module)
        if name in wired and name not in VALUES_OF_MAKERS and module != wired[name]
    ]
    assert {"Chats", "Sessions", "Toolbox", "Models", "Outbox", "Rpc", "Permissions", "Grants"} <= set(wired)
    assert elsewhere == []


def test_the_python_client_knows_nothing_of_the_daemon() -> None:
    users = {
        module
        for module, path in CLIENT_MODULES.items()
        for item in imports(path)
        if item.module.split(".")[0] == "chatls"
    }
    assert users == set()


def test_values_are_made_by_our_own_dataclass() -> None:
    """The standard library's costs each start ten times as much (`values.py`)."""
    others = [
        module
        for module, path in MODULES.items()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom) and node.module == "dataclasses"
        if "dataclass" in [alias.name for alias in node.names]
    ]
    assert others == []


def test_imports_stand_at_the_top() -> None:
    late = [
        f"{module}:{item.line}: {item.module}"
        for module, path in MODULES.items()
        if module not in IMPORTS_LATE
        for item in imports(path)
        if not item.top_level
    ]
    assert late == []


def test_no_import_hides_a_circle() -> None:
    assert [module for module, path in MODULES.items() if "TYPE_CHECKING" in path.read_text("utf-8")] == []


def test_a_program_of_its_own_stands_alone() -> None:
    assert {module: ours(module) for module in PROGRAMS} == {module: [] for module in PROGRAMS}
    assert [name for name in MODULES for item in ours(name) if item.module in PROGRAMS] == []


def imported_with(*modules: str) -> set[str]:
    """All that these modules bring along, in a new interpreter."""
    child = subprocess.run(
        [sys.executable, "-c", f"import sys, {', '.join(modules)}\nprint(*sys.modules)"],
        env={**os.environ, "PYTHONPATH": str(SERVER)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(child.stdout.split())


def test_what_answers_initialize_imports_nothing_heavy() -> None:
    heavy = {"asyncio", "anyio", "httpx", "lsprotocol", "pydantic", "pygls", "rich", "ssl", "chatls.lsp.main"}
    assert not heavy & imported_with("chatls.__main__", "chatls.lsp.handshake", "chatls.wire.stdio")


# POSIX


def dotted(node: ast.AST) -> str:
    return ast.unparse(node) if isinstance(node, ast.Attribute) else ""


def posix(path: Path) -> Iterator[tuple[int, str]]:
    """What a file has that only POSIX has."""
    yield from ((item.line, item.module) for item in imports(path) if item.module in POSIX_MODULES)
    for node in ast.walk(tree(path)):
        if POSIX_CALLS.fullmatch(dotted(node)):
            yield getattr(node, "lineno", 0), dotted(node)
        if isinstance(node, ast.ImportFrom) and node.module in ("os", "signal"):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from ((node.lineno, name) for name in names if POSIX_CALLS.fullmatch(name))
        if isinstance(node, ast.keyword) and node.arg in POSIX_ARGUMENTS:
            yield node.value.lineno, node.arg


def test_posix_calls_stand_in_two_files_alone() -> None:
    others = {module: path for module, path in MODULES.items() if module not in POSIX_FILES | PROGRAMS}
    assert [f"{module}:{line}: {what}" for module, path in others.items() for line, what in posix(path)] == []


# Concurrency


def test_tasks_are_started_by_task_groups_alone() -> None:
    loose: list[str] = []
    for module, path in MODULES.items():
        nodes = list(ast.walk(tree(path)))
        names = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
        taken = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.module == "asyncio"]
        names |= {alias.name for node in taken for alias in node.names}
        found = names & {"create_task", "ensure_future", "gather", "run_coroutine_threadsafe"}
        found |= {dotted(node) for node in nodes} & {"asyncio.TaskGroup", "asyncio.shield", "asyncio.wait_for"}
        loose += [f"{module}: {name}" for name in sorted(found)]
    assert loose == []


# Sizes


def test_no_file_is_longer_than_can_be_read_at_a_sitting() -> None:
    lengths = {module: len(path.read_text("utf-8").splitlines()) for module, path in MODULES.items()}
    assert {module: length for module, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_folder_holds_more_than_can_be_seen_at_a_glance() -> None:
    files = [path.relative_to(ROOT) for path in project_files()]
    inhabited = [path for path in files if path.parts[0] in ("server", "clients")]
    counts = Counter(str(path.parent) for path in inhabited)
    assert {folder: count for folder, count in counts.items() if count > MOST_IN_A_FOLDER} == {}
    root = {path.parts[2] for path in inhabited if path.parts[:2] == ("server", "chatls")}
    assert len(root) <= MOST_IN_THE_ROOT, sorted(root)


def code_lines(path: Path) -> int:
    """Lines with code: neither blank, nor comment, nor docstring."""
    skipped = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    texts = {
        line
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline):
        if token.type not in skipped:
            lines |= set(range(token.start[0], token.end[0] + 1))
    return len(lines - texts)


def test_the_loop_stays_small() -> None:
    path = MODULES["chatls.agent.turn"]
    assert code_lines(path) <= LONGEST_TURN
    (turn,) = [node for node in tree(path).body if isinstance(node, ast.ClassDef) and node.name == "Turn"]
    lengths = {
        node.name: (node.end_lineno or 0) - node.lineno + 1
        for node in turn.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert "run" in lengths
    assert {name: length for name, length in lengths.items() if length >= LONGEST_LOOP} == {}


def test_a_file_opens_with_a_sentence() -> None:
    heads = {module: ast.get_docstring(tree(path)) or "" for module, path in (MODULES | CLIENT_MODULES).items()}
    assert [module for module, head in heads.items() if len(head) <= 20] == []


def whole_number(node: ast.AST) -> int | None:
    """A number as it is written, its sign included. One that is behind a minus stands there for itself as well."""
    match node:
        case ast.UnaryOp(ast.USub(), ast.Constant(int(value))):
            return -value
        case ast.Constant(int(value)):
            return value
        case _:
            return None


def test_each_error_code_stands_once() -> None:
    codes = [item for item in vars(errors).values() if isinstance(item, errors.ErrorCode)]
    numbers = {item.number for item in codes}
    found = [
        (number, module)
        for module, path in MODULES.items()
        for node in ast.walk(tree(path))
        if (number := whole_number(node)) in numbers
    ]
    assert sorted(found) == sorted((number, "chatls.errors") for number in numbers)


# Words


def test_no_class_name_means_two_things() -> None:
    """A private class may not have another one's name either: whoever searches for the one finds both."""
    places: dict[str, list[str]] = defaultdict(list)
    for module, path in MODULES.items():
        for item in classes(module):
            places[item.name.lstrip("_")].append(module)
        for node in tree(path).body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                name = node.targets[0].id
                if re.fullmatch("[A-Z][a-z]+([A-Z][a-z]+)*", name) and name not in WORDS_FOR_TWO:
                    places[name].append(f"{module} (a type)")
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


@cache
def project_files() -> tuple[Path, ...]:
    """All files of the project: tracked, or not ignored."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout: nobody knows which files belong to the project")
    listed = subprocess.run(
        [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout.split("\0")
    return tuple(path for name in listed if name and (path := ROOT / name).is_file() and not path.is_symlink())


def test_no_check_is_silenced_in_line() -> None:
    silencer = re.compile(r"#\s*(noqa|type:\s*ignore|pyright:|pylint:|ruff:|mypy:|pragma:|nosec)", re.IGNORECASE)
    found: list[str] = []
    for path in project_files():
        if path.suffix in (".py", ".pyi"):
            for token in tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline):
                if token.type == tokenize.COMMENT and silencer.match(token.string):
                    found.append(f"{path.relative_to(ROOT)}:{token.start[0]}: {token.string}")
    assert found == []


def workplace() -> Iterator[str]:
    """What only the machine at hand knows: its paths, and where it takes packages from."""
    yield str(ROOT)
    yield f"/{'work'}/main"
    yield f"/{'work'}/shared"
    yield f"/{'opt'}/{'pypi'}"
    yield f"/{'opt'}/{'wheels'}"
    if len(Path.home().parts) > 2:
        yield str(Path.home())
    for name, value in os.environ.items():
        if re.search("index_url|registry|find_links", name, re.IGNORECASE):
            hosts = {urlsplit(address).hostname or "" for address in value.split()}
            yield from sorted(hosts - {""})


def test_nothing_names_the_machine_it_was_made_on() -> None:
    words = [word.encode() for word in workplace()]
    found = [
        f"{path.relative_to(ROOT)}: {word.decode()}"
        for path in project_files()
        for word in words
        if word in path.read_bytes()
    ]
    assert found == []


def test_nothing_names_a_host_that_packages_come_from() -> None:
    hosts = [
        ".".join(parts).encode() for parts in (("pypi", "org"), ("files", "python" + "hosted"), ("registry", "npmjs"))
    ]
    found = [
        f"{path.relative_to(ROOT)}: {host.decode()}"
        for path in project_files()
        for host in hosts
        if host in path.read_bytes()
    ]
    assert found == []


def dependencies() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    groups = project["dependency-groups"].values()
    extras = project["project"]["optional-dependencies"].values()
    lines = [*project["project"]["dependencies"], *(line for group in (*extras, *groups) for line in group)]
    return [re.split(r"[^\w.-]", line)[0] for line in lines]


def test_every_dependency_is_weighed_in_a_decision() -> None:
    decisions = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "docs" / "decisions").glob("*.md")))
    unweighed = [name for name in dependencies() if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", decisions)]
    assert unweighed == []


def test_the_version_stands_in_the_package_and_all_that_is_packaged_has_it() -> None:
    extension = json.loads((ROOT / "clients/vscode/package.json").read_text("utf-8"))
    assert extension["version"] == __version__
    assert f"\n## {__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert "version" in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dynamic"]


def test_the_package_itself_is_empty() -> None:
    assert code_lines(MODULES["chatls"]) == 1, "only the version: `initialize` is answered before anything is imported"
