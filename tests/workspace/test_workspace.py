"""Paths, however they are spelled, and files, whatever they are."""

import errno
import os
import socket
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chatls.editor import OpenDocument, Root
from chatls.errors import ToolError
from chatls.workspace import beneath
from chatls.workspace.secret_files import holds_secrets
from chatls.workspace.workspace import Workspace


class FakeEditor:
    def __init__(self, *folders: Path, documents: dict[Path, str] | None = None) -> None:
        self._roots = tuple(Root(folder.name, folder) for folder in folders)
        self.documents = {path: OpenDocument(path.as_uri(), text, 1) for path, text in (documents or {}).items()}

    def roots(self) -> tuple[Root, ...]:
        return self._roots

    def open_documents(self) -> Mapping[Path, OpenDocument]:
        return self.documents


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A root `ws` with a file, beside another that shares its beginning, and a secret outside."""
    (tmp_path / "ws" / "src").mkdir(parents=True)
    (tmp_path / "ws" / "src" / "app.py").write_text("print()\n")
    (tmp_path / "ws-evil").mkdir()
    (tmp_path / "ws-evil" / "loot").write_text("loot")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "passwd").write_text("root")
    return Path(os.path.realpath(tmp_path / "ws"))


def workspace(*folders: Path, **documents: str) -> Workspace:
    return Workspace(FakeEditor(*folders, documents={Path(path): text for path, text in documents.items()}))


def refusal(place: Workspace, text: str) -> str:
    with pytest.raises(ToolError) as caught:
        place.resolve(text)
    return str(caught.value)


def opening_refused(place: Workspace, path: Path) -> str:
    with pytest.raises(ToolError) as caught:
        place.open_file(path)
    return str(caught.value)


@pytest.mark.parametrize("text", ["src/app.py", "./src/app.py", "src//app.py", "src/../src/app.py", "ws/src/app.py"])
def test_a_path_relative_to_the_only_root_is_found(folder: Path, text: str) -> None:
    assert workspace(folder).resolve(text) == folder / "src/app.py"


def test_absolute_paths_and_file_uris_inside_are_found(folder: Path) -> None:
    place = workspace(folder)
    path = folder / "src/app.py"
    assert place.resolve(str(path)) == path
    assert place.resolve(f"/{path}") == path
    assert place.resolve(path.as_uri()) == path
    assert place.resolve(f"file://localhost{path}") == path
    assert place.resolve(f"file:{path}") == path


def test_a_uri_is_decoded_exactly_once(folder: Path) -> None:
    assert workspace(folder).resolve(f"{folder.as_uri()}/a%2520b") == folder / "a%20b"
    assert workspace(folder).resolve("a%20b") == folder / "a%20b"


def test_an_encoded_way_out_is_still_a_way_out(folder: Path) -> None:
    assert "outside the workspace" in refusal(workspace(folder), f"{folder.as_uri()}/%2e%2e/outside/passwd")
    assert "outside the workspace" in refusal(workspace(folder), f"{folder.as_uri()}/..%2foutside/passwd")


@pytest.mark.parametrize(
    "text",
    ["..", "../outside/passwd", "src/../../outside/passwd", "../ws-evil/loot", "/etc/passwd", "/", "//etc/passwd"],
)
def test_a_way_out_is_refused(folder: Path, text: str) -> None:
    message = refusal(workspace(folder), text)
    assert "outside the workspace" in message
    assert str(folder) in message  # how to go on


def test_a_refusal_does_not_tell_what_is_outside(folder: Path) -> None:
    (folder / "out").symlink_to(folder.parent / "outside")
    place = workspace(folder)
    for there, missing in [("../outside/passwd", "../outside/nobody"), ("out/passwd", "out/nobody")]:
        assert refusal(place, there).replace("passwd", "nobody") == refusal(place, missing)
    outside = folder.parent / "outside"
    assert refusal(place, f"{outside}/passwd").replace("passwd", "nobody") == refusal(place, f"{outside}/nobody")


def test_a_sibling_that_shares_the_roots_beginning_is_outside(folder: Path) -> None:
    assert "outside" in refusal(workspace(folder), f"{folder}-evil/loot")


def test_links_that_lead_out_are_refused(folder: Path) -> None:
    (folder / "file").symlink_to(folder.parent / "outside" / "passwd")
    (folder / "folder").symlink_to(folder.parent / "outside")
    (folder / "dangling").symlink_to(folder.parent / "outside" / "new")
    (folder / "twice").symlink_to("folder")
    for text in ("file", "folder", "folder/new/leaf", "dangling", "twice/passwd"):
        assert "a link leads there" in refusal(workspace(folder), text), text


def test_a_link_behind_a_loop_of_links_is_refused(folder: Path) -> None:
    """realpath gives up at a loop and leaves the rest of the way as it is written, links and all."""
    (folder / "loop").symlink_to("loop")
    (folder / "out").symlink_to(folder.parent / "outside")
    (folder / "tricky").symlink_to("loop/../out")
    assert refusal(workspace(folder), "tricky")


def test_links_that_stay_inside_are_followed(folder: Path) -> None:
    (folder / "link").symlink_to("src")
    assert workspace(folder).resolve("link/app.py") == folder / "src/app.py"


def test_a_root_that_is_named_through_a_link_is_found(folder: Path) -> None:
    (folder.parent / "alias").symlink_to(folder)
    assert workspace(folder).resolve(f"{folder.parent}/alias/src/app.py") == folder / "src/app.py"


@pytest.mark.parametrize("text", ["/proc/self/environ", "/dev/zero", "/sys/kernel", "file:///proc/self/environ"])
def test_the_kernels_folders_are_outside_even_of_the_root_folder(text: str) -> None:
    assert refusal(Workspace(FakeEditor(Path("/"))), text)


def test_a_link_to_the_daemons_environment_is_refused(folder: Path) -> None:
    (folder / "env").symlink_to("/proc/self/environ")
    assert "outside" in refusal(workspace(folder), "env")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("a\0b", "control character"),
        ("a\nb", "control character"),
        ("a\ud800b", "half a character"),
        ("n" * 5000, "too long"),
        ("n" * 256, "too long"),
        ("file:///a%00b", "NUL"),
        ("file://elsewhere/a", "another machine"),
        ("file:a", "file:///"),
        ("vscode-remote://ssh-remote+host/a", "no file on this machine"),
        ("https://example.org/a", "no file on this machine"),
    ],
)
def test_what_spells_no_path_is_refused_with_the_reason(folder: Path, text: str, reason: str) -> None:
    message = refusal(workspace(folder), text)
    assert reason in message
    assert len(message) < 400
    assert message.isprintable()


def test_without_a_root_every_path_is_refused_with_the_reason() -> None:
    for text in ("a", "/etc/passwd", "."):
        assert "no folder is open" in refusal(Workspace(FakeEditor()), text)


def test_with_several_roots_a_path_begins_with_a_roots_name(folder: Path) -> None:
    other = folder.parent / "ws-evil"
    place = workspace(folder, other)
    assert place.resolve("ws/src/app.py") == folder / "src/app.py"
    assert place.resolve("ws-evil/loot") == other / "loot"
    assert place.resolve("ws") == folder
    assert place.resolve("src/app.py") == folder / "src/app.py"  # there is no other
    assert place.resolve("loot") == other / "loot"
    assert '"ws/", "ws-evil/"' in refusal(place, "nowhere/at/all")
    assert "outside" in refusal(place, "ws/../outside")


def test_what_stands_in_two_roots_must_be_named_with_its_root(folder: Path) -> None:
    (folder.parent / "ws-evil" / "src").mkdir()
    assert refusal(workspace(folder, folder.parent / "ws-evil"), "src/app.py")


def test_display_is_what_resolve_takes_back(folder: Path) -> None:
    (folder / "inner").mkdir()
    (folder / "ws").mkdir()
    names = ["src/app.py", "a b", "file:x", " ", "tab\there", "two\nlines", os.fsdecode(b"bad\xff"), "ws", "ws/ws", "é"]
    for place in (workspace(folder), workspace(folder, folder.parent / "ws-evil"), workspace(folder, folder / "inner")):
        for name in (*names, "inner/x", "."):
            path = folder / name
            shown = place.display(path)
            assert shown.isprintable()
            assert shown.encode()
            if name != "ws/ws":  # with one root, a missing ws/ is taken for the root's name
                assert place.resolve(shown) == path, name


def test_a_new_document_makes_a_folder_of_the_roots_name_real(folder: Path) -> None:
    place = workspace(folder, **{str(folder / "ws/new.py"): ""})
    assert place.resolve("ws/new.py") == folder / "ws/new.py"


@settings(max_examples=300)
@given(
    st.text()
    | st.lists(st.sampled_from(["..", ".", "/", "src", "out", "ws", "loop", "~", "file:", "%2e"])).map("/".join)
)
@example("out/passwd")
@example("loop/../out/passwd")
@example("ws/../../outside")
def test_any_text_is_refused_or_names_something_inside(folder: Path, text: str) -> None:
    for name, target in (("out", folder.parent / "outside"), ("loop", Path("loop"))):
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(target)
    for place in (workspace(folder), workspace(folder, folder.parent / "ws-evil")):
        try:
            path = place.resolve(text)
        except ToolError:
            continue
        real = Path(os.path.realpath(path))
        assert any(real.is_relative_to(root) for _, root in place.folders)


def test_locating_a_path_never_looks_at_the_disk_and_never_raises(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = workspace(folder)
    assert place.locate("src") == folder / "src"

    def look(path: str) -> None:
        pytest.fail(f"looked at the disk: {path}")

    monkeypatch.setattr(os, "lstat", look)
    assert place.locate("src/../x") == folder / "x"
    assert place.locate("../x") is None
    assert place.locate("a\0") is None


# Opening


def test_a_regular_file_is_opened(folder: Path) -> None:
    with workspace(folder).open_file(folder / "src/app.py") as file:
        assert file.read() == b"print()\n"
        assert not os.get_inheritable(file.fileno())


def test_what_is_no_regular_file_is_told_at_once_for_what_it_is(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "null").symlink_to("/dev/null")
    place = workspace(folder)
    assert "is a named pipe" in opening_refused(place, folder / "pipe")
    assert "list_files" in opening_refused(place, folder / "src")
    assert "list_files" in opening_refused(place, folder)
    assert "link" in opening_refused(place, folder / "null")
    with socket.socket(socket.AF_UNIX) as endpoint:
        here = Path.cwd()
        os.chdir(folder)  # a socket's path must be short
        try:
            endpoint.bind("socket")
        finally:
            os.chdir(here)
        assert "is a socket" in opening_refused(place, folder / "socket")


def test_a_device_is_not_even_opened(folder: Path) -> None:
    try:
        os.mknod(folder / "zero", 0o20600, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("only the administrator can make a device")
    assert "is a device" in opening_refused(workspace(folder), folder / "zero")


def test_a_link_put_in_place_after_the_check_is_not_followed(folder: Path) -> None:
    place = workspace(folder)
    path = place.resolve("src/app.py")
    (folder / "src").rename(folder / "moved")
    (folder / "src").symlink_to(folder.parent / "outside")
    (folder.parent / "outside" / "app.py").write_text("loot")
    assert opening_refused(place, path)
    (folder / "src").unlink()
    (folder / "src").mkdir()
    path.symlink_to(folder.parent / "outside" / "app.py")
    assert "link" in opening_refused(place, path)


def test_where_the_system_cannot_walk_step_by_step_files_are_opened_all_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beneath, "_STEPWISE", False)
    place = workspace(folder)
    (folder / "link").symlink_to("src/app.py")
    with place.open_file(folder / "src/app.py") as file:
        assert file.read() == b"print()\n"
    assert "link" in opening_refused(place, folder / "link")


def test_what_became_something_else_while_it_was_opened_is_not_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(folder / "pipe")
    regular = (folder / "src/app.py").stat()

    def look(*_: object, **__: object) -> os.stat_result:
        return regular

    monkeypatch.setattr(os, "stat", look)
    assert "is a named pipe" in opening_refused(workspace(folder), folder / "pipe")


def test_a_path_outside_is_not_opened(folder: Path) -> None:
    assert "outside the workspace" in opening_refused(workspace(folder), Path("/etc/passwd"))


def test_a_file_that_is_missing_is_told_with_names_that_come_near(folder: Path) -> None:
    place = workspace(folder, **{str(folder / "src/application.py"): "new"})
    message = opening_refused(place, folder / "src/App.pi")
    assert '"src/app.py"' in message
    assert '"src/application.py"' in opening_refused(place, folder / "src/aplication.py")
    assert 'did you mean "src"?' in opening_refused(place, folder / "scr/app.py")
    assert "list_files" in opening_refused(place, folder / "quite/another/thing")
    assert "app.py" in opening_refused(place, folder / "src/app.py/below")


def test_a_refusal_of_the_system_is_told_in_its_words(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = workspace(folder)
    for number, words in [(errno.EACCES, "permission denied"), (errno.EIO, "Input/output error")]:

        def refuse(*_: object, number: int = number, **__: object) -> int:
            raise OSError(number, os.strerror(number))

        with monkeypatch.context() as patch:
            patch.setattr(os, "stat", refuse)
            assert words in opening_refused(place, folder / "src/app.py")


def test_opening_leaves_no_descriptor_behind(folder: Path) -> None:
    place = workspace(folder)
    os.mkfifo(folder / "src/pipe")
    before = len(list(Path("/dev/fd").iterdir()))
    for name in ("src/pipe", "src", "src/none", "no/src", "src/app.py/x"):
        opening_refused(place, folder / name)
    place.open_file(folder / "src/app.py").close()
    assert len(list(Path("/dev/fd").iterdir())) == before


# Documents


def test_open_documents_are_found_by_path_and_below_a_folder(folder: Path) -> None:
    inside, outside = folder / "src/new.py", folder.parent / "outside/open.py"
    place = workspace(folder, **{str(inside): "new", str(outside): "far"})
    assert place.open_text(inside) == "new"
    assert place.open_text(folder / "src/app.py") is None
    assert place.open_under(folder) == {inside: "new"}
    assert place.open_under(folder / "src") == {inside: "new"}
    assert place.open_under(folder / "docs") == {}
    assert place.open_under(outside) == {}


@pytest.mark.parametrize(
    ("data", "text", "unsaved"),
    [
        (b"a\n", "a\n", False),
        (b"a\n", "b\n", True),
        (b"a\n", "", True),
        (b"", "", False),
        (b"\xef\xbb\xbfa", "a", False),
        (b"\xef\xbb\xbfa", "\ufeffa", False),
        ("é".encode("utf-16"), "é", False),
        ("é".encode("latin-1"), "\ufffd", False),
        (b"a\r\n", "a\n", False),
        (b"a", "a\n", False),
        (b"a\n\n", "a\n", True),
        ("\xe9\r\n".encode("latin-1"), "\xe9\n", False),
        ("\u0438\n".encode("cp1251"), "\u0438\n", False),
        ("\xe9\n".encode("latin-1"), "\xe8\n", True),
        (None, "", True),
        (b"x" * 100_000, "x", True),
    ],
)
def test_a_document_is_unsaved_when_the_disk_holds_another_text(
    folder: Path, data: bytes | None, text: str, unsaved: bool
) -> None:
    path = folder / "doc"
    if data is not None:
        path.write_bytes(data)
    assert workspace(folder, **{str(path): text}).is_unsaved(path) is unsaved


def test_what_is_not_open_is_not_unsaved(folder: Path) -> None:
    assert not workspace(folder).is_unsaved(folder / "src/app.py")


def test_a_documents_address_is_spelled_as_the_editor_does(folder: Path) -> None:
    path = folder / "a b"
    editor = FakeEditor(folder)
    editor.documents[path] = OpenDocument("file://localhost/spelled%20otherwise", "", 1)
    assert Workspace(editor).uri(path) == "file://localhost/spelled%20otherwise"
    assert Workspace(editor).uri(folder) == folder.as_uri()


# Secrets

SECRET = [
    ".env", ".ENV", ".env.local", ".Env.Production", ".env~", "prod.env", ".envrc", "id_rsa", "ID_RSA", "id_ed25519",
    "id_rsa.bak", "server.pem", "tls.KEY", "a.p12", "a.pfx", "release.keystore", ".netrc", ".npmrc", ".pypirc",
    ".git-credentials", ".aws/credentials", ".AWS/Credentials", ".docker/config.json", ".kube/config", ".ssh/config",
    ".ssh/work", "credentials.json", "client_secret_1.json", "id_r\u017fa", ".e\u200dnv", ".env.", ".env ",
]  # fmt: skip
HARMLESS = [
    ".env.example", ".env.sample", ".env.template", ".ENV.Example", "id_rsa.pub", "env.py", "environment", "key", "",
    "config.json", "credentials.py", "credentials", "keys.py", "monkey", "docs/config", "README.md", ".ssh/known_hosts",
]  # fmt: skip


def test_files_that_usually_hold_secrets_are_known_by_name() -> None:
    assert [name for name in SECRET if not holds_secrets(Path("a") / name)] == []
    assert [name for name in HARMLESS if holds_secrets(Path(name))] == []


def test_a_secret_file_is_refused_with_the_reason_also_through_links(folder: Path) -> None:
    (folder / ".env").write_text("KEY=1")
    (folder / "notes.txt").symlink_to(".env")
    (folder / "real.conf").write_text("KEY=1")
    (folder / ".env.local").symlink_to("real.conf")
    place = workspace(folder)
    for name in (".env", "notes.txt", ".env.local", ".env.missing"):
        with pytest.raises(ToolError, match="usually hold secrets"):
            place.readable(name)
    assert place.is_secret(folder / "notes.txt")
    assert place.is_secret(folder / ".env.local")
    assert not place.is_secret(folder / "real.conf")
    assert place.readable("src/app.py") == folder / "src/app.py"


def test_a_root_that_is_gone_is_called_so(folder: Path) -> None:
    space = workspace(folder)
    folder.rename(folder.with_name("moved"))
    assert space.gone_roots() == [folder]
    for name in ("a.txt", "src/a.txt", "."):
        words = str(space.missing(space.resolve(name)))
        assert words.startswith(f'the folder "{folder}", which is open in the editor, is gone'), name
