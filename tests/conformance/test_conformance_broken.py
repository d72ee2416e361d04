"""For each rule there is a daemon that breaks it, and the kit says that of this rule, and of no other."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from broken import Faults, read_table
from chatls_conformance.notation import Talk, read_talks
from chatls_conformance.player import Player, Times
from chatls_conformance.rules import read_rules

FOLDER = Path(__file__).parent
CHATLS = [sys.executable, "-m", "chatls"]


def failed(talk: Talk, table: dict[str, tuple[str, str]]) -> Iterator[str]:
    """The broken daemons of one file that are not found out, or for the wrong reason. They are one process, that is
    spoilt in turn."""
    with tempfile.TemporaryDirectory(prefix="broken-", ignore_cleanup_errors=True) as folder:
        player = Player(CHATLS, talk, Path(folder), Times(8.0 if talk.alone else 3.0, pace=0.2))
        try:
            for rule, (shown, faults) in table.items():
                for scene in talk.scenes:
                    if shown in scene.rules:
                        player.tap = Faults(faults).spoil
                        outcome = player.play(scene)
                        player.tap = None
                        if set(outcome.broken) != {rule}:
                            yield f"{rule}: {outcome.broken}"
        finally:
            player.leave()


def test_each_broken_daemon_breaks_its_rule_alone() -> None:
    table = read_table()

    def look(talk: Talk) -> list[str]:
        return list(failed(talk, table))

    with ThreadPoolExecutor(6) as pool:
        found = [why for whys in pool.map(look, read_talks("conversations")) for why in whys]
    assert found == []


def test_there_is_a_broken_daemon_for_each_rule() -> None:
    assert set(read_table()) ^ set(read_rules()) == set()


def test_a_broken_daemon_is_found_out_at_the_command_line() -> None:
    broken = [sys.executable, str(FOLDER / "broken.py"), "init.chat", "--", *CHATLS]
    kit = [sys.executable, "-m", "chatls_conformance", "daemon", "--only", "init.", "--", *broken]
    said = subprocess.run(kit, cwd=FOLDER, capture_output=True, text=True, timeout=60, check=False)
    assert said.returncode == 1
    assert [line.split()[1] for line in said.stdout.splitlines() if line.startswith("failed")] == ["init.chat"]
