"""Searching files and unsaved documents."""

import os
import stat
import sysconfig
from pathlib import Path

import anyio
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from playground import Playground, text_of

from chatls.content import Location
from chatls.errors import ToolError
from chatls.tools import list_files, search
from chatls.tools.searching import ripgrep

pytestmark = pytest.mark.asyncio

LONG = 120.0
RIPGREP = Path(sysconfig.get_path("scripts")) / "rg"


async def refusal(ws: Playground, pattern: str, **arguments: object) -> str:
    with pytest.raises(ToolError) as caught:
        await ws.call(search, pattern=pattern, **arguments)
    assert len(str(caught.value)) < 800
    return str(caught.value)


async def found(ws: Playground, pattern: str, **arguments: object) -> list[str]:
    """The lines of the answer that name a place."""
    text = await ws.ask(search, pattern=pattern, **arguments)
    return [line for line in text.split("\n\n", 1)[-1].split("\n") if line] if "\n\n" in text else []


async def test_matches_are_grouped_by_file_with_paths_and_lines(ws: Playground) -> None:
    ws.write("b.py", "x = 1\ntodo: one\n")
    ws.write("a/a.py", "TODO two\n\ntodo three\n")
    output = await ws.call(search, pattern="todo")
    assert text_of(output) == ("3 matches in 2 files\n\na/a.py:1: TODO two\na/a.py:3: todo three\n\nb.py:2: todo: one")
    assert not output.truncated


async def test_case_counts_when_asked_and_a_literal_is_no_expression(ws: Playground) -> None:
    ws.write("a", "f(x)\nF(x)\nfx\n")
    assert await found(ws, "f(x)") == ["a:3: fx"]
    assert await found(ws, "f(x)", literal=True) == ["a:1: f(x)", "a:2: F(x)"]
    assert await found(ws, "f(x)", literal=True, case_sensitive=True) == ["a:1: f(x)"]
    assert await found(ws, "^F", case_sensitive=True) == ["a:2: F(x)"]


async def test_the_lines_around_a_match_are_marked_and_gaps_are_shown(ws: Playground) -> None:
    ws.write("a", "1\n2\nhit\n4\n5\n6\n7\nhit\n9\n")
    assert await found(ws, "hit", context=1) == [
        "a-2- 2", "a:3: hit", "a-4- 4", "--", "a-7- 7", "a:8: hit", "a-9- 9"
    ]  # fmt: skip
    assert len(await found(ws, "hit", context=10**9)) == 9


async def test_one_file_or_one_folder_can_be_searched(ws: Playground) -> None:
    ws.write("src/a.py", "hit")
    ws.write("src/b.py", "hit")
    ws.write("docs/a.md", "hit")
    assert await found(ws, "hit", path="src") == ["src/a.py:1: hit", "src/b.py:1: hit"]
    assert await found(ws, "hit", path="src/b.py") == ["src/b.py:1: hit"]
    assert await found(ws, "hit", path=str(ws.folder / "docs")) == ["docs/a.md:1: hit"]
    assert len(await found(ws, "hit", path=".")) == 3


async def test_a_path_that_is_none_is_refused_with_the_reason(ws: Playground) -> None:
    ws.write("src/a.py", "hit")
    os.mkfifo(ws.folder / "pipe")
    (ws.folder / "out").symlink_to("/etc")
    with anyio.fail_after(LONG):
        assert 'did you mean "src"?' in await refusal(ws, "x", path="scr")
        assert "is a named pipe" in await refusal(ws, "x", path="pipe")
        assert "outside the workspace" in await refusal(ws, "x", path="out")
        assert "outside the workspace" in await refusal(ws, "x", path="../")


async def test_without_a_root_there_is_nothing_to_search(ws: Playground) -> None:
    ws.folders.clear()
    assert "no folder is open" in await refusal(ws, "x")


async def test_no_match_is_an_answer_that_helps(ws: Playground) -> None:
    ws.write("src/a.py", "f(x)")
    text = await ws.ask(search, pattern="f(x)", path="src", glob="*.py")
    assert text.startswith('no matches for "f(x)" in "src" in files like "*.py": 1 file was searched\n')
    assert "literal=true" in text
    assert ".gitignore" not in text
    assert "literal" not in await ws.ask(search, pattern="plain")


async def test_a_glob_chooses_the_files_and_gitignore_still_counts(ws: Playground) -> None:
    (ws.folder / ".git").mkdir()
    ws.write(".git/config", "hit")
    ws.write(".git/description", "hit")
    ws.write(".gitignore", "*.log\nbuild/\n")
    for name in ("a.py", "src/b.py", "src/c.js", "src/deep/d.py", "e.log", "build/f.py", ".hidden.py"):
        ws.write(name, "hit")

    async def files(**arguments: object) -> list[str]:
        return [line.partition(":")[0] for line in await found(ws, "hit", **arguments)]

    python = [".hidden.py", "a.py", "src/b.py", "src/deep/d.py"]
    everything = sorted([*python, "src/c.js"])
    assert await files() == everything
    assert await files(glob="*.py") == python
    for glob in ("*", "**", "**/*", "", "./**"):
        assert await files(glob=glob) == everything, glob
    assert await files(glob="*.{js,log}") == ["src/c.js"]
    assert await files(glob="src/*.py") == ["src/b.py"]
    assert await files(glob="src/**/*.py") == ["src/b.py", "src/deep/d.py"]
    assert await files(glob="src") == await files(glob="src/") == ["src/b.py", "src/c.js", "src/deep/d.py"]
    assert await files(glob="!*.py") == ["src/c.js"]
    assert await files(glob="!src/deep") == [".hidden.py", "a.py", "src/b.py", "src/c.js"]
    assert await files(path="src", glob="deep/*.py") == ["src/deep/d.py"]
    assert await files(path="src", glob="src/deep/*.py") == ["src/deep/d.py"]
    assert await files(path="build") == ["build/f.py"]
    assert await files(path="e.log") == ["e.log"]
    assert await files(path="a.py", glob="*.js") == ["a.py"]
    assert await files(path=".git") == [".git/description"]


async def test_a_glob_that_is_none_is_refused(ws: Playground) -> None:
    ws.write("a.py", "hit")
    assert "glob" in await refusal(ws, "hit", glob="a\nb")
    assert "glob" in await refusal(ws, "hit", glob="{a,b}" * 20)
    assert "glob" in await refusal(ws, "hit", glob="*.[a")


async def test_a_pattern_is_never_an_option_or_a_file(ws: Playground) -> None:
    ws.write("a", "--pre=./x\n-f/etc/passwd\n-x\n--\n")
    ws.write("x", "#!/bin/sh\ntouch ran\n").chmod(0o755)
    assert await found(ws, "--pre=./x") == ["a:1: --pre=./x"]
    assert await found(ws, "-f/etc/passwd") == ["a:2: -f/etc/passwd"]
    assert await found(ws, "^-x$") == ["a:3: -x"]
    assert await found(ws, "^--$") == ["a:4: --"]
    assert await found(ws, "x", glob="--pre=./x") == []
    ws.write("-x", "dash")
    assert await found(ws, "dash", path="-x") == ["-x:1: dash"]
    assert not (ws.folder / "ran").exists()


async def test_a_pattern_that_is_no_expression_is_refused_and_the_way_out_is_told(ws: Playground) -> None:
    ws.write("a", "f(")
    message = await refusal(ws, "f(")
    assert "unclosed group" in message
    assert "literal=true" in message
    assert "multiline=true" in await refusal(ws, r"a[\n]b")
    assert "literal=true" in await refusal(ws, "(?=look)")
    assert await found(ws, "f(", literal=True) == ["a:1: f("]


async def test_a_pattern_that_nothing_can_match_is_refused(ws: Playground) -> None:
    for pattern in ("a\rb", "a\0b"):
        assert "no NUL and no CR" in await refusal(ws, pattern, literal=True)
    assert "too long" in await refusal(ws, "x" * 20_000)
    assert "at least 1 character" in await refusal(ws, "")
    assert "valid string" in await refusal(ws, "half \ud800")


async def test_the_end_of_a_windows_line_is_an_end(ws: Playground) -> None:
    ws.write("a", "one;\r\ntwo; \r\n")
    assert await found(ws, ";$") == ["a:1: one;"]


async def test_ripgreps_configuration_is_not_read(ws: Playground, monkeypatch: pytest.MonkeyPatch) -> None:
    ws.write("a", "hit")
    monkeypatch.setenv("RIPGREP_CONFIG_PATH", str(ws.write("rc", "--invert-match\n--glob=!a\n")))
    assert await found(ws, "^hit") == ["a:1: hit"]


async def test_the_daemons_keys_are_not_handed_to_ripgrep(ws: Playground, monkeypatch: pytest.MonkeyPatch) -> None:
    script = ws.folder.parent / "rg"
    script.write_text(f'#!/bin/sh\nenv > {ws.folder}/seen\nexec "{RIPGREP}" "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("SOME_API_KEY", "canary")
    monkeypatch.setattr(ripgrep, "_own", lambda: script)
    ws.write("a", "hit")
    assert await found(ws, "^hit") == ["a:1: hit"]
    assert "canary" not in (ws.folder / "seen").read_text()


# What was searched, and what was not


async def test_no_match_tells_how_much_was_searched_and_what_was_not(ws: Playground) -> None:
    (ws.folder / ".git").mkdir()
    ws.write(".gitignore", "*.log\n/out/\n")
    for name in ("a.py", "b.py", "docs/c.md"):
        ws.write(name, "text\n")
    assert 'no matches for "zzz": 4 files were searched' in await ws.ask(search, pattern="zzz")
    for number in range(3):
        ws.write(f"{number}.log", "zzz")
    ws.write("out/d.py", "zzz")
    ws.write("e.bin", b"zz\0z")
    ws.write("f.txt", b"text\n" * 2_100_000)
    ws.open("new.py", "not saved")
    assert await ws.ask(search, pattern="zzz") == (
        'no matches for "zzz": 5 files were searched\n'
        "not searched: 4 files that .gitignore hides, 1 file with binary data, 1 file over 10 MB. A file is searched "
        "all the same where `path` names it, and those that .gitignore hides where it names their folder."
    )
    assert "3 files were searched\nnot searched: 1 file that" in await ws.ask(search, pattern="zzz", glob="*.py")
    text = await ws.ask(search, pattern="zzz", glob="*.rs")
    assert text == 'no matches for "zzz" in files like "*.rs": no file was searched, for there is none like that'
    assert "1 file was searched" in await ws.ask(search, pattern="zzz", path="a.py")
    assert "1 file was searched" in await ws.ask(search, pattern="zzz", path="new.py")


@pytest.mark.parametrize("named", ["~/rules", None], ids=["core.excludesFile", "git/ignore"])
async def test_what_the_user_ignores_everywhere_hides_files_and_no_folder_that_is_named(
    ws: Playground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str | None
) -> None:
    home = tmp_path / "home"
    (home / ".config/git").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    (home / "rules" if named else home / ".config/git/ignore").write_text("notes/*\n")
    if named:
        (tmp_path / "dotfiles").write_text(f"[user]\n\tname = x\n[core]\n\texcludesFile = {named}\n")
        (home / ".gitconfig").symlink_to(tmp_path / "dotfiles")
    ws.write(".git/HEAD", "ref: refs/heads/main\n")
    ws.write("notes/a.md", "hit")
    ws.write("b.md", "hit")
    assert await found(ws, "hit") == ["b.md:1: hit"]
    assert await found(ws, "hit", path="notes") == ["notes/a.md:1: hit"]
    assert "notes/a.md" in await ws.ask(list_files, path="notes")
    assert "notes" not in await ws.ask(list_files)


async def test_a_folder_that_is_named_is_searched_whatever_hides_it(ws: Playground) -> None:
    (ws.folder / ".git/info").mkdir(parents=True)
    ws.write(".git/info/exclude", "/private/**\n")
    ws.write(".gitignore", "tmp/*\n!tmp/.keep\n/cache/\n*.log\nvendor/**\n!*.md\n")
    ws.write("venv/.gitignore", "# made by a tool\n*\n")
    ws.write("kept/.gitignore", "*\n!*\n")
    for name in (
        "tmp/.keep", "tmp/a", "tmp/in/b", "cache/c/d", "venv/lib/e", "vendor/f", "private/g", "src/h", "src/i.log",
        "kept/j",
    ):  # fmt: skip
        ws.write(name, "hit")

    async def files(**arguments: object) -> list[str]:
        return [line.partition(":")[0] for line in await found(ws, "hit", **arguments)]

    assert await files() == ["kept/j", "src/h", "tmp/.keep"]
    assert await files(path="tmp") == ["tmp/.keep", "tmp/a", "tmp/in/b"]
    assert await files(path="cache/c") == ["cache/c/d"]
    assert await files(path="venv") == await files(path="venv/lib") == ["venv/lib/e"]
    assert await files(path="vendor") == ["vendor/f"]
    assert await files(path="private") == ["private/g"]
    assert await files(path="src") == ["src/h"]
    assert await files(path="src/i.log") == ["src/i.log"]
    assert await files(path="tmp", glob="b") == ["tmp/in/b"]


async def test_several_globs_stand_with_commas_between_them(ws: Playground) -> None:
    for name in ("a.py", "test_a.py", "b.tsx", "c.md", "d,e.txt", "lib/f.go"):
        ws.write(name, "hit")

    async def files(glob: str) -> list[str]:
        return [line.partition(":")[0] for line in await found(ws, "hit", glob=glob)]

    assert await files("*.py,*.tsx") == await files(" *.py , *.tsx,") == ["a.py", "b.tsx", "test_a.py"]
    assert await files("*.py,!test_*") == ["a.py"]
    assert await files("!*.py,*.md") == await files("!*.py,!*.md") == ["b.tsx", "d,e.txt", "lib/f.go"]
    assert await files("{a,test_a}.py,lib/*") == ["a.py", "lib/f.go", "test_a.py"]
    assert await files("d,e.txt") == ["d,e.txt"]


# Forms of the answer


async def test_only_the_names_of_files_or_the_matches_in_each_are_told(ws: Playground) -> None:
    ws.write("a", "hit\nhit hit\n")
    ws.write("src/b", "miss\nhit\n")
    ws.write("c", "saved")
    ws.open("c", "hit\nhit\nhit")
    note = "unsaved text from the editor: c\n\n"
    assert await ws.ask(search, pattern="hit", output="files") == f"3 files\n{note}a\nc\nsrc/b"
    assert await ws.ask(search, pattern="hit", output="counts") == f"6 matches in 3 files\n{note}a: 2\nc: 3\nsrc/b: 1"
    output = await ws.call(search, pattern="hit", output="files", max_results=2)
    assert text_of(output).startswith("2 files, and there are more")
    assert output.truncated
    assert "no matches" in await ws.ask(search, pattern="zzz", output="files")
    assert "Input should be 'lines', 'files' or 'counts'" in await refusal(ws, "x", output="names")
    ws.write("two\nlines", "hit\n" * 3000)
    assert (await ws.ask(search, pattern="hit", output="counts", max_results=9)).count("two%0Alines: 3000") == 1


async def test_a_pattern_may_reach_across_lines(ws: Playground) -> None:
    ws.write("unix", "one\ntwo\nthree\n")
    ws.write("windows", "one\r\ntwo\r\nthree\r\n")
    ws.open("new", "one\ntwo")
    ws.open("newer", "one\n")
    ws.open("newest", "two\n")
    both = ["new:1: one", "new:2: two", "unix:1: one", "unix:2: two", "windows:1: one", "windows:2: two"]
    for pattern in (r"one\ntwo", "one\ntwo", r"e\r\ntw", r"n.*\n+t"):
        assert await found(ws, pattern, case_sensitive=True) == both, pattern
    assert await found(ws, "one\ntwo", literal=True) == await found(ws, "one\r\ntwo", literal=True) == both
    assert await found(ws, "one.two", multiline=True, path="unix") == ["unix:1: one", "unix:2: two"]
    assert await found(ws, "one.*three", multiline=True, path="unix", context=1) == [
        "unix:1: one", "unix:2: two", "unix:3: three"
    ]  # fmt: skip
    assert await found(ws, "one.two") == []
    assert "matches of 2 lines in 1 file" in await ws.ask(search, pattern="one.two", multiline=True, path="unix")
    assert (await ws.ask(search, pattern=r"one\ntwo", output="counts")).endswith("new: 1\nunix: 1\nwindows: 1")
    ws.write("sets", "a[\n]b\\n")
    assert await found(ws, r"\\n", path="sets") == [r"sets:2: ]b\n"]


# Bounds


async def test_too_many_matches_are_cut_the_same_way_each_time_and_the_way_on_is_told(ws: Playground) -> None:
    for number in range(300):
        ws.write(f"{number % 7}/{number:03}.txt", "hit\nhit\n")
    output = await ws.call(search, pattern="hit", max_results=5)
    assert text_of(output) == (
        "5 matches in 3 files, and there are more: give a narrower path or glob, or a larger max_results\n\n"
        "0/000.txt:1: hit\n0/000.txt:2: hit\n\n0/007.txt:1: hit\n0/007.txt:2: hit\n\n0/014.txt:1: hit"
    )
    assert output.truncated
    assert len(await found(ws, "hit", max_results=600)) == 600
    assert not (await ws.call(search, pattern="hit", max_results=600)).truncated


async def test_a_cut_answer_shows_no_lines_of_the_match_that_was_left_out(ws: Playground) -> None:
    ws.write("a", "hit\n2\n3\n4\n5\nhit\n7\n")
    assert await found(ws, "hit", context=1, max_results=1) == ["a:1: hit", "a-2- 2"]


async def test_an_answer_holds_at_most_50_kb(ws: Playground) -> None:
    ws.write("a", ("hit " + "é" * 300 + "\n") * 1000)
    output = await ws.call(search, pattern="hit", max_results=2000)
    assert output.truncated
    assert "and there are more" in text_of(output)


async def test_a_long_line_is_shown_around_its_match(ws: Playground) -> None:
    ws.write("min.js", "é" * 5000 + "NEEDLE" + "x" * 5000)
    (line,) = await found(ws, "needle")
    assert line.startswith("min.js:1: ...éé")
    assert line.endswith("xx...")
    assert "NEEDLE" in line
    assert len(line) < 450
    (line,) = await found(ws, "^.", case_sensitive=True)
    assert line == "min.js:1: " + "é" * 400 + "..."


async def test_a_line_of_megabytes_is_told_by_its_number(ws: Playground) -> None:
    ws.write("huge.json", b"first\n" + b"hit " * 500_000 + b"\nhit\n")
    told = "huge.json: line 2 matches, but is too long to show"
    assert await found(ws, "hit") == [told, "huge.json:3: hit"]
    assert await found(ws, "hit", path="huge.json") == [told, "huge.json:3: hit"]
    assert await found(ws, "^hit$", context=1) == [
        "huge.json: line 2 is too long to show",
        "huge.json:3: hit",
    ]
    ws.open("huge.json", "first\n" + "hit " * 500_000 + "\nhit\n")
    assert await found(ws, "hit") == [told, "huge.json:3: hit"]


async def test_a_common_letter_in_a_long_line_is_found_without_writing_out_every_match(
    ws: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = ws.folder.parent / "sizes"
    fake(ws, monkeypatch, f'"{RIPGREP}" "$@" > "{sizes}.out"; wc -c < "{sizes}.out" >> "{sizes}"; cat "{sizes}.out"')
    ws.write("line.txt", b"e" * 9_000_000)
    ws.open("open.txt", "\u20ac" * 3_000_000)
    ws.write("short.txt", b"e" * 300_000 + b"\n" + b"x" * 300_000 + b"NEEDLE" + b"\n")
    told = "matches, but is too long to show"
    assert await found(ws, "e") == [f"line.txt: line 1 {told}", *(await found(ws, "e", path="short.txt"))]
    assert await found(ws, "\u20ac") == [f"open.txt: line 1 {told}"]
    assert "NEEDLE" in (await found(ws, "needle"))[0]
    assert max(map(int, sizes.read_text().split())) < 5_000_000


async def test_of_many_long_lines_each_is_shown_or_told(ws: Playground) -> None:
    ws.write("many.txt", (b"e" * 900_000 + b"NEEDLE\n") * 11)
    lines = await found(ws, "needle")
    assert [line.endswith("NEEDLE") for line in lines] == [True] * 8 + [False] * 3
    assert lines[-1] == "many.txt: line 11 matches, but is too long to show"


async def test_a_long_line_is_shown_around_its_match_wherever_that_is(ws: Playground) -> None:
    ws.write("wide.txt", ("\u20ac" * 900 + "NEEDLE" + "x" * 900 + "\n").encode("utf-16"))
    ws.write("latin.txt", b"\xe9" * 2000 + b"NEEDLE" + b"\xe9" * 2000 + b"\r\nNEEDLE$\r\n")
    ws.open("astral.txt", "\U0001d11e" * 900 + "NEEDLE" + "\U0001d11e" * 900)
    astral, latin, short, wide = await found(ws, "needle", case_sensitive=False)
    assert astral == "astral.txt:1: ..." + "\U0001d11e" * 100 + "NEEDLE" + "\U0001d11e" * 294 + "..."
    assert latin == "latin.txt:1: ..." + "é" * 100 + "NEEDLE" + "é" * 294 + "..."
    assert short == "latin.txt:2: NEEDLE$"
    assert wide == "wide.txt:1: ..." + "\u20ac" * 100 + "NEEDLE" + "x" * 294 + "..."


async def test_a_large_file_is_searched_only_where_it_is_named(ws: Playground) -> None:
    ws.write("large.log", b"line\n" * 2_200_000 + b"hit\n")
    assert await found(ws, "hit") == []
    assert await found(ws, "hit", path="large.log") == ["large.log:2200001: hit"]
    with (ws.folder / "huge.log").open("wb") as file:
        file.truncate(5 * 10**9)
    with anyio.fail_after(LONG):
        assert await found(ws, "hit") == []
        assert "larger than 200 MB" in await refusal(ws, "hit", path="huge.log")


async def test_binary_files_are_left_out(ws: Playground) -> None:
    ws.write("bin", b"\0\1\2hit\0")
    ws.write("text", "hit")
    assert await found(ws, "hit") == ["text:1: hit"]


async def test_what_ripgrep_remarks_on_a_binary_file_is_taken_for_no_name(ws: Playground) -> None:
    late = b"hit\n" + b"x\n" * 200_000 + b"\0"
    ws.write("a.txt", late)
    ws.write("b\nc: WARNING: stopped.txt", late)
    ws.write("d.txt", "hit")
    lines = await found(ws, "hit")
    assert [line.rpartition("/")[2] for line in lines] == [
        "a.txt:1: hit",
        "d.txt:1: hit",
        "b%0Ac%3A%20WARNING%3A%20stopped.txt:1: hit",
    ]
    assert await found(ws, "hit", path="a.txt") == ["a.txt:1: hit"]


async def test_control_characters_are_not_shown(ws: Playground) -> None:
    ws.write("a", "hit \x1b]52;c;evil\x07\tend")
    assert await found(ws, "hit") == ["a:1: hit \ufffd]52;c;evil\ufffd\tend"]


async def test_other_encodings_are_searched(ws: Playground) -> None:
    ws.write("wide", "größe\n".encode("utf-16"))
    ws.write("latin", b"gr\xf6\xdfe hit\n")
    assert await found(ws, "größe") == ["wide:1: größe"]
    assert await found(ws, "hit") == ["latin:1: größe hit"]


async def test_links_are_not_followed_and_loops_end(ws: Playground) -> None:
    ws.write("a/b.txt", "hit")
    (ws.folder / "a/loop").symlink_to("../a")
    (ws.folder / "passwd").symlink_to("/etc/passwd")
    with anyio.fail_after(LONG):
        assert await found(ws, "hit|root") == ["a/b.txt:1: hit"]


async def test_odd_names_are_told_in_a_form_that_can_be_read(ws: Playground) -> None:
    (ws.folder / os.fsdecode(b"bad\xff.txt")).write_text("hit")
    ws.write("two\nlines", "hit")
    uri = ws.folder.as_uri()
    assert await found(ws, "hit") == [f"{uri}/bad%FF.txt:1: hit", f"{uri}/two%0Alines:1: hit"]
    assert await found(ws, "hit", path=f"{uri}/bad%FF.txt") == [f"{uri}/bad%FF.txt:1: hit"]


async def test_the_root_folder_of_the_system_may_be_searched_without_the_kernels_files(ws: Playground) -> None:
    ws.folders["ws"] = Path("/")
    with anyio.fail_after(LONG):
        assert "outside" in await refusal(ws, "x", path="/proc/self")
        assert await found(ws, "hit", path=str(ws.folder)) == []


# Several roots


async def test_all_roots_are_searched_and_named(ws: Playground) -> None:
    other = ws.folder.parent / "other"
    ws.folders["other"] = other
    ws.write("src/a.py", "hit")
    (other / "lib").mkdir(parents=True)
    (other / "lib/b.py").write_text("hit")
    assert await found(ws, "hit") == ["other/lib/b.py:1: hit", "ws/src/a.py:1: hit"]
    assert await found(ws, "hit", path="other/lib") == ["other/lib/b.py:1: hit"]
    assert await found(ws, "hit", glob="other/lib/*.py") == ["other/lib/b.py:1: hit"]
    assert await found(ws, "hit", glob="!other/lib") == ["ws/src/a.py:1: hit"]
    assert len(await found(ws, "hit", max_results=1)) == 1
    assert (await ws.call(search, pattern="hit", max_results=1)).truncated


async def test_a_root_inside_another_is_searched_once(ws: Playground) -> None:
    ws.write("inner/a", "hit")
    ws.folders["inner"] = ws.folder / "inner"
    assert await found(ws, "hit") == ["inner/a:1: hit"]


# Unsaved documents


async def test_the_matches_of_an_unsaved_document_are_its_own_and_not_the_files(ws: Playground) -> None:
    ws.write("a.py", "old hit\n")
    ws.write("b.py", "saved hit\n")
    ws.open("a.py", "first\nnew hit\n")
    ws.open("b.py", "saved hit\n")
    assert await ws.ask(search, pattern="hit") == (
        "2 matches in 2 files\nunsaved text from the editor: a.py\n\na.py:2: new hit\n\nb.py:1: saved hit"
    )
    assert await found(ws, "old") == []
    assert await found(ws, "hit", path="a.py") == ["a.py:2: new hit"]
    assert await found(ws, "old", path="a.py") == []


async def test_a_document_that_is_not_on_the_disk_yet_is_searched(ws: Playground) -> None:
    ws.open("new/a.py", "hit")
    ws.open("new/b.py", "hit")
    assert await found(ws, "hit") == ["new/a.py:1: hit", "new/b.py:1: hit"]
    assert await found(ws, "hit", path="new") == ["new/a.py:1: hit", "new/b.py:1: hit"]
    assert await found(ws, "hit", path="new/b.py") == ["new/b.py:1: hit"]
    assert "there is no" in await refusal(ws, "hit", path="new/c.py")


async def test_documents_outside_or_in_the_repository_itself_are_not_searched(ws: Playground) -> None:
    ws.open("../far.py", "hit")
    ws.documents[ws.folder.parent / "far.py"] = ws.documents.pop(ws.folder / "../far.py")
    ws.open(".git/COMMIT_EDITMSG", "hit")
    assert await found(ws, "hit") == []


async def test_a_glob_chooses_documents_by_the_rules_for_files(ws: Playground) -> None:
    names = ["a.py", "src/b.py", "src/deep/c.py", "src/d.js", "e.txt", ".hidden", "odd[1].py"]
    globs = ["*.py", "src/*", "src/**", "**/*.py", "*.{py,js}", "!*.py", "!src/deep/", "src", "d*", "[a-d].*", "?.txt",
             "/a.py", "!/src", ".*", "odd\\[1\\].py", "src/{b,d}.*", "{src/deep/c.py,e.txt}"]  # fmt: skip
    for name in names:
        ws.write(name, "hit")
    on_disk = {glob: await found(ws, "hit", glob=glob) for glob in globs}
    for name in names:
        (ws.folder / name).unlink()
        ws.open(name, "hit")
    assert {glob: await found(ws, "hit", glob=glob) for glob in globs} == on_disk
    assert all(on_disk.values())


async def test_context_does_not_cross_from_one_document_into_another(ws: Playground) -> None:
    ws.open("a", "hit\nlast of a")
    ws.open("b", "first of b\nhit")
    assert await found(ws, "hit", context=3) == ["a:1: hit", "a-2- last of a", "b-1- first of b", "b:2: hit"]
    assert await found(ws, "^$", context=3) == []
    ws.open("a", "1\nhit")
    ws.open("b", "1\n2\n3\nhit\n5\n6")
    ws.open("c", "hit")
    expected = ["a-1- 1", "a:2: hit", "b-3- 3", "b:4: hit", "b-5- 5", "c:1: hit"]
    assert await found(ws, "hit", context=1) == expected


async def test_marks_and_nul_characters_in_a_document_do_not_disturb_a_search(ws: Playground) -> None:
    ws.open("a", "\ufeffhit")
    ws.open("b", "\ufeffx\0y\nhit\n\0hit\nhit")
    assert await found(ws, "^hit") == ["a:1: hit", "b:2: hit", "b:4: hit"]


async def test_matches_of_documents_and_files_are_counted_together(ws: Playground) -> None:
    ws.open("m", "hit\nhit\n")
    for name in ("a", "z"):
        ws.write(name, "hit\n")
    for most in (1, 2, 3):
        output = await ws.call(search, pattern="hit", max_results=most)
        assert text_of(output).startswith(f"{most} match")
        assert output.truncated
    assert not (await ws.call(search, pattern="hit", max_results=4)).truncated


@settings(max_examples=60)
@given(
    texts=st.lists(st.text(st.sampled_from("ab\n\r\0\ufeffé𝄞\u2028\x85 ") | st.characters()), max_size=4),
    pattern=st.text(st.sampled_from("abé𝄞 ") | st.characters(exclude_categories=["Cs"]), min_size=1, max_size=2).filter(
        lambda text: not set("\n\r\0") & set(text)
    ),
)
@example(texts=["", "\ufeffab", "ab\r\n", "ab"], pattern="b")
@example(texts=["\ufeff\ufeffa", "\ufeff\ufeffb"], pattern="\ufeff")
async def test_a_literal_search_of_documents_finds_what_python_finds(
    ws: Playground, texts: list[str], pattern: str
) -> None:
    ws.documents.clear()
    expected: list[tuple[str, int]] = []
    for index, text in enumerate(texts):
        ws.open(f"{index}.txt", text)
        lines = text.removeprefix("\ufeff").encode("utf-8", "replace").decode().split("\n")
        expected += [(f"{index}.txt", number) for number, line in enumerate(lines, 1) if pattern in line]
    answer = await ws.ask(search, pattern=pattern, literal=True, case_sensitive=True, max_results=2000)
    places = [line.split(":")[:2] for line in answer.split("\n") if line[:5] in {f"{n}.txt" for n in range(4)}]
    assert [(name, int(number)) for name, number in places] == expected


# Secrets


async def test_secret_files_are_never_searched_and_that_is_said(ws: Playground) -> None:
    for name in (".env", "src/.ENV.local", "id_rsa", ".aws/credentials", "tls/server.key"):
        ws.write(name, "PASSWORD=hunter2\n")
    ws.write(".env.example", "PASSWORD=\n")
    ws.write("keys/id_rsa.pub", "PASSWORD\n")
    ws.write("a.py", "PASSWORD\n")
    text = await ws.ask(search, pattern="password")
    assert "hunter2" not in text
    assert (
        "not searched, because such files usually hold secrets: .aws/credentials, .env, id_rsa, src/.ENV.local, tls"
        in text
    )
    assert await found(ws, "password") == [
        ".env.example:1: PASSWORD=",
        "a.py:1: PASSWORD",
        "keys/id_rsa.pub:1: PASSWORD",
    ]
    assert await found(ws, "hunter2") == []
    for glob in (".env", "*", ".env*", "**/*.key", "id_rsa"):
        assert await found(ws, "hunter2", glob=glob) == [], glob
    assert "not searched" in await ws.ask(search, pattern="hunter2")
    assert "tls/server.key" in await ws.ask(search, pattern="hunter2", path="tls")
    assert "not searched" not in await ws.ask(search, pattern="hunter2", glob="*.py")


async def test_a_secret_file_that_is_named_is_refused_also_through_a_link(ws: Playground) -> None:
    ws.write(".env", "hunter2")
    (ws.folder / "notes").symlink_to(".env")
    ws.open("prod.env", "hunter2")
    for path in (".env", "notes", "prod.env"):
        assert "usually hold secrets" in await refusal(ws, "hunter2", path=path)


async def test_an_open_secret_document_is_not_searched_either(ws: Playground) -> None:
    ws.write(".env", "old")
    ws.open(".env", "hunter2")
    ws.open("new.pem", "hunter2")
    assert await found(ws, "hunter2") == []
    assert "not searched, because such files usually hold secrets: .env, new.pem" in await ws.ask(search, pattern="x")


async def test_the_names_of_many_secret_files_are_told_in_few_words(ws: Playground) -> None:
    for number in range(40):
        ws.write(f"{number:02}.pem", "x")
    assert "00.pem, 01.pem, 02.pem, 03.pem, 04.pem and 35 more" in await ws.ask(search, pattern="x")


# ripgrep itself


def fake(ws: Playground, monkeypatch: pytest.MonkeyPatch, script: str) -> Path:
    """Put a program in ripgrep's place; it may run the real one."""
    path = ws.folder.parent / "rg"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setattr(ripgrep, "_own", lambda: path)
    return path


async def test_what_could_not_be_read_is_said(ws: Playground, monkeypatch: pytest.MonkeyPatch) -> None:
    ws.write("a", "hit")
    fake(ws, monkeypatch, f'"{RIPGREP}" "$@"; echo "rg: ./locked: Permission denied (os error 13)" >&2; exit 2')
    text = await ws.ask(search, pattern="hit")
    assert "not everything could be searched: rg: ./locked: Permission denied" in text
    assert "a:1: hit" in text
    assert "not everything could be searched" in await ws.ask(search, pattern="nothing")


async def test_a_system_short_of_threads_is_asked_for_one(ws: Playground, monkeypatch: pytest.MonkeyPatch) -> None:
    ws.write("a", "hit")
    script = """
case "$*" in *--threads=1*) exec "{}" "$@";; esac
echo "thread panicked: Os {{ code: 11, kind: WouldBlock, message: 'Resource temporarily unavailable' }}" >&2
exit 101"""
    fake(ws, monkeypatch, script.format(RIPGREP))
    assert await found(ws, "hit") == ["a:1: hit"]


async def test_a_ripgrep_that_dies_is_told(ws: Playground, monkeypatch: pytest.MonkeyPatch) -> None:
    ws.write("a", "hit")
    fake(ws, monkeypatch, "kill -9 $$")
    assert "ended with code -9" in await refusal(ws, "hit")
    fake(ws, monkeypatch, f'case "$*" in *--context*) "{RIPGREP}" "$@"; kill -9 $$;; esac')
    text = await ws.ask(search, pattern="hit")
    assert "a:1: hit" in text
    assert "not everything could be searched: ripgrep ended early, with code -9" in text


async def test_a_ripgrep_that_complains_without_end_does_not_stop_the_search(
    ws: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws.write("a", "hit")
    fake(ws, monkeypatch, f'yes complaint | head -c 300000 >&2; exec "{RIPGREP}" "$@"')
    with anyio.fail_after(LONG):
        assert await found(ws, "hit") == ["a:1: hit"]


async def test_a_ripgrep_that_cannot_be_started_is_told(ws: Playground, monkeypatch: pytest.MonkeyPatch) -> None:
    ws.write("a", "hit")
    fake(ws, monkeypatch, "").chmod(stat.S_IRUSR)
    assert "could not be started: Permission denied" in await refusal(ws, "hit")


async def test_without_ripgrep_the_model_is_told_so(ws: Playground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ripgrep, "_own", lambda: ws.folder / "none")
    monkeypatch.setenv("PATH", "/nowhere")
    assert "ripgrep (rg) is not installed" in await refusal(ws, "hit")


async def test_a_program_in_the_workspace_is_never_taken_for_ripgrep(
    ws: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    evil = ws.write("bin/rg", "#!/bin/sh\ntouch ran\n")
    evil.chmod(0o755)
    ws.write("rg", "#!/bin/sh\ntouch ran\n").chmod(0o755)
    outside, link = ws.folder.parent / "outside", ws.folder.parent / "link"
    outside.mkdir()
    link.mkdir()
    (outside / "rg").symlink_to(RIPGREP)
    (link / "rg").symlink_to(evil)
    monkeypatch.setattr(ripgrep, "_own", lambda: ws.folder / "none")
    monkeypatch.setenv("PATH", f".::{evil.parent}:{link}:{outside}")
    monkeypatch.chdir(ws.folder)
    assert ripgrep.find([ws.folder]) == str(outside / "rg")
    ws.write("a", "hit")
    assert await found(ws, "^hit") == ["a:1: hit"]
    assert not (ws.folder / "ran").exists()


async def test_a_cancelled_search_leaves_no_ripgrep(ws: Playground, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(ws.folder.parent / "started")
    fake(ws, monkeypatch, f"echo $$ > {ws.folder.parent}/started; exec sleep 300")
    pid = 0
    with anyio.fail_after(LONG):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_searching, ws)
            pid = int(await anyio.Path(ws.folder.parent / "started").read_text())
            tasks.cancel_scope.cancel()
    assert pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def _searching(ws: Playground) -> None:
    await ws.call(search, pattern="hit")


# What people see


async def test_the_title_and_the_place_name_what_is_searched(ws: Playground) -> None:
    path = ws.write("src/a.py")
    space = ws.workspace()
    assert search.title({"pattern": "a\nb"}) == 'search "a\ufffdb"'
    assert search.title({"pattern": "x", "path": "src", "glob": "*.py"}) == 'search "x" src *.py'
    assert search.locate(space, {"pattern": "x"}) == ()
    assert search.locate(space, {"pattern": "x", "path": "src/a.py"}) == (Location(path.as_uri()),)


async def test_of_several_roots_one_that_is_gone_is_named_and_the_others_are_searched(ws: Playground) -> None:
    ws.folders = {"here": ws.folder / "here", "gone": ws.folder / "gone"}
    ws.write("here/a.txt", "hit")
    text = await ws.ask(search, pattern="hit")
    assert "not searched, because these folders are gone: gone" in text
    assert "here/a.txt:1: hit" in text
    assert "these folders are gone: gone" in await ws.ask(list_files)
    with pytest.raises(ToolError, match="is gone: it was moved or deleted"):
        await ws.ask(search, pattern="hit", path="gone")
    (ws.folder / "here").rename(ws.folder / "elsewhere")
    with pytest.raises(ToolError, match="is gone: it was moved or deleted"):
        await ws.ask(search, pattern="hit")
