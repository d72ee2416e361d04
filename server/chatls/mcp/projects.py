"""MCP servers that a project names in files of its own: a person is told of them, once for each content. None is ever
started because it stands there.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from chatls.content import JsonObject
from chatls.errors import SettingsError
from chatls.mcp.standing import PROJECT_FILES
from chatls.mcp.written import taken_over
from chatls.seen.secrets import shown_arguments
from chatls.settings.config import McpSettings
from chatls.visible import visible_line
from chatls.workspace.openfile import NotRegularError, open_beneath
from chatls.workspace.ownfolder import make_private

LARGEST = 256 * 1024
"""Bytes of such a file."""
_SHOWN = 5
_LONGEST = 80


def told_of(folder: Path, roots: Sequence[Path], own: Mapping[str, McpSettings]) -> list[str]:
    """Words for a person about the servers that these folders name, where nobody was told of them yet. Blocks.

    `folder`: where it is remembered; `own`: the servers of the settings, about which nothing is said.
    """
    found = list[str]()
    for path in (root / name for root in roots for name in PROJECT_FILES):
        text = _text(path)
        servers: Mapping[str, JsonObject] = _servers(text) if text else {}
        new = {name: entry for name, entry in servers.items() if name not in own}
        if new and _first(folder, f"{path}\0{text}"):
            found.append(_words(path, new))
    return found


def _text(path: Path) -> str:
    root = path.parent.parent if path.parent.name == ".vscode" else path.parent
    try:
        with open_beneath(root, path) as file:
            data = file.read(LARGEST + 1) or b""
    except (OSError, NotRegularError):
        return ""
    return data.decode("utf-8", "replace") if len(data) <= LARGEST else ""


def _servers(text: str) -> Mapping[str, JsonObject]:
    try:
        return taken_over(text)[0]
    except SettingsError:
        return {}


def _first(folder: Path, content: str) -> bool:
    """Whether nobody was told. An empty file remembers it, whichever daemon it was; where none can be made it is told
    again."""
    try:
        make_private(folder)
        (folder / sha256(content.encode()).hexdigest()[:32]).touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        return False
    except OSError:
        return True
    return True


def _words(path: Path, servers: Mapping[str, JsonObject]) -> str:
    shown = [f"{name} ({_what(entry)})" for name, entry in list(servers.items())[:_SHOWN]]
    more = f" and {len(servers) - _SHOWN} more" if len(servers) > _SHOWN else ""
    command = f"chatls mcp import {visible_line(str(path), 300)}"
    return (
        f"This project names MCP servers, and none of them was started: {', '.join(shown)}{more}. "
        f"If you trust them, `{command}` in a terminal shows them and takes them over into your settings."
    )


def _what(entry: JsonObject) -> str:
    words = [entry["url"]] if entry.get("url") else [entry["command"], *entry.get("args", ())]
    return visible_line(" ".join(shown_arguments(words)[0]), _LONGEST)
