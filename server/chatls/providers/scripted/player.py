"""The `scripted` provider, a mock: plays a script, so that tests and docs need no key and no network."""

import functools
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import assert_never

import anyio
from anyio import lowlevel, to_thread

from chatls.content import TurnError, Usage
from chatls.errors import ProviderError, SettingsError
from chatls.events import StepStopReason
from chatls.message import ToolSpec, new_call_id
from chatls.providers.arguments import parse_object
from chatls.providers.delta import (
    CallArguments,
    CallReady,
    CallStart,
    Delta,
    Failed,
    Finished,
    TextDelta,
    ThinkingDelta,
)
from chatls.providers.known.catalog import SCRIPTED_MODEL
from chatls.providers.provider import ModelInfo, ModelRequest
from chatls.providers.scripted.script import (
    CallTool,
    Count,
    Delay,
    Fail,
    Finish,
    Hang,
    Say,
    Script,
    ScriptAction,
    ScriptedCall,
    Think,
    Until,
    read_script,
)
from chatls.settings.config import ProviderSettings
from chatls.values import dataclass

_MODEL = ModelInfo(SCRIPTED_MODEL, "plays a script")
_BREATH = 64
"""Pieces without a delay, after which others get their turn."""
_LOOK = 0.02
"""Seconds from one look for a file to the next."""


class ScriptedProvider:
    """Plays the replies of one script in order, one for each model request, whatever is asked."""

    local = True

    def __init__(self, name: str, settings: ProviderSettings) -> None:
        """`settings.script`: a path, relative to the working directory. Raises `SettingsError` where there is none."""
        if not settings.script:
            raise SettingsError(f"setting 'providers.{name}.script' is missing: the path of a JSON file")
        self.name = name
        self._path = Path(settings.script).expanduser()
        self._script: Script | None = None
        self._requests = 0

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta, None]:
        """Play the next reply. Any model name is accepted."""
        del request  # whatever is asked
        try:
            script = await self._loaded()
        except ProviderError as error:
            error.provider = self.name
            yield Failed(TurnError.of(error))
            return
        actions = script.replies[self._requests % len(script.replies)]
        self._requests += 1
        async with aclosing(_Played(script, self.name).play(actions)) as deltas:
            async for delta in deltas:
                yield delta

    def offered(self, model: str, tools: tuple[ToolSpec, ...]) -> tuple[ToolSpec, ...]:
        """All of them."""
        del model
        return tools

    def window(self, model: str) -> int | None:
        """Nobody tells."""
        del model

    async def models(self) -> tuple[ModelInfo, ...]:
        """The one name that is listed."""
        return (_MODEL,)

    async def aclose(self) -> None:
        """Nothing is open."""

    async def _loaded(self) -> Script:
        """The script, which is read once. Raises `ProviderError`."""
        if self._script is None:
            self._script = await to_thread.run_sync(read_script, self._path, abandon_on_cancel=True)
        return self._script


@dataclass(slots=True)
class _Played:
    """One reply while it is played."""

    script: Script
    provider: str
    usage: Usage | None = None
    stop: StepStopReason = "end_turn"
    pieces: int = 0

    async def play(self, actions: tuple[ScriptAction, ...]) -> AsyncGenerator[Delta, None]:
        """All deltas of a reply."""
        for action in actions:
            match action:
                case Fail():
                    fault = action.error
                    yield Failed(TurnError(fault.kind, fault.text, retryable=False, provider=self.provider))
                    return
                case Finish():
                    self.stop = action.finish
                    break
                case Count():
                    self.usage = action.value
                case Delay() | Hang() | Until():
                    await _waited(action)
                case Say() | Think() | CallTool():
                    for delta in self._spoken(action):
                        yield delta
                        await self._pause()
                case _:
                    assert_never(action)
        yield Finished(self.stop, self.usage)

    def _spoken(self, action: Say | Think | CallTool) -> Iterator[Delta]:
        match action:
            case Say():
                return map(TextDelta, self._cut(action.text))
            case Think():
                return map(ThinkingDelta, self._cut(action.thinking))
            case CallTool():
                self.stop = "tool_calls"
                return self._call(action.tool_call)

    def _call(self, call: ScriptedCall) -> Iterator[Delta]:
        call_id = new_call_id()
        yield CallStart(call_id, call.name)
        yield from map(functools.partial(CallArguments, call_id), self._cut(call.written))
        yield _ready(call_id, call.written)

    def _cut(self, text: str) -> Iterator[str]:
        size = self.script.chunk_chars
        return (text[start : start + size] for start in range(0, len(text), size))

    async def _pause(self) -> None:
        """Wait as long as the script says; without a delay, let others run now and then."""
        self.pieces += 1
        if self.script.chunk_delay:
            await anyio.sleep(self.script.chunk_delay)
        elif self.pieces % _BREATH == 0:
            await lowlevel.checkpoint()


def _ready(call_id: str, text: str) -> CallReady:
    arguments = parse_object(text)
    error = None if arguments is not None else f"the script's arguments are no JSON object: {text}"
    return CallReady(call_id, arguments, error)


async def _waited(action: Delay | Hang | Until) -> None:
    match action:
        case Delay():
            await anyio.sleep(action.delay)
        case Hang():
            await anyio.sleep_forever()
        case Until():
            path, there = anyio.Path(action.until), False
            while not there:
                await anyio.sleep(_LOOK)
                there = await path.exists()
