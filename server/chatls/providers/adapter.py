"""The base of every adapter whose server is asked over HTTP: what was learnt of its models, their listing, the end.

An adapter itself keeps its question and what it lists.
"""

from collections.abc import Callable, Iterable
from typing import Any, Generic, Literal, TypeVar

from chatls.config import LimitSettings
from chatls.errors import ProviderError
from chatls.message import ToolSpec
from chatls.providers.encoded import EncodedHistories
from chatls.providers.http.endpoint import Endpoint
from chatls.providers.http.server import Server
from chatls.providers.known.listing import openai_models
from chatls.providers.provider import ModelInfo

LISTING = 5.0
"""Seconds that a server gets to list its models."""

_Lesson = TypeVar("_Lesson")


class HttpAdapter(Generic[_Lesson]):
    """A `Provider`, but for `stream`."""

    listing = "/models"
    """The path of the list of models."""

    def __init__(
        self,
        endpoint: Endpoint,
        limits: LimitSettings,
        untaught: Callable[[str], _Lesson],
        stream: Literal["auto", "never"],
    ) -> None:
        """`untaught`: what is known of a model of that name before its server was asked anything."""
        self.name = endpoint.name
        self.streams = stream == "auto"
        self.histories = EncodedHistories()
        self.server = Server(endpoint, limits)
        self.local = self.server.local
        self.windows: dict[str, int] = {}
        """Tokens that models can read, by name, where the server told without being asked for it."""
        self._untaught = untaught
        self._learnt: dict[str, _Lesson] = {}

    def learnt(self, model: str) -> _Lesson:
        """What its server refused for one model, so that it is not sent again."""
        if model not in self._learnt:
            self._learnt[model] = self._untaught(model)
        return self._learnt[model]

    def offered(self, model: str, tools: tuple[ToolSpec, ...]) -> tuple[ToolSpec, ...]:
        """All of them."""
        del model
        return tools

    def window(self, model: str) -> int | None:
        """What the server told by the way."""
        return self.windows.get(model)

    async def models(self) -> tuple[ModelInfo, ...]:
        """The server's own list, without what is plainly no chat model; empty where it does not answer."""
        try:
            return tuple(self.listed(await self.server.get(self.listing, LISTING)))
        except ProviderError:
            return ()

    def listed(self, answer: Any) -> Iterable[ModelInfo]:
        """The models in the answer."""
        return openai_models(answer)

    async def aclose(self) -> None:
        """Close all connections."""
        await self.server.aclose()
