"""The sessions that an ACP client has open: each with its folders and what was set for it."""

from collections.abc import Callable, Iterable
from functools import partial
from time import monotonic

from anyio import to_thread

from chatls.acp import shapes
from chatls.acp.editor import AcpEditor, roots
from chatls.acp.lines import line
from chatls.acp.servers import servers_of
from chatls.acp.updates import Updates
from chatls.agent.session import Begin
from chatls.content import JsonObject, to_wire
from chatls.core import Core
from chatls.errors import INVALID_PARAMS, RESOURCE_NOT_FOUND, RequestError, ToolError
from chatls.events import Event, WorkingMode
from chatls.jsontext import dumps
from chatls.mcp import ForeignTools
from chatls.settings.configuration import Configuration
from chatls.values import dataclass
from chatls.wire.jsonrpc import notification
from chatls.wire.outbox import Channel, Outbox
from chatls.wire.peer import Peer


@dataclass(slots=True, eq=False)
class OpenSession:
    """One of them."""

    id: str
    editor: AcpEditor
    configuration: Configuration
    begun: bool
    """It had a prompt, or is kept from before."""
    more: ForeignTools | None = None
    """The tools of the servers that the client named for it."""
    model: str | None = None
    mode: WorkingMode = "ask"
    thinking: str | None = None

    def where(self) -> Begin:
        """The session, for `Chats`."""
        return Begin(self.id, self.editor, self.configuration, new=not self.begun, more=self.more)


class OpenSessions:
    """All of them, and the way to tell their client something."""

    def __init__(self, outbox: Outbox, peer: Peer, core: Core) -> None:
        self.tells = False
        """The client tells unsaved text (`fs/read_text_file`)."""
        self.by_kind = False
        """It shows kinds of answers, not the answers."""
        self._outbox = outbox
        self._peer = peer
        self._core = core
        self._all: dict[str, OpenSession] = {}

    async def open(self, name: str, params: shapes.Folders, *, begun: bool) -> OpenSession:
        """Open one. Raises `RequestError` (-32602) for a folder that is none."""
        configuration = self._core.configured()
        try:
            folders = await to_thread.run_sync(roots, (params.cwd, *params.additional_directories))
        except ToolError as error:
            raise RequestError(INVALID_PARAMS, f"cwd: {error}") from error
        await to_thread.run_sync(configuration.configure, "the client", None)
        editor = AcpEditor(self._peer, name, folders, tells=self.tells, by_kind=self.by_kind)
        self.close(name)
        opened = self._all[name] = OpenSession(name, editor, configuration, begun)
        servers, news = servers_of(params.mcp_servers)
        if servers or news:
            opened.more = self._core.foreign.beside(editor, servers, news)
        self._core.chats.adopt(opened.where())
        return opened

    def find(self, name: str) -> OpenSession:
        """One by its name. Raises `RequestError` (-32002)."""
        if name not in self._all:
            raise RequestError(RESOURCE_NOT_FOUND, f"there is no session {name!r} here; load it, or begin a new one")
        return self._all[name]

    def close(self, name: str) -> None:
        """Forget one, and end its servers. What is kept of it stays."""
        opened = self._all.pop(name, None)
        if opened is not None and opened.more is not None:
            self._core.foreign.end(opened.more)

    def has(self, opened: OpenSession) -> bool:
        """Whether it is open still."""
        return self._all.get(opened.id) is opened

    def tell(self, name: str, updates: Iterable[JsonObject]) -> None:
        """Send `session/update`s."""
        for update in updates:
            self._outbox.message(_notice(name, update))

    def say(self, name: str, text: str) -> None:
        """Say something in the agent's place."""
        said = {"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": text}}
        self.tell(name, [said])

    async def room(self) -> None:
        """Wait until the client has taken enough."""
        await self._outbox.room()

    def teller(self, name: str) -> Callable[[Event], None]:
        """Tells what happens in a turn, in order; where the client is behind, chunks are joined."""
        updates = Updates()

        def framed(_number: int, event: Event) -> bytes:
            found = updates.of(to_wire(event), monotonic())
            return b"".join(line(dumps(_notice(name, update))) for update in found)

        return partial(self._outbox.event, Channel(framed))


def nobody(peer: Peer) -> AcpEditor:
    """The editor of no session: it has no folders."""
    return AcpEditor(peer, "", (), tells=False)


def _notice(name: str, update: JsonObject) -> JsonObject:
    return notification("session/update", {"sessionId": name, "update": update})
