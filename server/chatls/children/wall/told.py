"""What the sandbox caused, told as the sandbox's: from what a command wrote. Pure."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from chatls.children.wall.scene import Scene, Sort, within

_NETWORK = re.compile(
    r"network is unreachable|temporary failure in name resolution|could not resolve host|name or service not known"
    r"|getaddrinfo|EAI_AGAIN|ENOTFOUND|ENETUNREACH|network unreachable|no address associated with hostname"
    r"|failed to lookup address|nodename nor servname|dns error|name resolution|connection refused|ECONNREFUSED"
    r"|no such host|no matching distribution found|network request failed"
    r"|unable to connect|could not connect|failed to connect|connect: cannot assign",
    re.IGNORECASE,
)
_SILENT = re.compile(
    r"(?:^|[;&|(`\n]|\bsudo )\s*(?:\w+=\S*\s+)*(?:curl|wget|ssh|scp|sftp|rsync|nc|ncat|telnet|ping|dig|nslookup|xh"
    r"|https?|git (?:fetch|pull|push|clone|ls-remote)|psql|mysql|redis-cli|docker|kubectl|gh)\b(?! --?help| --version)"
)
_FIXED = re.compile(
    r"read-only file system|\bEROFS\b|device or resource busy|\bEBUSY\b|cross-device link|\bEXDEV\b|os error (30|16)\b",
    re.IGNORECASE,
)
_RIGHTS = re.compile(r"not permitted|\bEPERM\b|permission denied|\bEACCES\b|os error 1[ )3]", re.IGNORECASE)
_MISSING = re.compile(
    r"no such file or dir|\bENOENT\b|not found|cannot find|does not exist|os error 2\b", re.IGNORECASE
)
_WORD = re.compile(r"[^\s'\"`:;,()<>\[\]{}|]+")
_PATH = re.compile(r"(?<![\w.])(?:~|/)[^\s'\"`:;,()<>\[\]{}|]+")
_MOST = 3


def caused(output: str, scene: Scene, home: Path, command: str = "") -> list[str]:
    """What of the troubles in an output may come from the sandbox, each in words; nothing where nothing does. Of a
    `command` that is of no use without a network, it is said whatever the output: such programs are often silent."""
    lines, words = output.splitlines(), list[str]()
    if not scene.network and (_SILENT.search(command) or any(map(_NETWORK.search, lines))):
        words.append("there is no network inside, and no service of this machine")
    rights = [line for line in lines if _RIGHTS.search(line)]
    missing = [line for line in lines if _MISSING.search(line)]
    secret = [path for path in _mentioned(rights, scene.folder) if within(scene, path) is Sort.HIDDEN]
    unseen = [path for path in _absolute([*rights, *missing], home) if within(scene, path) in (None, Sort.EMPTY)]
    if secret:
        words.append(f"{_listed(secret)} is hidden, because it usually holds secrets")
    elif rights:
        words.append("rights may be missing that there are outside (mounts, other processes, owners of files)")
    if unseen:
        words.append(f"{_listed(unseen)} is not shown inside, whether or not it is there")
    if any(map(_FIXED.search, lines)):
        words.append("all is read-only but the folders of the workspace, and in them the files that decide what runs")
    return words


def _absolute(lines: Iterable[str], home: Path) -> list[Path]:
    """What lines name with a whole path."""
    found = (name for line in lines for name in _PATH.findall(line))
    paths = (str(home) + name[1:] if name[0] == "~" else name for name in found)
    return [path for path in dict.fromkeys(Path(os.path.normpath(path)) for path in paths) if path != home]


def _mentioned(lines: Iterable[str], folder: Path) -> list[Path]:
    """What lines name in whatever way."""
    names = (name for line in lines for name in _WORD.findall(line))
    return list(dict.fromkeys(Path(os.path.normpath(folder / name)) for name in names))


def _listed(paths: list[Path]) -> str:
    return ", ".join(map(str, paths[:_MOST]))
