"""What each request of a turn is made of. Decided here, outside the loop: what is sent, offered and asked for."""

from collections.abc import Awaitable, Callable

from chatls.agent.history import History
from chatls.message import ToolSpec
from chatls.providers.provider import ModelRequest, Parameters, ToolChoice
from chatls.values import dataclass


@dataclass(slots=True)
class Requests:
    """Those of one turn."""

    model: str
    system: str
    history: History
    tools: tuple[ToolSpec, ...]
    parameters: Parameters
    tool_choice: ToolChoice
    """`required` holds for the first request only."""
    before: tuple[Callable[[], Awaitable[None]], ...] = ()
    """What is done to the history first, in this order."""
    asks: Callable[[ModelRequest], None] = lambda _: None
    """Sees what is asked."""

    async def next(self) -> ModelRequest:
        """The request for a step that begins now."""
        for prepare in self.before:
            await prepare()
        request = self.asked()
        self.tool_choice = "none" if request.tool_choice == "none" else "auto"
        self.asks(request)
        return request

    def asked(self) -> ModelRequest:
        """The same, as things are."""
        choice: ToolChoice = self.tool_choice if self.tools else "none"
        return ModelRequest(self.model, self.system, self.history.messages, self.tools, choice, self.parameters)
