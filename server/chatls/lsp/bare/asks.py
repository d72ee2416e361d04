"""The command `chatls.ask`: turns that an editor without a plugin begins, whose answers are shown as documents."""

import logging
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from uuid import uuid4

from anyio import Event, create_task_group

from chatls.agent.accepted import Accepted, Ask
from chatls.agent.chats import Chats
from chatls.agent.session import Begin
from chatls.content import ActiveDocument, ContentBlock, EditorContext, JsonObject, Position, TextContent
from chatls.editor import Editor
from chatls.errors import RequestError, ToolError
from chatls.lsp.bare import written
from chatls.lsp.bare.screen import Screen
from chatls.lsp.bare.sheet import Sheet
from chatls.lsp.bare.written import WrittenAnswer
from chatls.lsp.workdone import Spinners
from chatls.values import dataclass
from chatls.visible import visible_line
from chatls.wire import methods
from chatls.wire.asks import AskCommand, AskedFor, AskResult
from chatls.wire.jsonrpc import Id
from chatls.wire.later import Later
from chatls.wire.methods import CommandParams
from chatls.wire.outbox import Outbox
from chatls.wire.peer import Answer, internal
from chatls.workspace.pathtext import local_path

log = logging.getLogger(__name__)

MOST_SHEETS = 8
"""Files that are looked at for words to send, wherever a person looks at."""

_TITLES: dict[AskedFor, str] = {"explain": "Explain", "document": "Document", "test": "Tests for", "fix": "Fix"}
_COMMANDS: dict[AskedFor, str] = {"explain": "explain", "document": "document", "test": "tests", "fix": "fix"}
_NO_HANDS = "My editor cannot ask me for permission, so you cannot change anything: show the change as a block of code."


@dataclass(frozen=True, slots=True)
class _AskedTurn:
    """A turn that begins, and the file that shows it."""

    where: str | Begin
    path: Path
    before: str
    """What stands above the answer."""
    there: str | None
    """What the file holds; None: there is none yet."""
    token: Id | None


class Asks:
    """Those of one client."""

    def __init__(
        self, chats: Chats, spinners: Spinners, later: Later, outbox: Outbox, screen: Screen, editor: Editor
    ) -> None:
        self._chats = chats
        self._spinners = spinners
        self._later = later
        self._outbox = outbox
        self._screen = screen
        self._editor = editor
        self._running: dict[str, str] = {}
        """What is asked at the moment: what it is called, by its session."""
        self._sheets: list[Path] = []
        """The files that were shown last: a person may write in them."""
        self._tidied = False

    def command(self, answer: Answer, params: CommandParams) -> None:
        """`chatls.ask`. Answered at once; raises `RequestError` where nothing can begin."""
        asked = methods.read(AskCommand, params.argument)
        if not self._tidied:
            self._tidied = True
            self._later.begin(self._screen.tidy)
        if asked.what == "send":
            self._later.answer(answer, partial(self._send, answer, _file(asked), params.work_done_token))
        elif asked.what or asked.text:
            self._begin_asked(answer, asked, params.work_done_token)
        elif self._screen.shows:
            self._later.answer(answer, partial(self._open, answer, asked))
        else:
            raise methods.invalid("text: is missing, and this editor shows no file to write it in")

    def running(self) -> Iterator[tuple[str, str]]:
        """The sessions that are asked at the moment, and what that is called."""
        yield from self._running.items()

    async def sendable(self, path: Path | None) -> list[tuple[str, JsonObject]]:
        """What a person wrote and could send, looking at this file: what it is called, and the command's argument.

        Drafts that the editor does not tell us of (Emacs manages no file outside its project) count once they are
        saved, wherever a person looks at.
        """
        if path is not None and self._screen.is_ours(path):
            if path.stem in self._running or not written.words_below(await self._screen.read(path)):
                return []
            return [("Send", {"what": "send", "uri": path.as_uri()})]
        found = list[tuple[str, JsonObject]]()
        for sheet in self._sheets:
            if sheet.stem not in self._running and await self._screen.open_text(sheet) is None:
                words = written.words_below(await self._screen.read(sheet))
                title = f'Send "{visible_line(" ".join(words.split()), 40)}"'
                found += [(title, {"what": "send", "uri": sheet.as_uri()})] if words else []
        return found

    def _begin_asked(self, answer: Answer, asked: AskCommand, token: Id | None) -> None:
        title = _TITLES[asked.what] if asked.what else "About"
        head, words = written.head(title, asked.uri, asked.range), asked.text or ""
        if asked.what == "fix":
            head, words = f"{head}\n> {visible_line(words, 1000)}\n", ""
        path = self._new(asked.what or "about", asked.uri)
        turn = _AskedTurn(Begin(path.stem), path, written.asking(head, words), None, token)
        self._begin(answer, turn, _content(asked, asks=self._editor.asks))

    async def _open(self, answer: Answer, asked: AskCommand) -> None:
        """A file to write in, about a place in a document."""
        path = self._new("about", asked.uri)
        text = written.draft(written.head("About", asked.uri, asked.range))
        try:
            await self._screen.write(path, text)
        except OSError as error:
            raise methods.invalid(f"{path} cannot be written: {error.strerror}") from error
        self._remember(path)
        answer.give(AskResult(path.stem, None))
        await self._screen.show(path, Position(text.count("\n") - 1, 0))

    async def _send(self, answer: Answer, path: Path, token: Id | None) -> None:
        """Ask what stands in a file, in its session."""
        if not self._screen.is_ours(path):
            raise methods.invalid(f"uri: {path} is no file that chatls has opened")
        text = await self._screen.read(path)
        words = written.words_below(text)
        if not words:
            raise methods.invalid(f"there is nothing to send: write below the last line of {path}")
        session = path.stem  # a file is named after its session
        where = session if self._chats.knows(session) or written.answered(text) else Begin(session)
        place = written.about(text) if isinstance(where, Begin) else None
        asked = AskCommand(text=words, uri=place[0] if place else None, range=place[1] if place else None)
        turn = _AskedTurn(where, path, written.asking(text, words), text, token)
        self._begin(answer, turn, _content(asked, asks=self._editor.asks))

    def _begin(self, answer: Answer, turn: "_AskedTurn", content: tuple[ContentBlock, ...]) -> None:
        accepted = self._chats.accept(turn.where, Ask(content), self._outbox.room)
        self._running[accepted.session.id] = written.title(turn.before)
        self._remember(turn.path)
        answer.give(AskResult(accepted.session.id, accepted.id))
        self._later.begin(partial(self._run, accepted, turn))

    async def _run(self, accepted: Accepted, turn: "_AskedTurn") -> None:
        """Run the turn, while its file grows."""
        told, over = WrittenAnswer(), Event()
        sheet = Sheet(self._screen, turn.path, turn.before, told, there=turn.there)
        spinner = self._spinners.take(turn.token, accepted.scope.cancel)
        listeners = (told.hear,) if spinner is None else (told.hear, self._spinners.listener(spinner))
        async with create_task_group() as tasks:
            tasks.start_soon(self._grow, sheet, over)
            try:
                ended = await accepted.run(*listeners)
                told.end(ended, asks=self._editor.asks)
            except RequestError as error:
                told.fail(str(error))
            except Exception:  # a bug must not cost a person the answer
                log.exception("a bug in a turn")
                told.fail(str(internal("the turn")))
            finally:
                self._running.pop(accepted.session.id, None)
                if spinner is not None:
                    await self._spinners.end(spinner)
                over.set()

    async def _grow(self, sheet: Sheet, over: Event) -> None:
        try:
            await sheet.grow(over)
        except OSError as error:
            self._screen.complain(f"the answer cannot be shown: {error}")

    def _remember(self, path: Path) -> None:
        self._sheets = [path, *(one for one in self._sheets if one != path)][:MOST_SHEETS]

    def _new(self, what: str, uri: str | None) -> Path:
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", written.place(uri, None))[:40].strip("-")
        return self._screen.place("-".join(filter(None, (what, name, uuid4().hex[:8]))) + ".md")


def _file(asked: AskCommand) -> Path:
    """The file that is to be sent. Raises `RequestError`."""
    try:
        return Path(local_path(asked.uri or ""))
    except ToolError as error:
        raise methods.invalid(f"uri: {error}") from error


def _content(asked: AskCommand, *, asks: bool) -> tuple[ContentBlock, ...]:
    """The prompt: what is before the person, and a slash command or their own words."""
    blocks = list[ContentBlock]()
    if asked.uri is not None:
        blocks.append(EditorContext(ActiveDocument(asked.uri, asked.range)))
    place = written.place(asked.uri, asked.range)
    match asked.what:
        case None | "send":
            blocks.append(TextContent(asked.text or ""))
        case "fix":
            blocks.append(TextContent(f"/fix {place}: {asked.text or ''}"))
        case what:
            blocks.append(TextContent(f"/{_COMMANDS[what]} {place}"))
    if asked.what in ("document", "test", "fix") and not asks:
        blocks.append(TextContent(_NO_HANDS))
    return tuple(blocks)
