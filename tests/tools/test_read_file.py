"""Reading files, whatever they hold."""

import base64
import errno
import os
import resource
import tracemalloc
from io import FileIO
from pathlib import Path

import pytest
from playground import Playground, text_of
from tests.workspace.test_picture import png

from chatls.content import Image, Location, TextContent, line_range
from chatls.errors import ToolError
from chatls.tools import read_file
from chatls.workspace import openfile
from chatls.workspace.pathtext import readable_size

pytestmark = pytest.mark.asyncio

GIGABYTE = 10**9


async def refusal(ws: Playground, path: str, **arguments: object) -> str:
    with pytest.raises(ToolError) as caught:
        await ws.call(read_file, path=path, **arguments)
    assert len(str(caught.value)) < 400
    return str(caught.value)


def numbered(count: int) -> str:
    return "".join(f"line {number}\n" for number in range(1, count + 1))


async def test_a_small_file_is_read_whole_with_its_lines_numbered(ws: Playground) -> None:
    ws.write("a.py", "one\n\n  three")
    output = await ws.call(read_file, path="a.py")
    assert text_of(output) == "a.py, lines 1-3 of 3\n1\tone\n2\t\n3\t  three"
    assert not output.truncated


async def test_a_range_says_how_many_lines_there_are_and_how_to_go_on(ws: Playground) -> None:
    ws.write("a.py", numbered(120))
    text = await ws.ask(read_file, path="a.py", start_line=3, end_line=4)
    assert text == "a.py, lines 3-4 of 120; continue with start_line=5\n3\tline 3\n4\tline 4"
    assert (await ws.ask(read_file, path="a.py", start_line=119)).startswith("a.py, lines 119-120 of 120\n")
    assert (await ws.ask(read_file, path="a.py", start_line=119, end_line=9999)).startswith(
        "a.py, lines 119-120 of 120\n"
    )
    assert not (await ws.call(read_file, path="a.py", end_line=1)).truncated


async def test_at_most_2000_lines_are_read_at_once(ws: Playground) -> None:
    ws.write("long", numbered(5312))
    output = await ws.call(read_file, path="long")
    assert text_of(output).startswith("long, lines 1-2000 of 5312; continue with start_line=2001\n1\tline 1\n")
    assert text_of(output).endswith("\n2000\tline 2000")
    assert output.truncated
    ws.write("fits", numbered(2000))
    output = await ws.call(read_file, path="fits")
    assert text_of(output).startswith("fits, lines 1-2000 of 2000\n")
    assert not output.truncated


async def test_a_file_can_be_read_to_its_end_by_following_the_answers(ws: Playground) -> None:
    lines = [f"{number} " + "é" * (number % 700) for number in range(1, 901)]
    ws.write("book", "\n".join(lines))
    found: list[str] = []
    start: int | None = 1
    while start:
        header, *page = (await ws.ask(read_file, path="book", start_line=start)).split("\n")
        found += [line.partition("\t")[2] for line in page]
        start = int(header.rpartition("start_line=")[2]) if "start_line=" in header else None
    assert found == lines


async def test_at_most_50_kb_are_read_at_once(ws: Playground) -> None:
    ws.write("wide", ("x" * 999 + "\n") * 200)
    text = await ws.ask(read_file, path="wide")
    assert text.startswith("wide, lines 1-50 of 200; continue with start_line=51\n")
    assert len(text) <= 50 * 1024


async def test_a_long_line_is_cut_and_that_is_said(ws: Playground) -> None:
    ws.write("min.js", "a" * 2000 + "\n" + "é" * 2001 + "\nend\n")
    output = await ws.call(read_file, path="min.js")
    header, first, second, third = text_of(output).split("\n")
    assert header == "min.js, lines 1-3 of 3; lines cut at 2000 characters"
    assert first == "1\t" + "a" * 2000
    assert second == "2\t" + "é" * 2000 + " [line cut]"
    assert third == "3\tend"
    assert output.truncated


async def test_an_empty_file_is_said_to_be_empty(ws: Playground) -> None:
    ws.write("empty")
    assert await ws.ask(read_file, path="empty") == "empty is empty"
    assert await ws.ask(read_file, path="empty", start_line=7) == "empty is empty"
    ws.write("bom", b"\xef\xbb\xbf")
    assert await ws.ask(read_file, path="bom") == "bom is empty"
    ws.write("newline", "\n")
    assert await ws.ask(read_file, path="newline") == "newline, lines 1-1 of 1\n1\t"


async def test_a_range_that_is_none_is_refused_with_what_is_wrong(ws: Playground) -> None:
    ws.write("a", "x\ny")
    assert await refusal(ws, "a", start_line=3) == '"a" has 2 lines; there is no line 3'
    assert await refusal(ws, "a", start_line=10**20) == f'"a" has 2 lines; there is no line {10**20}'
    assert await refusal(ws, "a", start_line=2, end_line=1) == "end_line 1 comes before start_line 2"
    for name in ("start_line", "end_line"):
        for number in (0, -1):
            assert f"{name}: Input should be greater than or equal to 1" in await refusal(ws, "a", **{name: number})


async def test_windows_line_ends_are_not_part_of_the_lines_and_are_said(ws: Playground) -> None:
    ws.write("a", "one\r\ntwo\r\n")
    assert await ws.ask(read_file, path="a") == "a, lines 1-2 of 2; its lines end with CR LF\n1\tone\n2\ttwo"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
async def test_a_mark_at_the_start_tells_the_encoding_and_is_not_shown(ws: Playground, encoding: str) -> None:
    ws.write("a", "é\nü\n".encode(encoding))
    assert await ws.ask(read_file, path="a") == "a, lines 1-2 of 2\n1\té\n2\tü"


async def test_big_endian_utf_16_is_read(ws: Playground) -> None:
    ws.write("a", b"\xfe\xff" + "é𝄞\nü".encode("utf-16-be"))
    assert await ws.ask(read_file, path="a") == "a, lines 1-2 of 2\n1\té𝄞\n2\tü"


async def test_bytes_that_are_no_utf_8_are_replaced_and_that_is_said(ws: Playground) -> None:
    ws.write("a", "é".encode() + b"caf\xe9\nok\n")
    assert await ws.ask(read_file, path="a") == (
        "a, lines 1-2 of 2; bytes that are no UTF-8 are shown as \ufffd\n1\técaf\ufffd\n2\tok"
    )
    ws.write("b", "a \ufffd of its own\n")
    assert (await ws.ask(read_file, path="b")).startswith("b, lines 1-1 of 1\n")


async def test_latin_1_is_read_in_its_letters_and_that_is_said(ws: Playground) -> None:
    ws.write("a", b"caf\xe9 \x80\nok\n")
    assert await ws.ask(read_file, path="a") == (
        "a, lines 1-2 of 2; its bytes are no UTF-8 and are read as Windows-1252 (Latin-1)\n1\tcafé €\n2\tok"
    )


@pytest.mark.parametrize("data", [b"\x7fELF\x02\x01\0\0", b"\x89PNG\r\n\x1a\n\0\0", b"\1\2\3\4text", b"a\0b"])
async def test_a_binary_file_is_refused(ws: Playground, data: bytes) -> None:
    ws.write("bin", data)
    assert await refusal(ws, "bin") == f'"bin" is a binary file ({len(data)} bytes), not text'


async def test_a_picture_is_shown_and_told_in_words(ws: Playground) -> None:
    data = png(640, 480)
    ws.write("logo.dat", data)  # its bytes say what it is, not its name
    words, shown = (await ws.call(read_file, path="logo.dat")).content
    assert words == TextContent(f"logo.dat is a PNG image, 640x480 pixels, {readable_size(len(data))}")
    assert shown == Image("image/png", base64.b64encode(data).decode())


async def test_a_picture_that_is_too_large_is_told_in_words_alone(ws: Playground) -> None:
    ws.write("many.png", png(8001, 1))
    assert "a PNG image, 8001x1 pixels" in await refusal(ws, "many.png")
    for name, size in (("big.png", 3_750_001), ("huge.png", 20_000_000)):
        ws.write(name, png(1, 1).ljust(size, b"x"))
        told = await refusal(ws, name)
        assert f"a PNG image, 1x1 pixels, {readable_size(size)}" in told
        assert "up to 3.8 MB and 8000 pixels a side can be shown" in told
    ws.write("fits.png", png(8000, 1).ljust(3_750_000, b"x"))
    assert len((await ws.call(read_file, path="fits.png")).content) == 2


async def test_text_with_odd_characters_is_no_binary_file(ws: Playground) -> None:
    ws.write("a", "\f\x1b[1mbold\x1b[0m\ttab\u2028same line\x0bstill\x85still\r")
    assert (await ws.ask(read_file, path="a")).startswith("a, lines 1-1 of 1")


async def test_binary_data_behind_text_ends_the_page(ws: Playground) -> None:
    ws.write("a", numbered(2000).encode() + b"x\0y\nmore\n")
    output = await ws.call(read_file, path="a", start_line=1999)
    assert text_of(output) == (
        "a, lines 1999-2000 of at least 2001; line 2001 holds binary data: reading ended there\n"
        "1999\tline 1999\n2000\tline 2000"
    )
    assert output.truncated
    assert await refusal(ws, "a", start_line=2001) == '"a": line 2001 holds binary data: reading ended there'


async def test_lines_are_numbered_as_ripgrep_numbers_them(ws: Playground) -> None:
    """Only a line feed ends a line, whatever Python's splitlines thinks."""
    ws.write("a", "a\x0bb\x0cc\u2028d\x1ee\rf\nnext\n")
    assert (await ws.ask(read_file, path="a")).endswith("\n2\tnext")


# Files of any size


def sparse(path: Path, size: int, start: bytes = b"", end: bytes = b"") -> None:
    with path.open("wb") as file:
        file.write(start)
        file.truncate(size)
        file.seek(-len(end), os.SEEK_END)
        file.write(end)


async def test_five_gigabytes_of_nothing_are_binary_at_once(ws: Playground) -> None:
    sparse(ws.folder / "huge", 5 * GIGABYTE)
    assert await refusal(ws, "huge") == '"huge" is a binary file (5.0 GB), not text'


async def test_five_gigabytes_are_read_in_flat_memory(ws: Playground) -> None:
    sparse(ws.folder / "huge", 5 * GIGABYTE, numbered(200_000).encode())
    tracemalloc.start()
    try:
        output = await ws.call(read_file, path="huge", start_line=100_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    header = text_of(output).partition("\n")[0]
    assert header == (
        "huge, lines 100000-101999 of at least 200001; continue with start_line=102000; the file is 5.0 GB long"
    )
    assert peak < 10_000_000


async def test_the_hole_behind_the_text_of_a_huge_file_is_not_waded_through(ws: Playground) -> None:
    sparse(ws.folder / "huge", 5 * GIGABYTE, numbered(1000).encode())
    assert "line 1001 holds binary data: reading ended there" in await ws.ask(read_file, path="huge")


async def test_a_line_without_an_end_is_given_up(ws: Playground) -> None:
    with (ws.folder / "line").open("wb") as file:
        file.write(b"first\n")
        for _ in range(70):
            file.write(b"x" * 1_000_000)
    output = await ws.call(read_file, path="line")
    header, *lines = text_of(output).split("\n")
    assert header == (
        "line, lines 1-2 of at least 2; line 2 is longer than 64 MB: reading ended there; "
        "the file is 70.0 MB long; lines cut at 2000 characters"
    )
    assert lines == ["1\tfirst", "2\t" + "x" * 2000 + " [line cut]"]


async def test_the_lines_of_a_file_of_more_than_ten_megabytes_are_at_least_so_many(ws: Playground) -> None:
    ws.write("big", (b"x" * 99 + b"\n") * 150_000)
    header = (await ws.ask(read_file, path="big", end_line=2)).partition("\n")[0]
    prefix, _, counted = header.removesuffix("; continue with start_line=3; the file is 15.0 MB long").rpartition(" ")
    assert prefix == "big, lines 1-2 of at least"
    assert 100_000 <= int(counted) < 110_000
    header = (await ws.ask(read_file, path="big", start_line=149_999)).partition("\n")[0]
    assert header == "big, lines 149999-150000 of 150000; the file is 15.0 MB long"


async def test_a_cancelled_read_ends_at_the_next_piece(ws: Playground) -> None:
    sparse(ws.folder / "huge", 5 * GIGABYTE, b"text" * 10_000)
    ws.cancelled.set()
    assert await refusal(ws, "huge", start_line=10**9) == "cancelled"


# What is no file


async def test_what_cannot_be_read_is_refused_with_the_reason(ws: Playground) -> None:
    os.mkfifo(ws.folder / "pipe")
    (ws.folder / "zero").symlink_to("/dev/zero")
    (ws.folder / "loop").symlink_to("loop")
    ws.write("src/app.py")
    assert "is a named pipe" in await refusal(ws, "pipe")
    assert "outside the workspace" in await refusal(ws, "zero")
    assert "link" in await refusal(ws, "loop")
    assert '"src" is a directory; list_files' in await refusal(ws, "src")
    assert 'did you mean "src/app.py"?' in await refusal(ws, "src/apt.py")
    assert "outside the workspace" in await refusal(ws, "/etc/passwd")
    assert "empty" in await refusal(ws, "")


async def test_what_the_system_refuses_is_told_in_its_words(ws: Playground, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's own limit on what may be open."""
    ws.write("a", "x")
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, limits[1]))
    try:
        message = await refusal(ws, "a")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert message == '"a" cannot be read: Too many open files'


async def test_a_disk_that_fails_while_it_is_read_is_told(ws: Playground, monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing(FileIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    ws.write("a", "x")
    monkeypatch.setattr(openfile, "FileIO", Failing)
    assert await refusal(ws, "a") == '"a" cannot be read: Input/output error'


async def test_a_secret_file_is_refused_with_the_reason(ws: Playground) -> None:
    ws.write(".env", "KEY=1")
    ws.write(".env.example", "KEY=")
    ws.open(".npmrc", "token")
    (ws.folder / "notes.txt").symlink_to(".env")
    for name in (".env", "notes.txt", ".npmrc", ".ENV"):
        assert "usually hold secrets" in await refusal(ws, name)
    assert "KEY=" in await ws.ask(read_file, path=".env.example")


async def test_a_name_that_is_no_utf_8_is_read_by_its_uri(ws: Playground) -> None:
    (ws.folder / os.fsdecode(b"bad\xff")).write_text("text")
    name = f"{ws.folder.as_uri()}/bad%FF"
    assert await ws.ask(read_file, path=name) == f"{name}, lines 1-1 of 1\n1\ttext"


# Open documents


async def test_unsaved_text_wins_over_the_disk(ws: Playground) -> None:
    ws.write("a.py", "old\n")
    ws.open("a.py", "new\nlines\n")
    assert await ws.ask(read_file, path="a.py") == (
        "a.py, lines 1-2 of 2; unsaved text from the editor\n1\tnew\n2\tlines"
    )


async def test_saved_text_is_not_called_unsaved(ws: Playground) -> None:
    ws.write("a.py", "same\n")
    ws.open("a.py", "same\n")
    assert await ws.ask(read_file, path="a.py") == "a.py, lines 1-1 of 1\n1\tsame"


async def test_a_document_that_is_not_on_the_disk_yet_is_read(ws: Playground) -> None:
    ws.open("new/a.py", "\ufeffnew")
    ws.open("new/empty.py", "")
    assert (await ws.ask(read_file, path="new/a.py")).endswith("unsaved text from the editor\n1\tnew")
    assert await ws.ask(read_file, path="new/empty.py") == "new/empty.py is empty (unsaved text from the editor)"


async def test_unsaved_text_is_read_in_pages_and_whatever_it_holds(ws: Playground) -> None:
    ws.open("long", numbered(5000))
    ws.open("odd", "nul \0 and half \ud800\r\nend")
    assert "lines 1-2000 of 5000; continue with start_line=2001; unsaved" in await ws.ask(read_file, path="long")
    text = await ws.ask(read_file, path="odd")
    assert text.endswith("1\tnul \ufffd and half \ufffd\n2\tend")


# What people see


async def test_the_title_and_the_place_name_the_lines(ws: Playground) -> None:
    path = ws.write("src/a b.py")
    space = ws.workspace()
    for lines, title, where in [
        ({}, "read_file src/a b.py", None),
        ({"start_line": 1, "end_line": 40}, "read_file src/a b.py 1-40", line_range(1, 40)),
        ({"start_line": 7}, "read_file src/a b.py 7-", line_range(7, 7)),
        ({"end_line": 7}, "read_file src/a b.py 1-7", line_range(1, 7)),
        ({"start_line": 7, "end_line": 3}, "read_file src/a b.py 7-3", line_range(7, 7)),
    ]:
        arguments = {"path": "src/a b.py", **lines}
        assert read_file.title(arguments) == title
        assert read_file.locate(space, arguments) == (Location(path.as_uri(), where),)
    assert read_file.locate(space, {"path": "/etc/passwd"}) == ()
    assert read_file.title({"path": "a\nb" + "x" * 999}).isprintable()
