"""The provider `local`: llama.cpp in a child process, with the embedded demonstration model or a file of one's own.

What a file of one's own is asked goes through unchanged, with all tools; what the embedded model is asked instead is
written in demonstration.py.
"""

import importlib.util
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Literal

import anyio
from anyio import to_thread

from chatls.content import JsonObject, TurnError
from chatls.errors import ProviderError
from chatls.events import Notice, Retry
from chatls.message import ToolSpec
from chatls.providers.delta import CallStart, Delta, Failed, Finished, TextDelta
from chatls.providers.known.catalog import EMBEDDED_MODEL, ChatDialect
from chatls.providers.local import demonstration
from chatls.providers.local.child import LocalChild
from chatls.providers.local.weights import ADVICE, SMOLLM2, Weights, fetch
from chatls.providers.openai_chat import OpenAIChat
from chatls.providers.provider import ModelInfo, ModelRequest
from chatls.settings.config import LimitSettings, ProviderSettings

THREADS_VARIABLE = "CHATLS_LOCAL_THREADS"
"""The environment variable that says how many threads llama.cpp may use."""

_TITLE = "SmolLM2 135M (tiny offline demonstration model)"
_CONTEXT = 8192
"""Tokens of context for a file of one's own, where the settings say nothing: more costs memory at once."""
_MAGIC = b"GGUF"
_ENGINE = "xllamacpp>=2026.10"
"""As in pyproject.toml."""
_LOST = "the demonstration model lost the thread"


class LocalProvider:
    """A `Provider` whose server is a child process: started at first use, kept, started again should it die."""

    local = True

    def __init__(
        self, name: str, settings: ProviderSettings, limits: LimitSettings, weights: Weights = SMOLLM2
    ) -> None:
        self.name = name
        self._own = Path(settings.model_path).expanduser().absolute() if settings.model_path else None
        self._inline = self._own is not None and settings.inline_tool_calls == "auto"
        self._context = settings.context_window or _CONTEXT
        self._stream: Literal["auto", "never"] = settings.stream
        self._images: Literal["auto", "always", "never"] = settings.images if self._own else "never"
        self._limits = limits
        self._weights = weights
        self._starting = anyio.Lock()
        self._child: LocalChild | None = None
        self._chat: OpenAIChat | None = None

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta, None]:
        """Ask the model; the first time, fetch and load it. See `Provider.stream`."""
        try:
            self._check(request.model)
            async with aclosing(self._started()) as notices:
                async for notice in notices:
                    yield notice
        except ProviderError as error:
            yield self._failed(error)
            return
        async with aclosing(self._alive(self._answered(request))) as deltas:
            async for delta in deltas:
                yield delta

    def offered(self, model: str, tools: tuple[ToolSpec, ...]) -> tuple[ToolSpec, ...]:
        """All of them for a file of one's own; the embedded model gets `search`, with nothing but a pattern."""
        del model
        return tools if self._own else demonstration.offered(tools)

    def window(self, model: str) -> int | None:
        """What its server is started with."""
        del model
        return self._context if self._own else demonstration.CONTEXT

    async def models(self) -> tuple[ModelInfo, ...]:
        """The one that there is."""
        if self._own:
            return (ModelInfo(self._own.name.removesuffix(".gguf"), self._own.name, self._context),)
        return (ModelInfo(EMBEDDED_MODEL, _TITLE, demonstration.CONTEXT),)

    async def aclose(self) -> None:
        """End the child."""
        chat, self._chat = self._chat, None
        child, self._child = self._child, None
        if chat is not None:
            await chat.aclose()
        if child is not None:
            await child.aclose()

    def _check(self, model: str) -> None:
        if self._own is None and model != EMBEDDED_MODEL:
            text = (
                f"there is no {self.name}/{model}, only {self.name}/{EMBEDDED_MODEL}; for another model set model_path"
            )
            raise ProviderError("not_found", text)
        if importlib.util.find_spec("xllamacpp") is None:
            install = f"{sys.executable} -m pip install '{_ENGINE}'"
            text = f"models on this machine need llama.cpp, which is not installed: {install}"
            raise ProviderError("not_found", f"{text}. {ADVICE}")

    async def _started(self) -> AsyncGenerator[Notice, None]:
        """Make sure that the child runs. Raises `ProviderError`."""
        if self._starting.locked():
            yield Notice("waiting until the model is loaded")
        async with self._starting:
            if self._child is None or self._child.ended:
                await self.aclose()
                async with aclosing(self._start()) as notices:
                    async for notice in notices:
                        yield notice

    async def _start(self) -> AsyncGenerator[Notice, None]:
        if self._own is None:
            async with aclosing(fetch(self._weights)) as notices:
                async for notice in notices:
                    yield notice
        yield Notice(f"loading {self._own.name if self._own else _TITLE}")
        wanted = await to_thread.run_sync(self._wanted, abandon_on_cancel=True)
        self._child = await LocalChild.start(self.name, wanted, self._limits.first_byte_timeout)
        dialect = ChatDialect() if self._own else ChatDialect(parallel_tool_calls=False)
        self._chat = OpenAIChat(
            self._child.endpoint,
            self._limits,
            dialect,
            stream=self._stream,
            inline=self._inline,
            llamacpp=True,
            images=self._images,
        )

    def _wanted(self) -> JsonObject:
        """What the child is to serve. Raises `ProviderError` if it is no model."""
        if self._own:
            _check_file(self._own)
            return {"model": str(self._own), "context": self._context, **_threads({})}
        template = files("chatls.providers.local").joinpath("demonstration.jinja").read_text("utf-8")
        # One thread writes hardly slower than two do, and keeps its pace while others use the processor.
        threads = {"threads": 1, "promptThreads": min(2, os.cpu_count() or 1)}
        model = str(self._weights.path)
        return {"model": model, "context": demonstration.CONTEXT, "template": template, **_threads(threads)}

    async def _alive(self, answer: AsyncGenerator[Delta, None]) -> AsyncGenerator[Delta, None]:
        """The answer; but if the child died, why."""
        assert self._child is not None
        child = self._child
        async with aclosing(answer) as deltas:
            async for delta in deltas:
                if isinstance(delta, Retry | Failed) and await child.has_died():
                    yield self._failed(await child.cause_of_death())
                    return
                yield delta

    def _answered(self, request: ModelRequest) -> AsyncGenerator[Delta, None]:
        assert self._chat is not None
        if self._own is None:
            return _demonstrated(self._chat, request)
        # The settings may call it anything; the file's name says what family it is of.
        return self._chat.stream(replace(request, model=self._own.name.removesuffix(".gguf")))

    def _failed(self, error: ProviderError) -> Failed:
        return Failed(replace(TurnError.of(error), provider=self.name))


async def _demonstrated(chat: OpenAIChat, request: ModelRequest) -> AsyncGenerator[Delta, None]:
    """The demonstration model's answer. Where it writes what its own server cannot read, the turn does not fail."""
    begun = False
    async with aclosing(chat.stream(demonstration.adapted(request))) as deltas:
        async for delta in deltas:
            if isinstance(delta, Retry | Failed) and _is_confused(delta):
                break
            begun = begun or isinstance(delta, TextDelta | CallStart)
            yield delta
        else:
            return
    if begun:
        yield Notice(f"{_LOST}; its answer ends here", "warning")
        yield Finished("end_turn", None)
        return
    yield Notice(f"{_LOST}; it is asked again, without tools", "warning")
    async with aclosing(chat.stream(demonstration.plain(request))) as deltas:
        async for delta in deltas:
            yield delta


def _is_confused(delta: Retry | Failed) -> bool:
    """Whether the server complains about the model or the request: asked the same again, it would say the same."""
    kind = delta.reason if isinstance(delta, Retry) else delta.error.kind
    return kind in ("overloaded", "bad_request", "bad_response", "internal")


def _threads(usual: JsonObject) -> JsonObject:
    asked = os.environ.get(THREADS_VARIABLE, "")
    if asked.isdecimal() and int(asked) > 0:
        return {"threads": int(asked), "promptThreads": int(asked)}
    return usual


def _check_file(path: Path) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(len(_MAGIC))
    except OSError as error:
        raise ProviderError("not_found", f"the model {path} cannot be read: {error.strerror}.") from error
    if head != _MAGIC:
        raise ProviderError("bad_response", f"{path} is no GGUF file.")
