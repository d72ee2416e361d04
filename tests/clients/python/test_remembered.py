"""`chatls permissions`, with a daemon that does what it is told."""

import sys
from pathlib import Path

import pytest

from chatls_client.protocol import PermissionEntry
from chatls_client.remembered import line, main

FAKE = [sys.executable, "-S", str(Path(__file__).with_name("fake_daemon.py"))]


def test_what_is_remembered_is_listed(capfd: pytest.CaptureFixture[str]) -> None:
    assert main([], command=FAKE) == 0
    assert capfd.readouterr() == ('g1  allow run_command "git status" in every folder\n', "")


def test_what_is_revoked_is_listed_no_more(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--revoke", "g1"], command=FAKE) == 0
    assert capfd.readouterr() == ("", "chatls: nothing is remembered, and the settings have no rules\n")


def test_what_cannot_be_revoked_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--revoke", "g1", "--revoke", "g2"], command=FAKE) == 1
    assert "nothing that can be revoked is named g2;" in capfd.readouterr().err


def test_a_daemon_that_is_not_there_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    assert main([], command=["/no/such/daemon"]) == 1
    assert "cannot start" in capfd.readouterr().err


def test_nothing_in_a_rule_is_hidden() -> None:
    entry = PermissionEntry("s", "settings", "*", "deny", path="a\u202eb\nc")
    assert line(entry) == r's  deny * "a\u{202E}b\nc" by the settings'
    assert line(PermissionEntry("s", "session", "edit_file", "allow", session_id="x")).endswith(" in a session")
