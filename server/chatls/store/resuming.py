"""What a session goes on with beside its history: the texts that its model knows, its system prompt, its model."""

from collections.abc import Iterator
from os import fsdecode, fsencode
from pathlib import Path
from typing import Any, NamedTuple, get_args

from chatls.agent.session import Session
from chatls.editor import Root
from chatls.events import WorkingMode
from chatls.shapes import as_list, as_text
from chatls.store import histories, reading, writing
from chatls.store.coding import Blotted, packed, squeezed, stretched
from chatls.store.connection import Tables
from chatls.store.histories import KeptSession
from chatls.workspace.seen import Seen

ROOM = 32 * 2**20
"""Characters of texts that a session is given back."""

KnownTexts = dict[Path, tuple[str, str | None]]
KnownLines = dict[Path, frozenset[str]]


class KnownFile(NamedTuple):
    """What the model knows of a file. Neither mark nor lines: the file is no more."""

    path: Path
    mark: str | None
    text: str | None
    lines: frozenset[str] | None


def kept_with_texts(connection: Tables, name: str) -> tuple[KeptSession | None, KnownTexts]:
    """A session as it is kept, with the texts that its model knows."""
    kept = histories.kept_session(connection, name)
    texts, room = KnownTexts(), ROOM
    for path, (mark, text) in reversed(list(kept.seen.items() if kept else ())):
        data = reading.text_of(connection, text) if text and room > 0 else None
        words = None if data is None else stretched(data).decode("utf-8", "surrogatepass")
        room -= len(words or "")
        texts[path] = mark or "", words
    return kept, dict(reversed(texts.items()))


def restore(session: Session, kept: KeptSession, texts: KnownTexts) -> str | None:
    """Make a session what was kept of it. Gives words for a person."""
    session.history.listeners = ()
    session.history.replace(kept.messages)
    session.title, session.model = kept.title, kept.chosen
    session.mode = next((mode for mode in get_args(WorkingMode) if mode == kept.mode), "ask")
    session.seen.restore(texts, kept.lines)
    session.system.told = _told(kept)
    here = frozenset(fsencode(root.path) for root in session.editor.roots())
    if kept.folders and not kept.folders & here:
        names = ", ".join(sorted(fsdecode(path) for path in kept.folders))
        return f"This chat was about {names}, which is not open here."
    return None


def system_value(told: tuple[tuple[Root, ...], str]) -> dict[str, Any]:
    """A system prompt, and the folders that it was made for, as JSON."""
    return {"roots": [[root.name, str(root.path)] for root in told[0]], "prompt": told[1]}


def learnt(seen: Seen, files: KnownTexts, lines: KnownLines) -> Iterator[KnownFile]:
    """What the model came to know since it knew this."""
    now, shown = seen.files(), seen.all_lines()
    for path in now.keys() | shown.keys():
        mark, text = now.get(path, (None, None))
        if files.get(path, (None, None)) != (mark, text) or lines.get(path) != shown.get(path):
            yield KnownFile(path, mark, text, shown.get(path))
    for path in (files.keys() | lines.keys()) - now.keys() - shown.keys():
        yield KnownFile(path, None, None, None)


def write_known(connection: Tables, turn: int, keys: Blotted, known: KnownFile) -> None:
    """Write it down, as something of a turn."""
    name = None
    if known.text is not None and known.mark is not None:
        data = known.text.encode("utf-8", "surrogatepass")
        if not keys.stand_in(data):
            name = f"s{known.mark}"
            writing.put_text(connection, name, squeezed(data))
    lines = None if known.lines is None else packed(sorted(known.lines), keys)
    writing.put_seen(connection, turn, fsencode(known.path), known.mark, name, lines)


def _told(kept: KeptSession) -> tuple[tuple[Root, ...], str] | None:
    roots = [as_list(root) for root in as_list(kept.system.get("roots"))]
    prompt = as_text(kept.system.get("prompt"))
    return (tuple(Root(as_text(root[0]), Path(as_text(root[1]))) for root in roots), prompt) if prompt else None
