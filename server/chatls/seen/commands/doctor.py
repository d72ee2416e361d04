"""`chatls doctor`: looks this machine over, and says for each problem what to do. Changes nothing, shows no key."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import anyio

from chatls import __version__
from chatls.seen.commands import bundle, checks_machine, checks_models, checks_servers
from chatls.seen.commands.findings import Diagnosis, as_values, draw, verdict
from chatls.seen.commands.paper import Paper

DESCRIPTION = """\
Look this machine over: programs, settings, models and their keys, network, MCP servers, what is kept, editors.
"""
EPILOG = """\
No key is shown, no prompt is sent, nothing is changed. Model servers that could be asked are connected to once; MCP
servers of your own settings are started for a moment, and told of no folder.
exit codes: 0 if chatls works, 1 if something has to be mended first
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run `chatls doctor` and return its exit code."""
    options = _parser().parse_args(argv)
    paper = Paper(sys.stderr if options.json else None)
    try:
        findings, read = anyio.run(examine)
    except KeyboardInterrupt:
        return 130
    if options.json:
        value = {"version": __version__, "verdict": verdict(findings), "findings": as_values(findings)}
        sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1) + "\n")
    else:
        draw(paper, findings)
        paper.say()
        paper.say(verdict(findings))
    if options.bundle is not None and not _bundled(paper, options.bundle, findings, read):
        return 1
    return 1 if any(finding.mark == "bad" for finding in findings) else 0


async def examine() -> tuple[list[Diagnosis], checks_models.MachineSettings]:
    """All findings, those of one area together."""
    read = await anyio.to_thread.run_sync(checks_models.settings)
    found: dict[str, list[Diagnosis]] = {}

    async def look(name: str, check: "checks_machine.MachineCheck") -> None:
        found[name] = await anyio.to_thread.run_sync(lambda: list(check()))

    async def ask() -> None:
        found["models"] = await checks_models.gathered(read)

    async def start() -> None:
        found["servers"] = [finding async for finding in checks_servers.servers(read)]

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(start)
        tasks.start_soon(look, "programs", checks_machine.programs)
        tasks.start_soon(look, "storage", checks_machine.storage)
        tasks.start_soon(look, "editors", checks_machine.editors)
        tasks.start_soon(ask)
    order = ("models", "servers", "storage", "editors")
    return [*found["programs"], *read.findings, *(finding for name in order for finding in found[name])], read


def _bundled(paper: Paper, path: Path, findings: list[Diagnosis], read: checks_models.MachineSettings) -> bool:
    try:
        parts = bundle.write(path, findings, read.settings)
    except OSError as error:
        sys.stderr.write(f"chatls: {path} cannot be written: {os.strerror(error.errno or 0)}\n")
        return False
    paper.say()
    paper.say(f"{path} holds {', '.join(parts)}. Keys and home folders are removed; read it before you send it.")
    return True


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "chatls doctor",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--json", action="store_true", help="the findings for programs, to standard output")
    parser.add_argument("--bundle", metavar="FILE", type=Path, help="also write an archive for a bug report (.zip)")
    return parser
