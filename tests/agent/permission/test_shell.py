"""The shell's lines: what is taken apart means the same to a shell; whatever could mean more is not taken apart."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatls.agent.permission.shell import crude_segments, segments
from tests.support.cases import for_each

SHELL = shutil.which("sh")


def test_a_line_is_its_commands_and_their_words() -> None:
    line = "git add . && git commit -m 'a; b' | cat ; ls || true\npwd"
    assert segments(line) == (
        ("git", "add", "."),
        ("git", "commit", "-m", "a; b"),
        ("cat",),
        ("ls",),
        ("true",),
        ("pwd",),
    )


@for_each(
    ("line", "words"),
    [
        ("a  b\t c ", ("a", "b", "c")),
        ("a ''", ("a", "")),
        ("a 'b'\"c\"d", ("a", "bcd")),
        ('a "b c"', ("a", "b c")),
        ("a '$x `y` \\ !'", ("a", "$x `y` \\ !")),
        ("a ä=ö", ("a", "ä=ö")),
        ("a x%y,z:@+", ("a", "x%y,z:@+")),
    ],
)
def test_quotes_hold_words_together(line: str, words: tuple[str, ...]) -> None:
    assert segments(line) == (words,)


@for_each(
    "line",
    [
        *(
            "",
            " ",
            ";",
            "a &&",
            "a |",
            "| a",
            "a ;; b",
            "a ; ; b",
            "a |& b",
            "a & b",
            "a &",
            "a &&& b",
            "a\n\nb",
            "a &&\nb",
        ),
        *(
            "a $x",
            "a ${x@P}",
            "a ${!x}",
            "a $(b)",
            "a `b`",
            "a <(b)",
            "a > f",
            "a 2>&1",
            "a < f",
            "a << x",
            "a $'\\x41'",
        ),
        *(
            'a "$x"',
            'a "`b`"',
            'a "\\x"',
            'a "!x"',
            "a {b,c}",
            "a ~",
            "a ~/x",
            "a *",
            "a ?",
            "a [b]",
            "a !x",
            "a # b",
            "a \\b",
        ),
        *(
            "(a)",
            "{ a; }",
            "a 'b",
            'a "b',
            "a ^b",
            "if a",
            "for x in y",
            "! a",
            "time a",
            "exec a",
            "eval a",
            ". a",
            "alias a=b",
        ),
        *("source a", "export A=b", "set -x", "trap a EXIT", "function f", "cd /x", "A=b c", "A=b", "LD_PRELOAD=x ls"),
        *(
            "PATH=. ls",
            "=ls",
            "a =ls",
            "'A=b' c",
            "-x a",
            "a\rb",
            "a\x00b",
            "a\x1bb",
            "a\u00a0b",
            "a\u2003b",
            "a\u202eb",
        ),
        *("a\u200bb", "a \ue000", "a\u2028b", "a \ufeff", "a\x0bb", "a\x0cb", "a\udcff", "a " + 30_000 * "b"),
    ],
)
def test_what_may_mean_more_is_not_taken_apart(line: str) -> None:
    assert segments(line) is None


LETTERS = st.text(alphabet="ab;&|\n \t'\"$`\\(){}<>*?[]~!#^=-%:,.+@/é", max_size=24)
PIECES = st.lists(
    st.sampled_from(["a", "b", " ", "'x;y'", '"p q"', ";", "&&", "||", "|", "\n", "=", "-n", "''"]), max_size=12
)


@given(st.one_of(LETTERS, PIECES.map("".join), st.text(max_size=20)))
def test_accepted_lines_are_words_without_anything_special_outside_of_quotes(line: str) -> None:
    found = segments(line)
    if found is None:
        return
    lexer = shlex.shlex(line.strip(" \t\n").replace("\n", ";"), posix=True, punctuation_chars=";&|")
    lexer.whitespace_split, lexer.commenters = True, ""
    model: list[list[str]] = [[]]
    for token in lexer:
        if token in (";", "&&", "||", "|"):
            model.append([])
        else:
            model[-1].append(token)
    if not any("\n" in word or set(word) & set(";&|") for words in found for word in words):
        assert [words for words in model if words] == [list(words) for words in found]


@pytest.fixture(scope="module")
def echoing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the one program `p`, which writes its words down."""
    folder = tmp_path_factory.mktemp("bin")
    program = folder / "p"
    program.write_text(f'#!{SHELL}\nprintf "%s\\0" "$@" >> "$OUT"\nprintf "\\n\\0" >> "$OUT"\n')
    program.chmod(0o755)
    return folder


@pytest.mark.skipif(SHELL is None, reason="there is no sh")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(LETTERS, PIECES.map("".join)))
def test_a_shell_runs_just_the_words_of_an_accepted_line(echoing: Path, text: str) -> None:
    found = segments(f"p {text}")
    if found is None or len(found) != 1:
        return
    out = echoing / "out"
    out.write_bytes(b"")
    environment = {"PATH": str(echoing), "OUT": str(out)}
    subprocess.run([SHELL or "sh", "-c", f"p {text}"], env=environment, check=True, timeout=20, cwd=echoing)
    *words, _ = out.read_bytes().split(b"\n\0")[0].split(b"\0") if len(found[0]) > 1 else (b"",)
    assert tuple(os.fsdecode(word) for word in words) == found[0][1:]


@for_each(
    ("line", "words"),
    [
        ("x=$(rm -rf y)", ("rm", "-rf", "y")),
        ("true `rm -rf y`", ("rm", "-rf", "y")),
        ("r'm' -rf y &", ("rm", "-rf", "y")),
        ("r\\m -rf y > f", ("rm", "-rf", "y")),
        ("a &\nrm -rf y", ("rm", "-rf", "y")),
    ],
)
def test_in_a_line_that_cannot_be_judged_commands_are_found_all_the_same(line: str, words: tuple[str, ...]) -> None:
    assert segments(line) is None
    assert words in crude_segments(line)
