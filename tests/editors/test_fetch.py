"""Finding a Neovim: which one is taken, and that whoever has none is told what to do."""

from pathlib import Path

import pytest

from tests.editors import fetch
from tests.editors.fetch import Found, NoEditorError


def program(path: Path, says: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{says}\nEND\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with nothing of ours before it."""
    monkeypatch.delenv("CHATLS_NVIM", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setattr(fetch, "home", lambda: tmp_path / "editors")
    return tmp_path


def test_the_one_that_is_named_is_taken(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = program(machine / "my nvim", "NVIM v0.11.2\nBuild type: Release")
    monkeypatch.setenv("CHATLS_NVIM", str(named))
    assert fetch.neovim() == Found(named, (0, 11, 2))


@pytest.mark.parametrize("says", ["NVIM v0.9.5", "VIM - Vi IMproved 9.0"])
def test_one_that_is_named_and_will_not_do_is_told_of(
    machine: Path, monkeypatch: pytest.MonkeyPatch, says: str
) -> None:
    monkeypatch.setenv("CHATLS_NVIM", str(program(machine / "nvim", says)))
    with pytest.raises(NoEditorError, match="CHATLS_NVIM is no Neovim") as failed:
        fetch.neovim()
    assert "CHATLS_SKIP_EDITORS=1" in str(failed.value)


def test_one_on_path_is_taken_if_it_is_new_enough(machine: Path) -> None:
    found = program(machine / "bin" / "nvim", "NVIM v0.12.0-dev-123+g1234")
    assert fetch.neovim().program == found


def test_an_old_one_on_path_is_passed_over(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(machine / "bin" / "nvim", "NVIM v0.7.2")
    fetched = Found(machine / "fetched", (0, 10, 4))

    def unpacked(suite: str) -> Found:
        assert suite == fetch.REQUIRED
        return fetched

    monkeypatch.setattr(fetch, "unpacked", unpacked)
    assert fetch.neovim() == fetched


def test_one_that_was_fetched_is_not_fetched_again(machine: Path) -> None:
    kept = program(machine / "editors" / "nvim-trixie" / "bin" / "nvim", "NVIM v0.10.4")
    assert fetch.unpacked("trixie").program == kept


def test_the_packages_come_from_where_apt_takes_them(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planned = (
        "'https://other.example/apt/dists/stable-tools/InRelease' other 0 \n"
        "'http://mirror.example/debian/dists/bookworm-updates/InRelease' updates 0 \n"
        "'http://mirror.example/debian/dists/bookworm/InRelease' main 0 "
    )
    program(machine / "bin" / "apt-get", planned)
    program(machine / "bin" / "dpkg-deb", "")
    release = {"ID": "debian", "VERSION_CODENAME": "bookworm"}
    monkeypatch.setattr(fetch.platform, "freedesktop_os_release", lambda: release)
    monkeypatch.setattr(fetch.sys, "platform", "linux")
    assert fetch.mirror() == "http://mirror.example/debian"


def test_where_there_is_no_debian_the_way_out_is_told(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(machine / "bin" / "nvim", "NVIM v0.7.2")
    monkeypatch.setattr(fetch.sys, "platform", "darwin")
    with pytest.raises(NoEditorError, match="no Debian to fetch one from") as failed:
        fetch.neovim()
    assert "CHATLS_NVIM" in str(failed.value)


def test_a_failure_shows_no_password_of_an_address(machine: Path) -> None:
    failing = machine / "bin" / "fails"
    program(failing, "")
    failing.write_text("#!/bin/sh\necho 'cannot reach http://me:secret@mirror.example/debian' >&2; exit 100\n")
    with pytest.raises(NoEditorError) as failed:
        fetch.run(["fails"])
    assert "secret" not in str(failed.value)
    assert "mirror.example" in str(failed.value)


def test_whoever_skips_is_told_so(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATLS_SKIP_EDITORS", "1")
    assert fetch.main([]) == 0
    assert "NOT tested" in capsys.readouterr().err
