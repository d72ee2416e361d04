"""The shell's lines: what is read means the same to bash and to dash; whatever could mean more is not read."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chatls.agent.permission.shell import Words, crude_segments, read_line, written
from tests.support.cases import for_each

SHELLS = [found for name in ("bash", "dash") if (found := shutil.which(name))]


def segments(line: str) -> tuple[Words, ...] | None:
    """The words of its commands, patterns as they are written."""
    found = read_line(line)
    return None if found is None else tuple(simple.texts for simple in found)


def test_a_line_is_its_commands_and_their_words() -> None:
    line = "git add . && git commit -m 'a; b' | cat ; ls || true\npwd"
    found = read_line(line)
    assert found is not None
    assert [(simple.joint, simple.texts) for simple in found] == [
        ("", ("git", "add", ".")),
        ("&&", ("git", "commit", "-m", "a; b")),
        ("|", ("cat",)),
        (";", ("ls",)),
        ("||", ("true",)),
        ("\n", ("pwd",)),
    ]


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
        ('a "x$" "y\\.z" "q\\"r" "\\$s" "!x"', ("a", "x$", "y\\.z", 'q"r', "$s", "!x")),
        ("a \\( b \\) \\; \\$x", ("a", "(", "b", ")", ";", "$x")),
        ("a HEAD~1 HEAD^ b@{1} {} !x a#b x~", ("a", "HEAD~1", "HEAD^", "b@{1}", "{}", "!x", "a#b", "x~")),
        ("a b\\\nc \\\n d", ("a", "bc", "d")),
        ("source a", ("source", "a")),
        ("'A=b' c", ("A=b", "c")),
    ],
)
def test_quotes_hold_words_together(line: str, words: tuple[str, ...]) -> None:
    assert segments(line) == (words,)


def test_assignments_redirections_and_here_documents_are_told_apart() -> None:
    found = read_line("A=1 B='x y' p q >f 2>&1 >> 'g h' < i <<'END' r\n$body\nEND\nnext")
    assert found is not None
    one, two = found
    assert [(name, value.text) for name, value in one.assignments] == [("A", "1"), ("B", "x y")]
    assert one.texts == ("p", "q", "r")
    assert [(item.stream, item.operator, item.target.text, item.body) for item in one.redirections] == [
        ("", ">", "f", ""),
        ("2", ">&", "1", ""),
        ("", ">>", "g h", ""),
        ("", "<", "i", ""),
        ("", "<<", "END", "$body\n"),
    ]
    assert two.texts == ("next",)
    assert written(two, ("/bin/next", "a b")) == "/bin/next 'a b'"


def test_patterns_are_told_with_what_was_quoted() -> None:
    found = read_line("p *.py 'a*'b? plain")
    assert found is not None
    assert [word.pattern for word in found[0].words] == [None, "*.py", "a[*]b?", None]


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
            "a &> f",
            "a &>> f",
        ),
        *(
            "a $x",
            "a ${x@P}",
            "a ${!x}",
            "a $(b)",
            "a `b`",
            "a <(b)",
            "a >(b)",
            "a <<< b",
            "a << x\nx",
            "a $'\\x41'",
            'a $"x"',
        ),
        *(
            'a "$x"',
            'a "`b`"',
            'a "$(b)"',
            'a "$$"',
            "a {b,c}",
            "a {1..3}",
            "a ~",
            "a ~/x",
            "a b=~/x",
            "a b:~",
            "a # b",
        ),
        *(
            "(a)",
            "{ a; }",
            "a 'b",
            'a "b',
            "if a",
            "for x in y",
            "! a",
            "time a",
            "function f",
            "[ a ]",
            "[[ a ]]",
            "a() { b; }",
        ),
        *(
            "A=b",
            "=ls",
            "a =ls",
            "-x a",
            "*",
            "A+=b c",
            "A[1]=b c",
            "a >& f",
            "a 12> f",
            "a {x}> f",
            "a >| f",
            "a <> f",
            "a 2>&-",
        ),
        *(
            "a > *",
            "a <<'E'",
            "a <<'E'\nx",
            "a <<-'E'\nE",
            "a <<'E' | b\nE",
            "a [!b]",
            "a [^b]",
            "a [[:alpha:]]",
            "a @(b)",
        ),
        *(
            "a\rb",
            "a\x00b",
            "a\x1bb",
            "a\u00a0b",
            "a\u2003b",
            "a\u202eb",
            "a\u200bb",
            "a \ue000",
            "a\u2028b",
            "a \ufeff",
        ),
        *("a\x0bb", "a\x0cb", "a\udcff", "a " + 30_000 * "b", "a \\"),
    ],
)
def test_what_may_mean_more_is_not_read(line: str) -> None:
    assert read_line(line) is None


LETTERS = st.text(alphabet="ab;&|\n \t'\"$`\\(){}<>*?[]~!#^=-%:,.+@/é1", max_size=24)
PIECES = st.lists(
    st.sampled_from(
        [
            "a",
            "b",
            " ",
            "'x;y'",
            '"p q"',
            ";",
            "&&",
            "||",
            "|",
            "\n",
            "=",
            "-n",
            "''",
            "2>&1",
            ">/dev/null",
            "\\",
            "^",
            "~",
            "A=1 ",
        ]
    ),
    max_size=12,
)


@example("\\=")
@example("'A=1' b")
@given(st.one_of(LETTERS, PIECES.map("".join), st.text(max_size=20)))
def test_whatever_is_read_is_read_again_as_it_is_written_down(line: str) -> None:
    found = read_line(line)
    if found is None or any(one.operator == "<<" for simple in found for one in simple.redirections):
        return
    for simple in found:
        again = read_line(written(simple, simple.texts))
        assert again is not None
        assert again[0].texts == simple.texts
        assert [one.operator for one in again[0].redirections] == [one.operator for one in simple.redirections]


@pytest.fixture(scope="module")
def echoing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the one program `p`, which writes its words down."""
    folder = tmp_path_factory.mktemp("bin")
    program = folder / "p"
    program.write_text('#!/bin/sh\nprintf "%s\\0" "A=$A" "$@" >> "$OUT"\nprintf "\\n\\0" >> "$OUT"\n')
    program.chmod(0o755)
    return folder


@pytest.mark.parametrize("shell", SHELLS)
@settings(max_examples=60)
@given(text=st.one_of(LETTERS, PIECES.map("".join)))
def test_a_shell_runs_just_the_words_of_a_line_that_is_read(echoing: Path, shell: str, text: str) -> None:
    found = read_line(f"p {text}")
    if found is None or len(found) != 1 or any(word.pattern for word in found[0].words):
        return
    if any(one.target.text not in ("1", "2", "/dev/null") for one in found[0].redirections):
        return
    assert ran(echoing, shell, f"p {text}") == [("A=", *found[0].texts[1:])]


SHAPES = [
    "p a && p b; p c",
    "A=1 p a 2>&1 | cat; p b",
    "p 'a b' || p no\np \"c $\" \\; \\'",
    "cd . && A=x p a >/dev/null && p b 2>/dev/null",
    "p <<'E' a\n$x `y`\nE\np b",
    "p HEAD~1 HEAD^ x@{1} {} a#b x~ !y a=b",
]


@pytest.mark.parametrize("shell", SHELLS)
@for_each("line", SHAPES)
def test_a_shell_runs_the_parts_of_what_is_read_through(echoing: Path, shell: str, line: str) -> None:
    found = read_line(line)
    assert found is not None
    wanted = [
        (f"A={dict(one.assignments)['A'].text if one.assignments else ''}", *one.texts[1:])
        for one in found
        if one.texts[0] == "p" and one.joint != "||"
    ]
    assert ran(echoing, shell, line) == wanted


def ran(folder: Path, shell: str, line: str) -> list[tuple[str, ...]]:
    """What each run of `p` was given."""
    out = folder / "out"
    out.write_bytes(b"")
    environment = {"PATH": f"{folder}:{os.defpath}", "OUT": str(out)}
    subprocess.run([shell, "-c", line], env=environment, check=True, timeout=120, cwd=folder, capture_output=True)
    runs = out.read_bytes().split(b"\n\0")[:-1]
    return [tuple(os.fsdecode(word) for word in run.split(b"\0")[:-1]) for run in runs]


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
    assert words in crude_segments(line)
