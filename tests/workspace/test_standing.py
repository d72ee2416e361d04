"""How an open document and its file stand to each other: which was changed since they were the same."""

from pathlib import Path

import pytest

from chatls.workspace.standing import Base, Standing


@pytest.mark.parametrize(
    ("buffer", "disk", "standing"),
    [
        ("one\n", "one\n", "same"),
        ("typed\n", "one\n", "unsaved"),
        ("one\n", "git\n", "outdated"),
        ("typed\n", "git\n", "both"),
        ("git\n", "git\n", "same"),
        ("one\n", None, "gone"),
        ("typed\n", None, "unsaved"),
        ("one\n", "one\r\n", "same"),
    ],
)
def test_what_counts_is_what_changed_since_they_were_the_same(
    tmp_path: Path, buffer: str, disk: str | None, standing: Standing
) -> None:
    path, base = tmp_path / "a", Base()
    path.write_text("one\n")
    assert base.stands(path, "one\n") == "same"
    if disk is None:
        path.unlink()
    else:
        path.write_bytes(disk.encode())
    assert base.stands(path, buffer) == standing


def test_of_what_never_was_the_same_the_document_counts(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("one\n")
    assert Base().stands(path, "restored\n") == "unsaved"
    assert Base().stands(tmp_path / "new", "") == "unsaved"
    assert Base().stands(tmp_path, "a folder by now") == "unsaved"


def test_an_opened_document_is_believed_where_it_is_what_the_disk_holds(tmp_path: Path) -> None:
    path, clean, restored = tmp_path / "a", Base(), Base()
    path.write_bytes("größe\r\n".encode("latin-1"))
    clean.look(clean.begin_look(), path, "größe\n", saved=False)
    restored.look(restored.begin_look(), path, "restored\n", saved=False)
    path.write_text("git\n")
    assert clean.stands(path, "größe\n") == "outdated"
    assert restored.stands(path, "restored\n") == "unsaved"


def test_a_save_is_believed_in_whatever_encoding_and_only_the_last_one_counts(tmp_path: Path) -> None:
    path, base = tmp_path / "a", Base()
    late, last = base.begin_look(), base.begin_look()
    path.write_bytes(b'\x1b$B$"\x1b(B\n')
    base.look(last, path, "あ\n", saved=True)
    path.write_text("git\n")
    base.look(late, path, "あ\n", saved=True)
    assert base.stands(path, "あ\n") == "outdated"
    path.write_bytes(b'\x1b$B$"\x1b(B\n')
    assert base.stands(path, "あ\n") == "same"
    assert base.stands(path, "あ!\n") == "unsaved"
    base.look(base.begin_look(), tmp_path / "none", "あ\n", saved=True)
