"""The provider interface: what the agent asks of any model, and nothing about how it is asked."""

from collections.abc import AsyncGenerator
from typing import Literal, Protocol

from chatls.message import Message, ToolSpec
from chatls.providers.delta import Delta
from chatls.values import dataclass

ToolChoice = Literal["auto", "none", "required"]
ThinkingLevel = Literal["off", "low", "medium", "high"]


@dataclass(frozen=True, slots=True)
class Parameters:
    """How the model should write. None leaves a value to the provider."""

    max_output_tokens: int | None = None
    temperature: float | None = None
    thinking: ThinkingLevel | None = None


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One request to a model: everything it needs, nothing that is shared."""

    model: str
    """The model's name at its provider, without the provider's."""
    system: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    tool_choice: ToolChoice = "auto"
    parameters: Parameters = Parameters()
    whole: bool = False
    """Whoever asks can make it shorter: one that is too long is to be refused rather than cut."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model that can be asked for."""

    name: str
    """Its name at the provider."""
    title: str
    """Its name for people."""
    context_window: int | None = None
    """Tokens."""


class Provider(Protocol):
    """A model server, ready to be asked."""

    name: str
    """The name under which the settings know it: the part of "provider/model" before the slash."""
    local: bool
    """Whether it runs on this machine."""

    def stream(self, request: ModelRequest) -> AsyncGenerator[Delta, None]:
        """Ask the model; yield its reply as it is written, then one `Finished` or `Failed`.

        Never raises for what a server does. Closing the generator, or cancelling its consumer, closes the
        connection. Must be consumed inside `aclosing`.
        """
        ...

    def offered(self, model: str, tools: tuple[ToolSpec, ...]) -> tuple[ToolSpec, ...]:
        """The tools that this model copes with: all of them, but for the tiny demonstration model."""
        ...

    def window(self, model: str) -> int | None:
        """Tokens that the model can read, as far as its server has told. Asks nothing."""
        ...

    async def models(self) -> tuple[ModelInfo, ...]:
        """The models there are, asked of the server where it can tell. Empty where it does not answer."""
        ...

    async def aclose(self) -> None:
        """Close connections and end children. The provider is not used again."""
        ...
