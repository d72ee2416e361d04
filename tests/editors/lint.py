"""Looks over the Lua of the project: StyLua for its form, luacheck for its sense. `--fix` formats instead.

python tests/editors/lint.py [--fix]
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from fetch import NoEditorError, luacheck

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PLUGIN = ROOT / "clients" / "nvim"
GENERATED = PLUGIN / "lua" / "chatls" / "protocol.lua"
AT_MOST = 300
"""Seconds for one program that is run."""


def main(arguments: list[str]) -> int:
    """Give the exit code."""
    if unknown := set(arguments) - {"--fix"}:
        sys.stderr.write(f"unknown: {', '.join(sorted(unknown))}\n{__doc__}")
        return 2
    folders = (PLUGIN, HERE, ROOT / "docs", ROOT / "tests" / "packages")
    files = [path for folder in folders for path in folder.rglob("*.lua") if path != GENERATED]
    commands = [formatter(sorted(files), check="--fix" not in arguments)]
    if "--fix" not in arguments:
        commands.append(linter(sorted(files)))
    return max(
        (subprocess.run(line, cwd=ROOT, timeout=AT_MOST, check=False).returncode for line in commands if line),
        default=0,
    )


def formatter(files: list[Path], *, check: bool) -> list[str]:
    """The command that looks at the form, or mends it; empty where it is not wanted."""
    if os.environ.get("CHATLS_SKIP_NODE") == "1":
        sys.stderr.write("CHATLS_SKIP_NODE is set: the form of the Lua files is NOT checked\n")
        return []
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        sys.exit("Install Node.js 18 or later (with npm), or set CHATLS_SKIP_NODE=1 to go without the formatter of Lua")
    mark, lock = HERE / "node_modules" / ".package-lock.json", HERE / "package-lock.json"
    if not mark.exists() or mark.stat().st_mtime < lock.stat().st_mtime:
        command = [npm, "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run(command, cwd=HERE, timeout=AT_MOST, check=True)
    mode = ["--check"] if check else []
    return [node, str(HERE / "stylua.mjs"), *mode, str(PLUGIN / "stylua.toml"), *map(str, files)]


def linter(files: list[Path]) -> list[str]:
    """The command that looks for mistakes; empty where it is not wanted."""
    if os.environ.get("CHATLS_SKIP_EDITORS") == "1":
        sys.stderr.write("CHATLS_SKIP_EDITORS is set: luacheck does NOT look over the Lua files\n")
        return []
    try:
        command = luacheck()
    except NoEditorError as error:
        sys.exit(str(error))
    return [*command, "--quiet", "--no-cache", "--no-color", "--config", str(PLUGIN / ".luacheckrc"), *map(str, files)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
