"""The base of every adapter whose server is asked over HTTP: what was learnt of its models, their listing, the end.

An adapter itself keeps its question and what it lists.
"""

from collections.abc import Callable, Iterable
from typing import Any, Generic, Literal, TypeVar

from chatls.errors import ProviderError
from chatls.events import Notice
from chatls.message import Message, ToolSpec
from chatls.providers.encoded import EncodedHistories
from chatls.providers.http.endpoint import Endpoint
from chatls.providers.http.server import Server
from chatls.providers.known.listing import openai_models
from chatls.providers.known.vision import has_pictures, is_about_any, is_about_pictures, is_blind
from chatls.providers.provider import ModelInfo, ModelRequest
from chatls.settings.config import LimitSettings

_NEW = 2
"""Messages that are new to a request, at most: a reply's results, or a prompt, and what stands before it."""
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
        images: Literal["auto", "always", "never"] = "auto",
    ) -> None:
        """`untaught`: what is known of a model of that name before its server was asked anything."""
        self._images = images
        self._blind: dict[str, Message | None] = {}
        """Models whose server refused pictures: None for any, else the conversation with those that it refused."""
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

    def sees(self, request: ModelRequest) -> bool:
        """Whether the model is shown pictures."""
        if self._images != "auto" or is_blind(request.model):
            return self._images == "always"
        known = self._blind.get(request.model, request)
        return known is request or (known is not None and known is not next(iter(request.messages), None))

    def tell_in_words(self, error: ProviderError, request: ModelRequest) -> bool:
        """After a refusal: whether that was about pictures, so that this model is told of them in words instead."""
        refused = self._images == "auto" and is_about_pictures(error) and has_pictures(request.messages)
        if not refused or not self.sees(request):
            return False
        self._blind[request.model] = None if is_about_any(error) else request.messages[0]
        return True

    def unseen(self, request: ModelRequest) -> list[Notice]:
        """That the newest pictures are not seen."""
        if self.sees(request) or not has_pictures(request.messages[-_NEW:]):
            return []
        return [Notice(f"{request.model} cannot see pictures: it is told of them in words", "warning")]

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
