"""Asks the installed programs for their help, writes the texts anew, and tells which options have no class.

`python -m tests.agent.permission.helptexts.renew [NAME...]`, with the programs on PATH (those of Node in
`node_modules/.bin` of a folder on it). What is not installed keeps its text.
"""

import gzip
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.agent.permission.helptexts import HERE, read, shapes, stale, unclassed

_PATIENCE = 60
_MANUALS = (Path("/usr/share/man/man1"), Path("/usr/local/share/man/man1"))
_ASKED = {"rg": ("-h",), "jq": ("-h",), "mvn": ("--help",), "pnpm-test": ("--help",)}
_UNKNOWN = re.compile(r"No module named|no such (sub)?command|command not found|is not installed", re.IGNORECASE)
_BUILT_IN = frozenset({"true", "false", "which", "pwd", "echo", "printf"})
"""They have no options of interest, or the shell has them itself."""


def main() -> int:
    """Exit code 1: some option has no class."""
    chosen = sys.argv[1:] or sorted({"find", *shapes()} - _BUILT_IN)
    code = 0
    for name in chosen:
        found = asked(name)
        if found is None:
            print(f"{name}: not installed; {'its text stays' if read(name) else 'there is no text of it'}")
        elif read(name) != found:
            (HERE / f"{name}.txt").write_text("\n".join(found), "utf-8")
            print(f"{name}: written anew ({found[0]})")
        if missing := unclassed(name):
            print(f"{name}: has no class: {' '.join(missing)}")
            code = 1
    for option in stale():
        print(f"{option} has a class, and is not there")
        code = 1
    return code


def asked(name: str) -> tuple[str, str] | None:
    """The version and the help of an installed program."""
    program, *rest = name.split("-")
    if name == "unittest":
        return f"python {sys.version.split()[0]}", plain(said(sys.executable, "-m", "unittest", "--help"))
    if shutil.which(program) is None:
        return None
    if program == "git":
        sub = name.removeprefix("git-")
        text = manual(name) or said("git", sub, "-h") + said("git", sub, "--git-completion-helper-all")
        return version("git"), plain(text)
    text = said(program, *rest, *_ASKED.get(name, ("--help",)))
    return None if _UNKNOWN.search(text) else (version(program), plain(text))


def said(*words: str) -> str:
    """All that a program writes; nothing where it does not end."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "COLUMNS": "120", "NO_COLOR": "1", "PAGER": "cat"}
    try:
        done = subprocess.run(
            words,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
            cwd="/",
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return (done.stdout + done.stderr).decode("utf-8", "replace")


def version(program: str) -> str:
    """The first line of what it says of its version that has a number in it."""
    lines = plain(said(program, "version" if program == "go" else "--version")).splitlines()
    found = next((line.strip() for line in lines if re.search(r"\d", line)), "")
    return found if re.match(program, found, re.IGNORECASE) else f"{program} {found}"


def manual(name: str) -> str:
    """What a manual page of git's defines: its options, without what is said of them."""
    page = next((place / f"{name}.1.gz" for place in _MANUALS if (place / f"{name}.1.gz").exists()), None)
    if page is None:
        return ""
    text = gzip.decompress(page.read_bytes()).decode("utf-8", "replace")
    heads = re.findall(r"^\.PP\n((?:.+\n)+?)\.RS 4$", text, re.MULTILINE)
    bare = (re.sub(r"\\f[A-Z]|\\&", "", head.replace("\\-", "-")).replace("\n", " ").strip() for head in heads)
    return "\n".join(head for head in bare if head.startswith("-"))


def plain(text: str) -> str:
    """A text without colours, blanks at ends, addresses, and what names this machine."""
    text = re.sub(r"https?://[^\s)>\"']+", "ADDRESS", text)
    text = re.sub(r"\x1b\[[0-9;]*m", "", text.replace("\b", ""))
    text = re.sub(r"(?<![\w.])/(root|home|tmp|Users|work|opt)[\w./-]*", "PLACE", text)
    return "\n".join(line.rstrip() for line in text.strip().splitlines()) + "\n"


if __name__ == "__main__":
    sys.exit(main())
