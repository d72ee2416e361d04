"""The rules: which one decides, what answers and rules of the settings cover, and what none can allow."""

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chatls.agent.permission.answers import narrow, wide
from chatls.agent.permission.matter import Command, Files
from chatls.agent.permission.reach import Reach
from chatls.agent.permission.rule import Rule
from chatls.agent.permission.rules import Circumstances, Decision, decide
from chatls.settings.permissions import Action
from tests.agent.permission.shop import Shop
from tests.support.cases import for_each

HERE, THERE = Path("/work-a"), Path("/work-b")


def rule(action: Action, tool: str = "*", command: str = "", **more: Any) -> Rule:
    words = tuple(command.split()) or None
    return Rule(f"{action} {tool} {command} {more}", "settings", tool, action, command=words, **more)


def edit(*names: str, root: Path | None = HERE, **more: Any) -> Files:
    return Files("edit_file", root, names or ("src/app.py",), edits=True, **more)


def action(matter: Files | Command, *rules: Rule, read_only: bool = False, **manner: Any) -> Action:
    return decide(rules, matter, Circumstances(**manner), read_only=read_only).action


def answers(matter: Files | Command, *, wider: bool = False) -> tuple[Rule, ...]:
    """The rules that a lasting answer makes."""
    reaches = wide(matter) if wider else narrow(matter)
    return tuple(Rule("x", "session", matter.tool, "allow", reach=reach, workspace=matter.root) for reach in reaches)


def allows(shop: Shop, line: str, *commands: str, **manner: Any) -> bool:
    """Whether rules of the settings for these commands allow a line."""
    rules = [rule("allow", "run_command", command) for command in commands]
    return action(shop.command(line), *rules, **manner) == "allow"


def covers(shop: Shop, answered: str, line: str, *, wider: bool = False) -> bool:
    """Whether an answer to one line covers another."""
    made = answers(shop.command(answered), wider=wider)
    return bool(made) and action(shop.command(line), *made) == "allow"


# No rule, and which one counts


def test_without_a_rule_reading_runs_and_all_else_asks(shop: Shop) -> None:
    assert action(edit()) == "ask"
    assert action(shop.command("git status")) == "allow"
    assert action(shop.command("git status"), readers="ask") == "ask"
    assert action(shop.command("git commit -m x")) == "ask"
    assert action(Files("read_file", HERE, ("a",)), read_only=True) == "allow"


def test_a_deny_that_matches_decides_whatever_is_more_specific(shop: Shop) -> None:
    deny, allow = rule("deny", path="src/**"), rule("allow", "edit_file", path="src/app.py")
    assert decide((allow, deny), edit()) == Decision("deny", deny)
    rules = rule("deny", command="git"), rule("allow", command="git push")
    assert action(shop.command("git push origin main"), *rules) == "deny"


def test_of_all_others_the_most_specific_decides_and_ask_where_they_are_equal() -> None:
    broad, narrow_one = rule("allow", "edit_file"), rule("ask", "edit_file", path="migrations/**")
    assert action(edit("src/a.py"), broad, narrow_one) == "allow"
    assert action(edit("migrations/1.sql"), broad, narrow_one) == "ask"
    assert action(edit(), rule("ask"), rule("allow", "edit_file")) == "allow"
    assert action(edit(), rule("allow"), rule("ask", "edit_file")) == "ask"
    assert action(edit(), rule("allow", path="src/**"), rule("ask", path="src/**")) == "ask"
    assert action(edit(), rule("ask", path="**"), rule("allow", path="src/**")) == "allow"


def test_a_rule_for_another_tool_or_another_kind_of_call_does_not_count(shop: Shop) -> None:
    rules = rule("allow", "write_file"), rule("allow", command="git status"), rule("deny", "run_command")
    assert action(edit(), *rules) == "ask"
    others = rule("allow", path="**"), rule("deny", path="**"), rule("allow", "edit_file")
    assert action(shop.command("npm test"), *others) == "ask"


def test_a_rule_without_words_covers_what_is_in_the_tables(shop: Shop) -> None:
    assert action(edit(), rule("allow", "edit_file")) == "allow"
    assert allows(shop, "git commit -m x && npm test | tail -5", "")
    for line in ("node web/app.js", "bash -c id", "curl x", "rm -r x", "echo $HOME", "python -c x"):
        assert not allows(shop, line, ""), line


def test_a_rule_against_edits_is_against_changes_by_whatever_tool(shop: Shop) -> None:
    allowed = rule("allow", path="**"), rule("allow", "run_command"), rule("allow", "delete_file")
    for tool in ("edit_file", "write_file"):
        deny, ask = rule("deny", tool, path="src/**"), rule("ask", tool, path="src/**")
        for other in ("edit_file", "write_file", "edit_notebook", "move_file", "delete_file"):
            assert action(shop.edit("src/a.py", tool=other), *allowed, deny) == "deny", (tool, other)
            assert action(shop.edit("tests/test_a.py", tool=other), *allowed, deny) == "allow"
        assert action(shop.edit("src/a.py", tool="move_file"), *allowed, ask) == "ask"
        assert action(shop.edit("src/a.py", tool="delete_file"), *allowed, ask) == "allow", "its own name counts more"
        for line in ("echo x > src/new.py", "touch src/new.py", "mv src/a.py sub", "cp src/a.py src/c.py"):
            assert action(shop.command(line), *allowed, deny) == "deny", line
            assert action(shop.command(line), *allowed, ask) == "ask", line
        assert action(shop.command("cat src/a.py"), *allowed, deny) == "allow"
        assert action(shop.command("mkdir sub/new"), *allowed, deny) == "allow"
        assert action(shop.command("touch sub/x"), *allowed, rule("deny", tool)) == "deny"
        assert action(shop.command("npm test"), rule("allow", "run_command"), rule("deny", tool)) == "allow"


def test_a_rule_against_one_way_of_changing_leaves_the_others(shop: Shop) -> None:
    for tool in ("edit_notebook", "move_file", "delete_file"):
        against = rule("allow"), rule("deny", tool)
        assert action(shop.edit("src/a.py"), *against) == "allow"
        assert action(shop.edit("src/a.py", tool=tool), *against) == "deny"
    assert action(shop.edit("src/a.py", tool="write_file"), rule("allow", "edit_file")) == "ask", "an allow is narrow"


# Paths


def test_paths_are_matched_as_globs_relative_to_the_root() -> None:
    allow = rule("allow", path="src/**")
    assert action(edit("src/deep/a.py"), allow) == "allow"
    assert action(edit("other/src/a.py"), allow) == "ask"
    assert action(edit("srcs/a.py"), allow) == "ask"
    assert action(edit("docs/a.md"), rule("allow", path="*.md")) == "allow"


def test_an_allow_needs_all_files_and_a_deny_any_and_also_as_they_are_spelled() -> None:
    two = edit("src/a", "docs/a")
    assert action(two, rule("allow", path="src/**")) == "ask"
    assert action(two, rule("deny", path="docs/**")) == "deny"
    linked = edit("real/a", spelled=("secrets/a",))
    assert action(linked, rule("deny", path="secrets/**")) == "deny"
    assert action(linked, rule("allow", path="secrets/**")) == "ask"


def test_a_deny_does_not_mind_letter_case_and_an_allow_does() -> None:
    assert action(edit("SECRETS/a"), rule("deny", path="secrets/**")) == "deny"
    assert action(edit("SRC/a"), rule("allow", path="src/**")) == "ask"


def test_a_glob_that_is_none_denies_all_and_allows_nothing() -> None:
    broken = 200 * "{a,b}"
    assert action(edit(), rule("deny", path=broken)) == "deny"
    assert action(edit(), rule("allow", path=broken)) == "ask"


# Files that decide what runs


@for_each(
    "name",
    [
        *(
            "package.json",
            "web/Package.JSON",
            "conftest.py",
            ".cargo/config.toml",
            "x.pth",
            "node_modules/.bin/tsc",
            "Makefile",
        ),
        *(
            "setup.cfg",
            "build.rs",
            "jest.config.js",
            ".venv/bin/pytest",
            "tsconfig.json",
            "deep/down/conftest.py",
            "go.mod",
        ),
    ],
)
def test_files_that_decide_what_runs_are_allowed_one_by_one_or_by_name(shop: Shop, name: str) -> None:
    matter = shop.edit(name)
    assert matter.second == (name,)
    assert (
        action(matter, *answers(shop.edit("src/a.py")), rule("allow"), rule("allow", "edit_file", path="**")) == "ask"
    )
    assert action(matter, *answers(matter)) == "allow"
    assert action(shop.edit(f"other/{Path(name).name}"), *answers(matter)) == "ask"
    if "/" not in name:
        assert action(shop.edit(f"other/{name}"), *answers(matter, wider=True)) == "allow"
        assert action(matter, rule("allow", "edit_file", path=name)) == "allow"
    assert action(matter, mode="edits") == "ask"
    assert [reach.kind for reach in narrow(matter)] == ["file"]


@for_each(
    "name",
    [
        *(
            ".git/hooks/pre-commit",
            ".helix/languages.toml",
            "opencode.json",
            ".kiro/hooks/x",
            "AGENTS.md",
            ".vscode/tasks.json",
        ),
        *(".husky/pre-commit", "sub/.envrc", "CLAUDE.md", ".github/workflows/x.yml", ".Cursor/rules", "HEAD"),
    ],
)
def test_protected_files_are_asked_whatever_was_answered(shop: Shop, name: str) -> None:
    matter = shop.edit(name)
    rules = (
        *answers(shop.edit("src/a.py")),
        rule("allow"),
        rule("allow", "edit_file", path=name),
        rule("allow", unjudged=True),
    )
    assert action(matter, *rules) == "ask"
    assert action(matter, mode="edits") == "ask"
    assert narrow(matter) == wide(matter) == ()
    assert action(matter, rule("deny", path=name)) == "deny"


def test_an_answer_for_edits_covers_all_edit_tools_and_redirections_but_no_moves(shop: Shop) -> None:
    made = answers(shop.edit("src/a.py"))
    assert action(shop.edit("src/b.py", tool="write_file"), *made) == "allow"
    assert action(shop.command("echo x > sub/out.txt"), *made) == "allow"
    assert action(shop.command("echo x > package.json"), *made) == "ask"
    assert action(shop.command("echo x > AGENTS.md"), *made) == "ask"
    moved = Files("move_file", shop.root, ("src/a.py",))
    assert action(moved, *made) == "ask"
    assert action(moved, *answers(moved)) == "allow"


# What an answer to a command covers: each row of the over-reaching memory, and its kin


@for_each(
    ("answered", "line"),
    [
        ("npm test", "cd sub && npm test"),
        ("npm test", "npm test 2>&1 | tail -20"),
        ("npm test", "CI=1 npm test"),
        ("npm test && git status", "npm test"),
        ("pytest", "pytest -q tests/test_a.py -k x"),
        ("pytest -q", "pytest -x"),
        ("git add -A", "git commit -m 'other words'"),
        ("mkdir -p a/b", "git switch -c x"),
        ("mytool x", "mytool x"),
        ("node web/app.js", "node web/app.js"),
        ("make test", "make test 2>&1 | tail -3"),
    ],
)
def test_an_answer_covers_what_it_says(shop: Shop, answered: str, line: str) -> None:
    assert covers(shop, answered, line) or covers(shop, answered, line, wider=True)


@for_each(
    ("answered", "line"),
    [
        ("npm test", "npm test '--node-options=--import=data:text/javascript,x'"),
        ("npm test", "cd node_modules/evil && npm test"),
        ("npm test", "cd web && npm test"),
        ("npm test", "npm run build"),
        ("npm test", "PYTHONPATH=src npm test"),
        ("pytest", "pytest --junitxml=AGENTS.md"),
        ("pytest", "pytest --log-file=.git/hooks/pre-commit --log-file-format=x"),
        ("pytest", "pytest --basetemp=src"),
        ("pytest", "pytest @list"),
        ("pytest", "PYTHONPATH=src pytest"),
        ("pytest", "python -m pytest"),
        ("cat src/a.py", "cat readme.lnk"),
        ("grep x src/a.py", "grep -R x ."),
        ("sort src/a.py", "sort --files0-from=f"),
        ("diff src/a.py src/b.py", "diff --from-file=/etc/passwd src/a.py"),
        ("git stash", "git stash clear"),
        ("git add -A", "git stash clear"),
        ("git reflog", "git reflog expire --expire=now --all"),
        ("git log", "git reset --hard"),
        ("npm audit", "npm audit fix"),
        ("mytool x", "mytool x y"),
        ("mytool x", "cd sub && mytool x"),
        ("mytool x", "mytool x | tail"),
        ("make test", "make deploy"),
        ("git commit -m x", "git commit -m x --no-verify"),
        ("mkdir -p a", "mkdir -p .git/hooks"),
        ("python3 -m json.tool a", "python3 -m this"),
    ],
)
def test_an_answer_covers_no_more(shop: Shop, answered: str, line: str) -> None:
    assert not covers(shop, answered, line)


def test_tests_builds_and_checks_are_all_rows_in_all_folders_and_nothing_else(shop: Shop) -> None:
    for line in (
        "pytest -q",
        "cd web && npm run build",
        "ruff check src | tail",
        "make lint",
        "npx --no-install tsc --noEmit",
    ):
        assert covers(shop, "npm test", line, wider=True), line
    for line in (
        "cd node_modules/evil && npm test",
        "PYTHONPATH=src pytest",
        "node web/app.js",
        "pytest -p evil",
        "git add -A",
        "pytest && id",
    ):
        assert not covers(shop, "npm test", line, wider=True), line
    reach = wide(shop.command("npm test"))[0]
    assert "runs the project's code, also what the agent has written" in reach.covers()


def test_an_answer_counts_in_its_own_workspace_alone(shop: Shop) -> None:
    (here,) = answers(edit())
    assert action(edit(), here) == "allow"
    assert action(edit(root=THERE), here) == "ask"
    (made,) = answers(shop.command("npm test"))
    assert made.workspace == shop.root


def test_nothing_is_remembered_for_what_lies_nowhere_or_cannot_be_shown(shop: Shop) -> None:
    for matter in (
        edit(root=None),
        shop.command("rm -r x"),
        shop.command("npm test; rm -r x"),
        shop.command("mytool *.py"),
        shop.command("x $y"),
    ):
        assert narrow(matter) == wide(matter) == ()


def test_a_need_is_asked_about_and_remembered_with_the_need(shop: Shop) -> None:
    with_network = shop.command("npm test", needs=("network",))
    assert action(with_network, *answers(shop.command("npm test")), mode="edits", inside=True) == "ask"
    made = answers(with_network)
    assert [(one.reach.kind, one.reach.needs) for one in made if one.reach] == [("line", ("network",))]
    assert action(with_network, *made) == "allow"
    assert action(shop.command("npm test"), *made) == "ask"
    assert "network" in made[0].covers()


# Rules of the settings


@for_each(
    ("command", "line"),
    [
        ("npm test", "npm test"),
        ("npm test", "cd web && npm test | tail"),
        ("python3 -m unittest", "python3 -m unittest -q"),
        ("git commit", "git commit -m x"),
        ("node web/app.js", "node web/app.js"),
        ("npm test *", "npm test -- --watch=false x"),
        ("mytool *", "mytool a b | tail -3"),
    ],
)
def test_a_rule_covers_what_an_answer_for_its_words_would_cover(shop: Shop, command: str, line: str) -> None:
    assert allows(shop, line, command), line


@for_each(
    ("command", "line"),
    [
        ("npm test", "npm test -- --x"),
        ("npm test", "npm testx"),
        ("npm test *", "npm run build"),
        ("npm test *", "npm test x; id"),
        ("npm test *", "npm test $(id)"),
        ("python3 -m unittest", "python3 -m http"),
        ("mytool", "mytool x"),
        ("rm *", "rm -r x"),
        ("rm -r x", "rm -r x"),
        ("git", "git push"),
        ("mytool", "LD_PRELOAD=./x mytool"),
        ("mytool", "mytool < src/a.py"),
        ("mytool *", "PATH=. mytool x"),
        ("mytool *", "cd sub; mytool x"),
        ("node web/app.js", "PYTHONPATH=src node web/app.js"),
        ("echo *", "echo x > AGENTS.md"),
    ],
)
def test_a_rule_covers_no_more(shop: Shop, command: str, line: str) -> None:
    assert not allows(shop, line, command), line


@for_each(
    ("command", "line", "allowed"),
    [
        ("mytool *", "mytool $(date) x", True),
        ("mytool", "mytool $HOME", True),
        ("mytool", "mytool $HOME; id", False),
        ("mytool", "mytool $(rm -r x)", False),
        ("mytool", "rm -r x", False),
        ("", "mytool $HOME", True),
        ("", "rm -r x", False),
        ("rm -r build", "rm -r build", True),
        ("rm -r", "rm -r build", True),
        ("rm", "rm -r build", False),
        ("git reset --hard", "git reset --hard", True),
        ("git reset", "git reset --hard", False),
    ],
)
def test_unjudged_lifts_more_and_what_destroys_only_in_so_many_words(
    shop: Shop, command: str, line: str, *, allowed: bool
) -> None:
    rules = [rule("allow", "run_command", command, unjudged=True)]
    assert (action(shop.command(line), *rules) == "allow") is allowed


@for_each(
    "line",
    [
        *(
            "rm -rf x",
            "ls && rm x",
            "/bin/rm x",
            "./rm x",
            "RM x",
            "sudo rm x",
            "env A=b rm x",
            "sh -c 'rm x'",
            "find . -exec rm x",
        ),
        *(
            "x=$(rm y)",
            "true `rm y`",
            "r\\m y",
            "(rm y)",
            "{ rm y; }",
            "if true; then rm y; fi",
            "ls & rm y",
            "xargs rm",
            "cd sub && rm x",
        ),
        *("bash -c 'cd x && rm y'", "nice bash -c 'rm y'", "timeout 5 rm x"),
    ],
)
def test_a_deny_finds_its_command_also_where_it_hides(shop: Shop, line: str) -> None:
    assert action(shop.command(line), rule("deny", "run_command", "rm")) == "deny"


@for_each(
    "line",
    [
        "git push",
        "git -C sub push",
        "git --no-pager push",
        "cd sub && git push",
        "bash -c 'git push'",
        "git -c a=b push x",
    ],
)
def test_a_deny_finds_git_behind_its_options(shop: Shop, line: str) -> None:
    assert action(shop.command(line), rule("deny", "run_command", "git push")) == "deny"


def test_a_deny_does_not_see_words_where_there_are_none(shop: Shop) -> None:
    deny = rule("deny", "run_command", "git push")
    for line in ("git pushes", "git log push", "echo git push", "git commit -m 'git push'"):
        assert action(shop.command(line), deny) != "deny", line


def test_an_ask_finds_its_command_too_and_readers_are_not_beyond_it(shop: Shop) -> None:
    rules = rule("allow", "run_command"), rule("ask", "run_command", "git commit"), rule("ask", "run_command", "ls")
    assert action(shop.command("git commit -m x"), *rules) == "ask"
    assert action(shop.command("git status; git commit -m x"), *rules) == "ask"
    assert action(shop.command("ls"), *rules) == "ask"
    assert action(shop.command("git status"), *rules) == "allow"
    assert action(shop.command("git commit -m x"), *rules, mode="edits", inside=True) == "ask"


# Modes and the sandbox


def test_in_plan_only_what_reads_runs_and_nothing_is_asked(shop: Shop) -> None:
    everything = rule("allow"), *answers(shop.command("npm test")), *answers(edit())
    assert action(shop.command("git log | head"), mode="plan") == "allow"
    for matter in (
        edit(),
        shop.command("npm test"),
        shop.command("echo x > sub/y"),
        shop.command("rm x"),
        shop.command("git commit -m x"),
    ):
        assert action(matter, *everything, mode="plan", inside=True) == "deny"
    assert action(shop.command("ls"), mode="plan", readers="ask") == "deny"


def test_edits_run_unasked_in_edits_but_for_those_that_always_ask(shop: Shop) -> None:
    assert action(shop.edit("src/a.py"), mode="edits") == "allow"
    assert action(shop.command("echo x > sub/y"), mode="edits") == "allow"
    assert action(Files("move_file", HERE, ("a",)), mode="edits") == "ask"
    assert action(shop.edit("src/a.py"), rule("ask", path="src/**"), mode="edits") == "ask"
    assert action(shop.edit("src/a.py"), rule("deny", path="src/**"), mode="edits") == "deny"
    assert action(shop.command("npm test"), mode="edits") == "ask"


def test_with_the_sandbox_commands_run_inside_unasked_but_for_what_is_never_remembered(shop: Shop) -> None:
    decision = decide((), shop.command("node web/app.js"), Circumstances("edits", inside=True))
    assert (decision.action, decision.inside) == ("allow", True)
    for line in ("rm -r x", "sudo id", "curl x | sh", "echo $HOME", "echo x > AGENTS.md"):
        assert action(shop.command(line), mode="edits", inside=True) == "ask", line
    sandbox = Rule("x", "session", "run_command", "allow", reach=Reach("sandbox"), workspace=shop.root)
    assert decide((sandbox,), shop.command("node web/app.js"), Circumstances(inside=True)).inside
    assert action(shop.command("node web/app.js"), sandbox) == "ask"
    assert action(shop.command("rm -r x"), sandbox, inside=True) == "ask"


def test_what_nobody_was_asked_about_runs_inside_and_what_was_allowed_as_a_persons_own(shop: Shop) -> None:
    manner = Circumstances(inside=True)
    assert decide((), shop.command("ls"), manner).inside
    assert not decide((rule("allow", "run_command", "npm test"),), shop.command("npm test"), manner).inside
    assert not decide((rule("allow", "run_command", "npm test"),), shop.command("npm test | tail"), manner).inside


ACTIONS = st.sampled_from(["allow", "ask", "deny"])
RULES = st.lists(
    st.builds(
        Rule,
        st.text(max_size=3),
        st.sampled_from(["settings", "session", "workspace"]),
        st.sampled_from(["*", "edit_file", "run_command"]),
        ACTIONS,
        st.sampled_from([None, "**", "src/**", "*.py", "{"]),
        st.sampled_from([None, ("git",), ("git", "status"), ("rm",), ("rm", "*")]),
        st.just(value=False),
        st.sampled_from(
            [None, Reach("changes"), Reach("checks"), Reach("sandbox"), Reach("edits"), Reach("line", line="ls > f")]
        ),
        st.sampled_from([None, HERE, THERE]),
    ),
    max_size=6,
).map(tuple)
LINES = st.sampled_from(
    ["git status", "git status; rm -r x", "rm x", "ls > f", "git log $x", "git status && npm test", "sudo x"]
)


@given(rules=RULES, line=LINES)
def test_no_answer_allows_what_is_always_asked_and_more_rules_never_lift_a_deny(
    shop: Shop, rules: tuple[Rule, ...], line: str
) -> None:
    for matter in (shop.command(line), edit(always="x"), edit()):
        for manner in (Circumstances(), Circumstances("edits", inside=True), Circumstances("plan", inside=True)):
            decision = decide(rules, matter, manner)
            if matter.always:
                assert decision.action != "allow"
            if decision.action == "deny" and not decision.planned:
                more = (*rules, rule("allow"), rule("allow", "run_command", "git status", unjudged=True))
                assert decide(more, matter, manner).action == "deny"
            assert decide(tuple(reversed(rules)), matter, manner).action == decision.action
