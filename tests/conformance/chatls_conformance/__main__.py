"""Hold a daemon, or a client, to docs/protocol.md.

python -m chatls_conformance daemon [--only RULE ...] [--json] [--patience SECONDS] [--pace TIMES] -- COMMAND ...
python -m chatls_conformance client [--play SCENE] [--report FILE]
python -m chatls_conformance rules
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from chatls_conformance.client import FakeDaemon
from chatls_conformance.notation import Scene, Talk, read_talks
from chatls_conformance.pipe import Tap
from chatls_conformance.player import Outcome, Player, Times
from chatls_conformance.rules import Rule, read_rules
from chatls_conformance.standing import STANDING

AT_ONCE = 3
"""Files of conversations that are played at a time, each with a daemon of its own."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code is 0 if all rules that were tried hold, 1 if one does not, 2 if the words make no sense."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    given, command = (given[: given.index("--")], given[given.index("--") + 1 :]) if "--" in given else (given, [])
    parser = argparse.ArgumentParser(
        "chatls_conformance", description="Hold a daemon, or a client, to docs/protocol.md."
    )
    ways = parser.add_subparsers(dest="way", required=True)
    daemon = ways.add_parser("daemon", help="hold a daemon to the rules: daemon [options] -- COMMAND")
    daemon.add_argument("--only", action="append", default=[], metavar="RULE", help="this rule, or all that begin so")
    daemon.add_argument("--json", action="store_true", help="one JSON object in place of lines")
    daemon.add_argument("--patience", type=float, default=15.0, help="seconds for what has no time of its own")
    daemon.add_argument(
        "--pace", type=float, default=1.0, help="multiplies the protocol's own times, for a slow machine"
    )
    ways.add_parser("rules", help="say all rules")
    client = ways.add_parser("client", help="be a daemon for a client to talk to")
    client.add_argument("--play", default="", metavar="WORD", help="play this for each prompt, whatever its words")
    client.add_argument("--report", type=Path, metavar="FILE", help="say here what came of each rule; else on stderr")
    chosen = parser.parse_args(given)
    if chosen.way == "client":
        return FakeDaemon(chosen.play, chosen.report).serve()
    if chosen.way == "rules":
        return _say_rules()
    if not command:
        parser.error("behind -- stands the command that starts the daemon")
    found = shutil.which(command[0])
    if found is None:
        parser.error(f"there is no program {command[0]}")
    return hold_daemon(
        [str(Path(found).absolute()), *command[1:]],
        chosen.only,
        Times(chosen.patience, chosen.pace),
        as_json=chosen.json,
    )


def _say_rules() -> int:
    section = ""
    for rule in read_rules().values():
        if rule.section != section:
            section = rule.section
            print(f"\n{section}\n")
        print(f"{rule.id:24} {rule.words}")
    return 0


def hold_daemon(command: Sequence[str], only: Sequence[str], times: Times, *, as_json: bool) -> int:
    """Play all conversations, and say what came of each rule."""
    rules = read_rules()
    wanted = {name for name in rules if not only or any(name.startswith(one) for one in only)}
    if not wanted:
        print(f"no rule begins with {' or '.join(only)}", file=sys.stderr)
        return 2
    broken, skipped, tried = _played(command, wanted, times)
    rows = [_row(rule, broken, skipped, tried) for rule in rules.values() if rule.id in wanted]
    if as_json:
        print(json.dumps({"rules": rows}, indent=1))
    else:
        _say(rows)
    return 1 if broken else 0


def _row(rule: Rule, broken: dict[str, str], skipped: dict[str, str], tried: set[str]) -> dict[str, str]:
    row = {"id": rule.id, "section": rule.section, "words": rule.words}
    if rule.id in broken:
        return {**row, "came": "failed", "why": broken[rule.id]}
    if rule.id in tried:
        return {**row, "came": "passed"}
    return {**row, "came": "not applicable", "why": skipped.get(rule.id, "nothing was said that it is about")}


def _say(rows: list[dict[str, str]]) -> None:
    for row in rows:
        print(f"{row['came']:14} {row['id']:24} {row['words'][:160]}")
        if "why" in row:
            print(f"{'':14} {'':24} -> {row['why']}")
    counts = {came: sum(row["came"] == came for row in rows) for came in ("passed", "failed", "not applicable")}
    print("\n" + ", ".join(f"{count} {came}" for came, count in counts.items()))


def _played(command: Sequence[str], wanted: set[str], times: Times) -> tuple[dict[str, str], dict[str, str], set[str]]:
    broken: dict[str, str] = {}
    skipped: dict[str, str] = {}
    tried: set[str] = set()
    standing = wanted & {*STANDING, "frame.only"}
    for scene, outcome in play_all(command, wanted if not standing else None, times):
        found = {name: why for name, why in outcome.broken.items() if name in wanted}
        if outcome.failed and not found:
            found = dict.fromkeys(scene.rules, next(iter(outcome.broken.values())))
        if outcome.why_not or (outcome.failed and not set(found) & set(scene.rules)):
            skipped.update(dict.fromkeys(scene.rules, outcome.why_not or f"{', '.join(found)} is broken here"))
        else:
            tried |= {*scene.rules, *standing}
        broken.update({name: why for name, why in found.items() if name not in broken})
    return broken, skipped, tried


def play_all(command: Sequence[str], wanted: set[str] | None, times: Times) -> Iterator[tuple[Scene, Outcome]]:
    """Play the scenes that try wanted rules (None: all), some files at a time."""
    talks = [talk for talk in read_talks("conversations") if wanted is None or wanted & set(_rules_of(talk))]

    def play(talk: Talk) -> list[tuple[Scene, Outcome]]:
        return list(play_file(command, talk, wanted, times))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for played in pool.map(play, talks):
            yield from played


def _rules_of(talk: Talk) -> list[str]:
    return [rule for scene in talk.scenes for rule in scene.rules]


def play_file(
    command: Sequence[str], talk: Talk, wanted: set[str] | None, times: Times, tap: Tap | None = None
) -> Iterator[tuple[Scene, Outcome]]:
    """The same of one file."""
    with tempfile.TemporaryDirectory(prefix="conformance-", ignore_cleanup_errors=True) as folder:
        player = Player(command, talk, Path(folder), times, tap)
        try:
            for scene in talk.scenes:
                if wanted is None or wanted & set(scene.rules):
                    yield scene, player.play(scene)
        finally:
            player.leave()


if __name__ == "__main__":
    sys.exit(main())
