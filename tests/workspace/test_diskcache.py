"""What was read of the disk is kept while nothing of it changes, and no longer."""

from pathlib import Path

import pytest
from anyio import create_task_group

from chatls.workspace.diskcache import DiskCache

pytestmark = pytest.mark.asyncio


class Reader:
    """Reads a folder's files and counts how often."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0
        self.kept = DiskCache[str]()

    def read(self) -> str:
        self.count += 1
        return " ".join(path.read_text() for path in self.places() if path.is_file())

    def places(self) -> list[Path]:
        return [self.folder / name for name in "abc"]

    async def get(self, about: object = None) -> str:
        return await self.kept.get(about, self.places, self.read)


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    return Reader(tmp_path)


async def test_it_is_read_anew_only_where_something_changed(reader: Reader) -> None:
    assert [await reader.get() for _ in range(3)] == ["", "", ""]
    assert reader.count == 1
    (reader.folder / "b").write_text("b")
    assert await reader.get() == "b"
    (reader.folder / "b").write_text("c")
    assert await reader.get() == "c", "the same size, and perhaps the same time"
    (reader.folder / "b").unlink()
    assert await reader.get() == ""
    count = reader.count
    (reader.folder / "a").mkdir()
    await reader.get()
    (reader.folder / "a" / "more").write_text("x")
    await reader.get()
    assert reader.count == count + 1, "what is in a folder is a place of its own"


async def test_another_question_is_another_reading(reader: Reader) -> None:
    await reader.get(1)
    await reader.get(2)
    assert reader.count == 2


async def test_all_that_ask_at_once_share_a_reading(reader: Reader) -> None:
    async with create_task_group() as tasks:
        for _ in range(64):
            tasks.start_soon(reader.get)
    assert reader.count <= 2, "the first one's, and one for all that came while it read"
