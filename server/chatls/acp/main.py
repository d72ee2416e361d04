"""`chatls acp`: the daemon with the face of the Agent Client Protocol."""

import logging

import anyio
from anyio.abc import TaskGroup

from chatls import __version__
from chatls.acp.agent import AcpAgent
from chatls.acp.lines import MessageReader, line
from chatls.acp.opened import nobody
from chatls.core import Core
from chatls.seen.logs.log import Log
from chatls.wire.later import Later
from chatls.wire.life import live
from chatls.wire.outbox import Outbox
from chatls.wire.peer import Peer
from chatls.wire.stdio import Pipes

log = logging.getLogger(__name__)


def run(pipes: Pipes) -> None:
    """Serve one client until it leaves. Ends the process."""
    live(pipes, line, AcpFace)


class AcpFace:
    """One client's daemon."""

    code = 0
    """The end of its input is how a client of this protocol leaves."""

    def __init__(self, tasks: TaskGroup, outbox: Outbox, lines: Log) -> None:
        lines.note("daemon_begins", version=__version__, client="ACP")
        self._outbox = outbox
        self._reader = MessageReader()
        self._peer = Peer(outbox, cancels="$/cancel_request", names="requestId")
        self._core = Core(tasks, nobody(self._peer), log.warning, lines)
        self._later = Later(tasks)
        self._left = anyio.Event()
        AcpAgent(outbox, self._peer, self._core, self._later)

    def begin(self) -> None:
        """Take the user's settings: clients give none."""
        if problem := self._core.configure("config.toml", None):
            log.error("%s", problem)
        self._core.begin()

    def receive(self, data: bytes) -> None:
        """Take input; its end is the client's."""
        if data:
            self._peer.begin(self._reader.feed(data))
        else:
            self.leave()

    def leave(self) -> None:
        """Begin to leave, whoever wants it."""
        self._left.set()

    async def left(self) -> None:
        """Wait for the end."""
        await self._left.wait()

    async def clean_up(self) -> None:
        """End everything; let the client take its last messages. Under two seconds."""
        await self._core.end(self._later.idle, self._outbox.flush)
