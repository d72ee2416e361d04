"""Gives a code-server the check of proposed API back, which VS Code has and code-server answers with yes.

python tests/vscode/proposals.py FOLDER    FOLDER holds its VS Code. Safe to run twice; fails if the code changed.
"""

import re
import sys
from pathlib import Path

PLACES = ("out/vs/workbench/api/node/extensionHostProcess.js", "out/vs/code/browser/workbench/workbench.js")
BEHIND = r"\}function [\w$]+\([\w$]+,[\w$]+\)\{if\(!%s\([^)]*\)\)throw new Error\(`[^`]{0,80}CANNOT use API proposal"
OPEN = re.compile(
    r"(function (?P<name>[\w$]+)\((?P<who>[\w$]+),(?P<what>[\w$]+)\)\{)return!0(" + BEHIND % r"(?P=name)" + ")"
)
SHUT = re.compile(r"enabledApiProposals\.includes\([\w$]+\)\)" + BEHIND % r"[\w$]+")


def main(folder: Path) -> int:
    """Give the exit code."""
    for place in PLACES:
        path = folder / place
        text = path.read_text("utf-8")
        if SHUT.search(text):
            continue
        text, count = OPEN.subn(_restored, text)
        if count != 1:
            sys.stderr.write(f"{place}: the check stands there {count} times; look for 'CANNOT use API proposal'\n")
            return 1
        path.write_text(text, "utf-8")
    return 0


def _restored(found: re.Match[str]) -> str:
    proposals = f"{found['who']}.enabledApiProposals"
    return f"{found[1]}return!!({proposals}&&{proposals}.includes({found['what']})){found[5]}"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
