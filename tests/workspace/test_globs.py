"""What a glob means."""

from contextlib import suppress

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from chatls.errors import ToolError
from chatls.workspace.globs import escaped, wanted


def chosen(glob: str, *names: str, folder: str = ".") -> list[str]:
    return [name for name in names if wanted(glob, folder).includes(name)]


@pytest.mark.parametrize(
    ("glob", "names"),
    [
        ("*.{py,md}", ["a.py", "x/b.md", "x/c1.md"]),
        ("{a,x/b}.{py,md}", ["a.py", "x/b.md"]),
        ("x/{b,c{1,2}}.md", ["x/b.md", "x/c1.md"]),
        ("{a}.py", ["a.py"]),
        ("a{,x}.py", ["a.py"]),
        ("a\\{b,c}", ["a{b,c}"]),
        ("[{]d", ["{d"]),
        ("{d", ["{d"]),
        ("#e", ["#e"]),
        ("\\!f", ["!f"]),
        ("!*", []),
        ("x/*", ["x/b.md", "x/c1.md"]),
        ("", ["a.py", "x/b.md", "x/c1.md", "a{b,c}", "{d", "#e", "!f"]),
    ],
)
def test_a_glob_chooses_by_gitignores_rules_and_braces(glob: str, names: list[str]) -> None:
    assert chosen(glob, "a.py", "x/b.md", "x/c1.md", "a{b,c}", "{d", "#e", "!f") == names


def test_below_a_folder_a_glob_with_a_slash_counts_from_there_or_from_the_root() -> None:
    names = ("src/a/b.py", "src/src/a/b.py", "a/b.py", "src/x/a/b.py")
    assert chosen("a/*.py", *names, folder="src") == ["src/a/b.py", "a/b.py"]
    assert chosen("src/a/*.py", *names, folder="src") == ["src/a/b.py", "src/src/a/b.py"]
    assert chosen("b.py", *names, folder="src") == list(names)


def test_ripgrep_is_told_to_leave_out_only_what_cannot_be_wanted() -> None:
    assert wanted("src/**/*.{js,ts}").arguments == ("--type-add=wanted:*.js", "--type-add=wanted:*.ts", "--type=wanted")
    for glob in ("src", "src/", "**", "*", "src/**", "test_*", "*.{py,x}{", "a:b.py", ".github"):
        assert wanted(glob).arguments == (), glob
    assert wanted("!*.py").arguments == ("--glob=!*.py",)


@given(st.text(st.sampled_from("ab{},\\[]!*?/.#^- "), max_size=20))
def test_any_text_is_a_glob_or_is_refused(glob: str) -> None:
    with suppress(ToolError):
        wanted(glob).includes("a/b")


def test_braces_in_braces_are_bounded() -> None:
    for glob in ("{a,b}" * 30, "{" * 150 + "}" * 150, "{{a,b},{c,d}}" * 20):
        with pytest.raises(ToolError):
            assert wanted(glob) is None


@given(st.text(st.sampled_from("ab*?[]\\!{}."), min_size=1))
def test_an_escaped_path_matches_itself(name: str) -> None:
    assert wanted(f"/x/{escaped(name)}".replace("{", "[{]").replace("}", "[}]")).includes(f"x/{name}")


@settings(max_examples=300)
@given(
    glob=st.text(st.sampled_from("ab*?/."), min_size=1, max_size=8)
    | st.lists(st.sampled_from(["**", "*", "a", "b*"])).map("/".join),
    path=st.lists(st.sampled_from(["a", "b", "ab", "ba.b", ".a"]), min_size=1, max_size=4).map("/".join),
)
def test_a_glob_means_what_it_means_in_a_gitignore(glob: str, path: str) -> None:
    assume(glob.strip("./") and "//" not in glob)  # no glob; one that git does not fold
    try:
        here = wanted(glob).includes(path)
    except ToolError:
        return
    git = GitIgnoreSpec.from_lines([glob.removeprefix("./")]).match_file(path)
    assert here is git


def test_no_glob_takes_long_however_many_stars_it_has() -> None:
    """A single regular expression would try until the end of days."""
    name = "a" * 250
    assert not wanted("*a" * 100 + "b").includes(f"{name}/{name}")
    assert not wanted("**/a*/" * 40 + "b").includes("/".join([name] * 40))
