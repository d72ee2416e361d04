"""Questions for the client, as a daemon puts them."""

import json
from pathlib import Path
from typing import Any

ONCE = {"id": "allow_once", "label": "Allow once", "kind": "allow_once"}
SESSION = {"id": "allow_session", "label": "Allow `git status` in this session", "kind": "allow_always"}
WORKSPACE = {"id": "allow_workspace", "label": "Always allow `git status` in this workspace", "kind": "allow_always"}
NO = {"id": "reject_once", "label": "No", "kind": "reject_once"}
NEVER = {"id": "reject_session", "label": "No, not again in this session", "kind": "reject_always"}


def command(line: str, *options: dict[str, str], title: str = "") -> dict[str, Any]:
    """A question about a command."""
    return {
        "title": title or f"run_command {line}",
        "toolKind": "execute",
        "arguments": {"command": line},
        "preview": [{"type": "text", "text": line}],
        "options": list(options or (ONCE, SESSION, WORKSPACE, NO, NEVER)),
    }


def edit(uri: str, old: str, new: str) -> dict[str, Any]:
    """A question about a change of a file."""
    return {
        "title": "edit_file " + uri.rpartition("/")[2],
        "toolKind": "edit",
        "arguments": {"path": uri},
        "preview": [{"type": "diff", "uri": uri, "oldText": old, "newText": new}],
        "options": [ONCE, NO],
    }


def permit(folder: Path, *questions: dict[str, Any], **rest: Any) -> str:
    """The prompt that makes the fake daemon ask these."""
    path = folder / "questions.json"
    path.write_text(json.dumps({"questions": questions, **rest}))
    return f"permit {path}"
