"""The seam to pygls, without a process: which folders and documents there are, whatever the client calls them."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chatls.editor import Root
from chatls.handshake import Hello
from chatls.outbox import Outbox
from chatls.rpc import Rpc
from chatls.stdio import FrameReader, Output


class Nowhere(Output):
    """Takes everything and says nothing."""

    def __init__(self) -> None:
        self.on_room: Callable[[], None] = lambda: None
        self.on_closed: Callable[[], None] = lambda: None
        self.waiting = 0
        self.written = bytearray()

    def write(self, data: bytes) -> None:
        self.written += data


def rpc(**params: Any) -> Rpc:
    return Rpc(Outbox(Nowhere()), Hello(params, "utf-16", FrameReader(), []))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = (tmp_path / "a folder").resolve()
    folder.mkdir()
    return folder


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"workspaceFolders": None, "rootUri": None},
        {"workspaceFolders": []},
        {"rootPath": "relative/path"},
        {"rootUri": "vscode-remote://host/folder"},
        {"rootUri": ""},
        {"workspaceFolders": [{"uri": "untitled:x", "name": "x"}]},
        {"workspaceFolders": [{"uri": "file://elsewhere/x", "name": "x"}]},
    ],
)
def test_where_no_folder_of_this_machine_is_named_there_is_none(params: dict[str, Any]) -> None:
    assert rpc(**params).roots() == ()


@pytest.mark.parametrize(
    "named",
    [
        '{"rootUri": "URI"}',
        '{"rootUri": "URI/"}',
        '{"rootPath": "PATH"}',
        '{"rootUri": "URI", "rootPath": "/elsewhere", "workspaceFolders": null}',
        '{"rootUri": "file:///elsewhere", "workspaceFolders": [{"uri": "URI"}]}',
        '{"workspaceFolders": [{"uri": "URI", "name": null}]}',
        '{"workspaceFolders": [{"uri": "URI", "name": ""}]}',
        '{"rootUri": "FILE://LOCALHOSTPATH"}',
    ],
)
def test_a_folder_is_taken_from_wherever_the_client_names_it(named: str, folder: Path) -> None:
    params = json.loads(re.sub('"URI', f'"{folder.as_uri()}', named).replace('PATH"', f'{folder}"'))
    assert rpc(**params).roots() == (Root("a folder", folder),)


def test_a_folder_behind_a_link_is_the_folder_itself(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    named = {"uri": (tmp_path / "link").as_uri(), "name": "called so"}
    assert rpc(workspaceFolders=[named]).roots() == (Root("called so", folder),)


def test_folders_of_one_name_get_names_of_their_own(tmp_path: Path) -> None:
    folders = [{"uri": (tmp_path / name / "app").as_uri(), "name": "app"} for name in "abc"]
    names = [root.name for root in rpc(workspaceFolders=folders).roots()]
    assert names == ["app", "app-2", "app-3"]
