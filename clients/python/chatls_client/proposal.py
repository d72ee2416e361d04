"""What a question would do, as one text that a person may change, and the call that their text makes of it. Pure."""

import shlex
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import unquote

from chatls_client.asked import PermissionQuestion
from chatls_client.protocol import Diff, JsonObject

_EDITABLE = ("new", "changed")


class ProposalError(ValueError):
    """A text of which no call can be made; the words are for a person."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A text to be changed."""

    name: str
    """Of a file that it could stand in: an editor knows by it what it is."""
    text: str
    arguments: JsonObject
    """The call as it is."""
    member: str
    """What of it the text is: `content`, `edits` or `command`."""
    old: str = ""
    """With `edits`: the file as it is."""

    def call(self, text: str) -> JsonObject:
        """The arguments of the call with another text. Raises `ProposalError`."""
        return {**self.arguments, self.member: self._value(text)}

    def _value(self, text: str) -> Any:
        match self.member:
            case "content":
                return text
            case "edits":
                if text == self.old:
                    raise ProposalError("that leaves the file as it is; answer no instead")
                return [{"old_text": self.old, "new_text": text}]
            case _:
                return self._command(text.strip())

    def _command(self, line: str) -> str | list[str]:
        if not line:
            raise ProposalError("there is no command left; answer no instead")
        if isinstance(self.arguments["command"], str):
            return line
        try:
            return shlex.split(line)
        except ValueError as error:
            raise ProposalError(f"that is no command line: {str(error).lower()}") from error


def proposal_of(question: PermissionQuestion) -> Proposal | None:
    """What may be changed of a question: the text of one file, or a command. None where it is something else."""
    arguments = question.arguments
    if isinstance(command := arguments.get("command"), str | list):
        words = cast("str | list[str]", command)
        line = words if isinstance(words, str) else shlex.join(map(str, words))
        return Proposal("command.sh", f"{line}\n", arguments, "command")
    diffs = [item for item in question.preview if isinstance(item, Diff)]
    if question.changed is not None or len(diffs) != 1 or diffs[0].change not in _EDITABLE:
        return None
    (diff,) = diffs
    name = unquote(diff.uri.rpartition("/")[2]) or "text"
    if isinstance(arguments.get("content"), str):
        return Proposal(name, diff.new_text, arguments, "content")
    if isinstance(arguments.get("edits"), list):
        return Proposal(name, diff.new_text, arguments, "edits", diff.old_text)
    return None
