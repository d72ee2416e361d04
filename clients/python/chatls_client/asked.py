"""What the daemon asks its client, and how one answers: permission, forms, a change of open text, the editor's
problems."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from chatls_client.protocol import Elicitation, FormValue, JsonObject, OptionKind
from chatls_client.protocol import Question as PermissionQuestion


@dataclass(frozen=True, slots=True)
class PermissionAnswer:
    """A person's word."""

    option_id: str | None
    """Of the option that was chosen; None: the question was closed without an answer, and nothing is done."""
    feedback: str = ""
    """Words for the model, with a no."""
    arguments: JsonObject | None = None
    """With a yes: the call as the person wants it. Only for a daemon that says `editedArguments`."""

    @classmethod
    def to(cls, question: PermissionQuestion, kind: OptionKind, feedback: str = "") -> "PermissionAnswer":
        """The first answer of a kind that is offered. Where there is none, no answer: nothing is done."""
        found = next((option.id for option in question.options if option.kind == kind), None)
        return cls(found, feedback if found is not None else "")

    def to_wire(self) -> JsonObject:
        """As it is sent."""
        if self.option_id is None:
            return {"outcome": "cancelled"}
        return {
            "outcome": "selected",
            "optionId": self.option_id,
            **({"feedback": self.feedback} if self.feedback else {}),
            **({} if self.arguments is None else {"arguments": self.arguments}),
        }


@dataclass(frozen=True, slots=True)
class FormAnswer:
    """What a person made of a form."""

    action: Literal["accept", "decline", "cancel"]
    """`decline`: they do not want to say it. `cancel`: the form was closed."""
    values: Mapping[str, FormValue] | None = None
    """With `accept`: by the names of the fields. What does not fit its field cancels it all."""

    def to_wire(self) -> JsonObject:
        """As it is sent."""
        return {"action": self.action} | ({} if self.values is None else {"values": dict(self.values)})


Permit = Callable[[PermissionQuestion], Awaitable[PermissionAnswer]]
"""Puts a question to a person. Cancelled when the daemon withdraws it."""

Fill = Callable[[Elicitation], Awaitable[FormAnswer]]
"""Shows a person the form of an MCP server. Cancelled when the daemon withdraws it."""

ApplyEdit = Callable[[JsonObject], Awaitable[str | None]]
"""Gets the parameters of `workspace/applyEdit` (LSP), and changes the documents: the daemon must be told the new text
(`Client.change`) before this returns. Returns None, or why nothing was changed."""

Diagnose = Callable[[str | None, bool], Awaitable[Mapping[str, list[JsonObject]]]]
"""Gets a document's URI, or None for all documents, and whether it has just changed. Returns the diagnostics (LSP) by
URI."""


def on_permission(permit: Permit) -> Callable[[JsonObject], Awaitable[Any]]:
    """Answers `chat/requestPermission`."""

    async def consider(params: JsonObject) -> Any:
        return (await permit(PermissionQuestion.from_wire(params))).to_wire()

    return consider


def on_form(fill: Fill) -> Callable[[JsonObject], Awaitable[Any]]:
    """Answers `chat/elicit`."""

    async def consider(params: JsonObject) -> Any:
        return (await fill(Elicitation.from_wire(params))).to_wire()

    return consider


def on_edit(apply: ApplyEdit | None) -> Callable[[JsonObject], Awaitable[Any]]:
    """Answers `workspace/applyEdit`."""

    async def consider(params: JsonObject) -> Any:
        fault = "no such document is open" if apply is None else await apply(params)
        return {"applied": True} if fault is None else {"applied": False, "failureReason": fault}

    return consider


def on_diagnostics(diagnose: Diagnose) -> Callable[[JsonObject], Awaitable[Any]]:
    """Answers `chat/diagnostics`."""

    async def consider(params: JsonObject) -> Any:
        found = await diagnose(params.get("uri"), bool(params.get("changed", False)))
        return {"items": [{"uri": uri, "diagnostics": problems} for uri, problems in found.items()]}

    return consider
