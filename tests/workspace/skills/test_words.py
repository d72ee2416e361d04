"""A slash command in a person's words, and its text with what stands behind its name."""

from hypothesis import given
from hypothesis import strategies as st

from chatls.workspace.skills.words import filled, given_command, mentioned
from tests.support.cases import for_each


@for_each(
    "text, expected",
    [
        ("/review", ("review", "")),
        ("/review  HEAD~1 \n please", ("review", "HEAD~1 \n please")),
        ("/workspace:deploy now", ("workspace:deploy", "now")),
        ("\n /fix", ("fix", "")),
        ("/usr/bin/env is missing", None),
        ("/", None),
        ("// what is this?", None),
        ("what is /review?", None),
    ],
)
def test_a_prompt_begins_with_a_command_or_not(text: str, expected: tuple[str, str] | None) -> None:
    assert given_command(text) == expected


@for_each(
    "text, arguments, expected",
    [
        ("Look at $ARGUMENTS.", "a 'b c'", "Look at a 'b c'."),
        ("$1 then $2, $3.", "a 'b c'", "a then b c, ."),
        ("$1 and $2", "it's me", "it's and me"),
        (r"costs \$5, $1", "x", "costs $5, x"),
        ("$10 $ARGUMENTS_2 $x ${1}", "", "$10 $ARGUMENTS_2 $x ${1}"),
        ("Look.", "at this", "Look.\n\nArguments: at this"),
        ("Look at $1.", "", "Look at ."),
    ],
)
def test_arguments_stand_where_the_text_wants_them(text: str, arguments: str, expected: str) -> None:
    assert filled(text, arguments) == expected


@given(st.text(max_size=50))
def test_arguments_are_not_read_again(arguments: str) -> None:
    assert filled("<$ARGUMENTS>", arguments) == f"<{arguments}>"


@given(st.text(max_size=100))
def test_nothing_is_run_or_left_out_of_a_text_without_places(text: str) -> None:
    if "$" not in text:
        assert filled(text, "") == text


@for_each(
    "text, expected",
    [
        ('See @diff, @src/a.py and @"b c.md" (@buffers).', ("diff", "src/a.py", "b c.md", "buffers")),
        ("@a @a", ("a",)),
        ("me@home.example", ()),
        ("@ and @. and", ()),
    ],
)
def test_what_stands_behind_an_at_sign_is_mentioned(text: str, expected: tuple[str, ...]) -> None:
    assert mentioned(text) == expected
