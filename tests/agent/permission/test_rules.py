"""The rules: which one decides, and what none can allow."""

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chatls.agent.permission.command_keys import Key, key_of
from chatls.agent.permission.rules import Command, Decision, Files, Part, Rule, decide, remembered
from chatls.agent.permission.shell import crude_segments, segments
from chatls.permissions import Action
from tests.support.cases import for_each

HERE, THERE = Path("/work-a"), Path("/work-b")


def rule(action: Action, tool: str = "*", command: str = "", **more: Any) -> Rule:
    return Rule(
        f"{action} {tool} {command} {more}", "settings", tool, action, command=tuple(command.split()) or None, **more
    )


def edit(*names: str, root: Path | None = HERE, **more: Any) -> Files:
    return Files("edit_file", root, names or ("src/app.py",), **more)


def command(line: str, root: Path | None = HERE) -> Command:
    found = segments(line)
    parts = tuple(Part(words, key_of(words)) for words in found or ())
    always = None if parts and all(part.key for part in parts) else "it cannot be judged"
    return Command("run_command", root, parts, crude_segments(line) if found is None else (), always)


def action(matter: Files | Command, *rules: Rule, read_only: bool = False) -> Action:
    return decide(rules, matter, read_only=read_only).action


# No rule, and which one counts


def test_without_a_rule_reading_runs_and_all_else_asks() -> None:
    assert action(edit()) == "ask"
    assert action(command("git status")) == "ask"
    assert action(Files("read_file", HERE, ("a",)), read_only=True) == "allow"


def test_a_deny_that_matches_decides_whatever_is_more_specific() -> None:
    deny, allow = rule("deny", path="src/**"), rule("allow", "edit_file", path="src/app.py")
    assert decide((allow, deny), edit()) == Decision("deny", deny)
    assert (
        action(command("git push origin main"), rule("deny", command="git"), rule("allow", command="git push"))
        == "deny"
    )


def test_of_all_others_the_most_specific_decides_and_ask_where_they_are_equal() -> None:
    broad, narrow = rule("allow", "edit_file"), rule("ask", "edit_file", path="migrations/**")
    assert action(edit("src/a.py"), broad, narrow) == "allow"
    assert action(edit("migrations/1.sql"), broad, narrow) == "ask"
    assert action(edit(), rule("ask"), rule("allow", "edit_file")) == "allow"
    assert action(edit(), rule("allow"), rule("ask", "edit_file")) == "ask"
    assert action(edit(), rule("allow", path="src/**"), rule("ask", path="src/**")) == "ask"
    assert action(edit(), rule("ask", path="**"), rule("allow", path="src/**")) == "allow"


def test_a_rule_for_another_tool_or_another_kind_of_call_does_not_count() -> None:
    assert (
        action(edit(), rule("allow", "write_file"), rule("allow", command="git status"), rule("deny", "run_command"))
        == "ask"
    )
    assert (
        action(command("git status"), rule("allow", path="**"), rule("deny", path="**"), rule("allow", "edit_file"))
        == "ask"
    )


def test_a_rule_for_a_tool_covers_what_can_be_judged() -> None:
    assert action(edit(), rule("allow", "edit_file")) == "allow"
    assert action(command("git status && npm test"), rule("allow", "run_command")) == "allow"


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


# Commands


@for_each(
    "line",
    [
        "git status; id",
        "git status && id",
        "git status || id",
        "git status | sh",
        "git status\nid",
        "git status $(id)",
        "git status `id`",
        "git status <(id)",
        "git status > f",
        "git status & id",
        "git status &",
        "FOO=1 git status",
        "LD_PRELOAD=./x git status",
        "PATH=. git status",
        "git -c core.pager=sh status",
        "git status --output=f",
        "gitstatus",
        "git statusx",
        "git status-x",
        "./git status",
        "env git status",
        "sh -c 'git status'",
        "id; git status",
        "git status {a,b}",
        "git status ~",
        "git status *",
    ],
)
def test_what_is_more_than_the_allowed_command_asks(line: str) -> None:
    allowed = rule("allow", "run_command", "git status"), made("git status")
    assert action(command("git status -s"), *allowed) == "allow"
    assert action(command(line), *allowed) == "ask"


def made(*lines: str) -> Rule:
    """What an answer for ever makes."""
    (rule,) = remembered(Rule("x", "session", "run_command", "allow"), command(lines[0]))
    return rule


def test_every_segment_has_to_be_covered() -> None:
    assert action(command("git status && npm test"), made("git status")) == "ask"
    assert action(command("git status && npm test"), made("git status"), made("npm test")) == "allow"
    assert action(command("npm test-evil"), made("npm test")) == "ask"
    assert action(command("npm testx"), made("npm test"), rule("allow", command="npm test")) == "ask"


def test_an_answer_for_an_unknown_program_covers_just_the_same_words() -> None:
    answer = made("mytool build")
    assert answer.key == Key(("mytool", "build"), exact=True)
    assert action(command("mytool build"), answer) == "allow"
    assert action(command("mytool build evil"), answer) == "ask"


def test_what_cannot_be_judged_is_asked_whatever_is_allowed() -> None:
    for line in ("rm -rf x", "python -c x", "ls > f", "curl x | sh"):
        words = line.split()[0]
        assert action(command(line), rule("allow"), rule("allow", "run_command"), rule("allow", command=words)) == "ask"


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
        ),
    ],
)
def test_a_deny_finds_its_command_also_where_it_hides(line: str) -> None:
    assert action(command(line), rule("deny", "run_command", "rm")) == "deny"


def test_a_deny_does_not_see_words_where_there_are_none() -> None:
    deny = rule("deny", "run_command", "git push")
    for line in ("git pushes", "git log push", "echo git push", "git commit -m 'git push'"):
        assert action(command(line), deny) == "ask"


def test_an_ask_finds_its_command_too() -> None:
    rules = rule("allow", "run_command"), rule("ask", "run_command", "git push")
    assert action(command("git push"), *rules) == "ask"
    assert action(command("git status; git push"), *rules) == "ask"
    assert action(command("git status"), *rules) == "allow"


# What is always asked, and what is remembered where


def test_what_is_always_asked_is_asked_whatever_is_allowed_and_still_denied() -> None:
    hook = edit(".git/hooks/pre-commit", always="it decides what runs")
    allow = rule("allow"), rule("allow", "edit_file", path=".git/**")
    assert action(hook, *allow) == "ask"
    assert action(hook, *allow, rule("deny", path=".git/**")) == "deny"
    assert remembered(rule("allow"), hook) == ()


def test_an_answer_counts_in_its_own_workspace_alone() -> None:
    (here,) = remembered(Rule("x", "workspace", "edit_file", "allow"), edit())
    assert (here.workspace, here.path) == (HERE, "**")
    assert action(edit(), here) == "allow"
    assert action(edit(root=THERE), here) == "ask"
    assert action(command("git status", THERE), made("git status")) == "ask"


def test_nothing_is_remembered_for_what_lies_nowhere_or_cannot_be_judged() -> None:
    for matter in (
        edit(root=None),
        command("git status", None),
        command("rm x"),
        command("git status; rm x"),
        command("ls *"),
    ):
        assert remembered(rule("allow"), matter) == ()


ACTIONS = st.sampled_from(["allow", "ask", "deny"])
RULES = st.lists(
    st.builds(
        Rule,
        st.text(max_size=3),
        st.sampled_from(["settings", "session", "workspace"]),
        st.sampled_from(["*", "edit_file", "run_command"]),
        ACTIONS,
        st.sampled_from([None, "**", "src/**", "*.py", "{"]),
        st.sampled_from([None, ("git",), ("git", "status"), ("rm",)]),
        st.sampled_from([None, Key(("git", "status"))]),
        st.sampled_from([None, HERE, THERE]),
    ),
    max_size=6,
).map(tuple)
LINES = st.sampled_from(["git status", "git status; rm x", "rm x", "ls > f", "git log", "git status && git status", ""])


@given(RULES, LINES)
def test_no_rules_allow_what_cannot_be_judged_and_more_rules_never_lift_a_deny(
    rules: tuple[Rule, ...], line: str
) -> None:
    for matter in (command(line), edit(always="x"), edit()):
        decision = decide(rules, matter)
        if matter.always:
            assert decision.action != "allow"
        if decision.action == "deny":
            assert decide((*rules, rule("allow"), rule("allow", "run_command", "git status")), matter).action == "deny"
        assert decide(tuple(reversed(rules)), matter).action == decision.action
