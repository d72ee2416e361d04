"""Writes all that is generated: reference tables, JSON schema, the clients' types.

python docs/generate.py            write what is stale
python docs/generate.py --check    write nothing; exit code 1, naming what is stale
python docs/generate.py --record   record the conversation of docs/protocol.md anew first (docs/record.py)
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import record
from generation import (
    letters,
    lua,
    markdown,
    permissions,
    python,
    reference,
    schema,
    settings,
    tools,
    typescript,
    view,
    vscode,
)

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


def generated() -> Iterator[tuple[Path, str]]:
    """Every file and the text that it should have."""
    yield DOCS / "protocol.md", markdown.fill((DOCS / "protocol.md").read_text("utf-8"), reference.parts())
    yield DOCS / "configuration.md", markdown.fill((DOCS / "configuration.md").read_text("utf-8"), settings.parts())
    yield DOCS / "tools.md", markdown.fill((DOCS / "tools.md").read_text("utf-8"), tools.parts())
    yield DOCS / "permissions.md", markdown.fill((DOCS / "permissions.md").read_text("utf-8"), permissions.parts())
    yield ROOT / "README.md", markdown.fill((ROOT / "README.md").read_text("utf-8"), {"example": _example()})
    yield DOCS / "protocol.schema.json", schema.document()
    yield ROOT / "clients/python/chatls_client/protocol.py", python.module()
    yield ROOT / "clients/vscode/src/protocol.ts", typescript.module()
    yield ROOT / "clients/vscode/src/view.ts", view.module()
    yield ROOT / "clients/vscode/src/letters.ts", letters.typescript()
    manifest = ROOT / "clients/vscode/package.json"
    yield manifest, vscode.manifest(manifest.read_text("utf-8"))
    yield ROOT / "clients/nvim/lua/chatls/protocol.lua", lua.module()
    yield ROOT / "clients/nvim/lua/chatls/letters.lua", letters.module()


def _example() -> str:
    return markdown.block((ROOT / "clients/python/example.py").read_text("utf-8"), "python")


def stale() -> list[tuple[Path, str]]:
    """The files whose text is another one."""
    return [(path, text) for path, text in generated() if not path.exists() or path.read_text("utf-8") != text]


def main(arguments: list[str]) -> int:
    """Give the exit code."""
    if unknown := set(arguments) - {"--check", "--record"}:
        sys.stderr.write(f"unknown: {', '.join(sorted(unknown))}\n{__doc__}")
        return 2
    if "--record" in arguments:
        record.write()
    found = stale()
    for path, text in found:
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")
        if "--check" not in arguments:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    return 1 if found and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
