"""The archive for a bug report: what the doctor found, the settings, the last logs; without secrets and home folders.

Read it before you send it: it is meant to hold nothing that is not yours to give, and no program can promise that.
"""

import io
import json
import os
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from chatls.providers.http.keys import known_keys, without_keys
from chatls.providers.known.catalog import KNOWN
from chatls.seen.commands.findings import Diagnosis, as_values
from chatls.seen.commands.log import log_folder
from chatls.seen.logs.file import files
from chatls.seen.secrets import REMOVED, SECRET_NAMES, without_likely_keys
from chatls.settings.config import Settings

_LOGS = 3
_MOST_OF_ONE = 1_000_000
"""Bytes, from the end."""


def write(path: Path, findings: Iterable[Diagnosis], settings: Settings) -> list[str]:
    """Make the archive, for its owner alone; it must not be there. Gives what is in it. Raises `OSError`."""
    parts = {
        "doctor.json": json.dumps(as_values(findings), indent=1, ensure_ascii=False),
        "settings.json": json.dumps(told(settings), indent=1, ensure_ascii=False),
    }
    for log in files(log_folder())[-_LOGS:]:
        data = log.read_bytes()[-_MOST_OF_ONE:]
        parts[f"log/{log.name}"] = data.decode("utf-8", "replace")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, clean(text))
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(packed.getvalue())
    return list(parts)


def told(settings: Settings) -> dict[str, Any]:
    """The settings without what may be secret: headers, environments, arguments, commands that print keys, rules."""
    value = settings.model_dump(mode="json", by_alias=True)
    for provider in value["providers"].values():
        provider["headers"] = dict.fromkeys(provider["headers"], REMOVED)
        if provider["apiKeyCommand"]:
            provider["apiKeyCommand"] = [provider["apiKeyCommand"][0], REMOVED]
    for server in value["mcp"].values():
        for part in ("headers", "env"):
            server[part] = dict.fromkeys(server[part], REMOVED)
        for part in ("args", "keyCommand"):
            server[part] = server[part] and [REMOVED]
        server["url"] = server["url"] and server["url"].partition("?")[0]
    for rule in value["permissions"]:
        for part in ("command", "path"):
            rule[part] = rule[part] and REMOVED
    return value


def clean(text: str) -> str:
    """A text without keys that are known here, what looks like one, and the names of the user and their folders."""
    text = without_secrets(text)
    home = str(Path.home())
    return text.replace(home, "~") if len(home) > 1 else text


def without_secrets(text: str) -> str:
    """A text without keys that are known here, and what looks like one."""
    named = {name for name in os.environ if SECRET_NAMES.search(name)}
    named |= {variable for entry in KNOWN for variable in entry.key_variables}
    return without_likely_keys(without_keys(known_keys(os.environ, named), text))
