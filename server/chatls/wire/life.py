"""The life of the process: one client, from when it is there until it leaves."""

import asyncio
import logging
import os
from collections.abc import Callable
from typing import NoReturn, Protocol

import anyio
import platformdirs
from anyio.abc import TaskGroup

from chatls.children import process
from chatls.seen.logs.log import Log
from chatls.wire.outbox import Outbox
from chatls.wire.stdio import Input, Output, Pipes, leave, on_terminate

log = logging.getLogger(__name__)


class Face(Protocol):
    """What speaks with the client."""

    @property
    def code(self) -> int:
        """What the process ends with."""
        ...

    def begin(self) -> None:
        """Take settings, and what was read already; begin what goes on behind all turns."""
        ...

    def receive(self, data: bytes) -> None:
        """Take input; its end is the client's. Raises nothing."""
        ...

    def leave(self) -> None:
        """Begin to leave, whoever wants it."""
        ...

    async def left(self) -> None:
        """Wait until it begins to leave."""
        ...

    async def clean_up(self) -> None:
        """End everything; let the client take its last messages. Under two seconds."""
        ...


def live(pipes: Pipes, framed: Callable[[bytes], bytes], make: Callable[[TaskGroup, Outbox, Log], Face]) -> NoReturn:
    """Serve one client until it leaves, then end the process. `framed`: one message as it leaves."""
    lines = Log(os.environ.get("CHATLS_LOG", ""), platformdirs.user_state_path("chatls", appauthor=False))

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        async with anyio.create_task_group() as tasks:
            output = Output(pipes.sink, loop)
            outbox = Outbox(output, framed)
            face = make(tasks, outbox, lines)
            outbox.on_lost = face.leave
            on_terminate(loop, face.leave)
            face.begin()
            Input(pipes.source, loop, face.receive)
            await face.left()
            await face.clean_up()
            output.close()
            lines.flush()
            leave(face.code)  # not one task, thread or finaliser more may keep the client waiting

    try:
        anyio.run(serve)
    except BaseException:  # a bug: nothing that was started may outlive it, and no thread may keep it
        log.exception("a bug ends chatls")
        process.kill_all()
        lines.flush()
    leave(1)
