"""What Gemini said, part by part: kept as it must go back, and its function calls, whole or in pieces. Pure."""

from typing import Any

from chatls.content import JsonObject
from chatls.providers.arguments import parse_object
from chatls.providers.delta import CallStart, Delta
from chatls.providers.gemini_arguments import PartialArguments
from chatls.providers.toolcalls import ToolCallAssembler
from chatls.shapes import as_object, as_text

_ARGUMENTS = ("args", "partialArgs", "willContinue")
"""Members of a call that say what its arguments are."""


class Parts:
    """What the model said, part by part, to be sent back as it came; only texts without a signature are joined."""

    def __init__(self) -> None:
        self.begun = False
        """Something that counts has come."""
        self._parts: list[JsonObject] = []
        self._texts: list[str] = []
        self._thought = False

    def add(self, part: JsonObject) -> None:
        """Keep a part that is no call, also one of a tool that ran at the server."""
        if part.keys() - {"text", "thought"}:
            self._flush()
            self._parts.append(part)
            self.begun = True
        elif text := as_text(part.get("text")):
            if self._thought is not bool(part.get("thought")):
                self._flush()
            self._thought = bool(part.get("thought"))
            self._texts.append(text)
            self.begun = True

    def call(self, part: JsonObject) -> JsonObject:
        """The kept part of a call: a new one, or, where the call has no name, the one that is continued."""
        call = as_object(part["functionCall"])
        if as_text(call.get("name")) or not (self._parts and "functionCall" in self._parts[-1]):
            self._flush()
            self.begun = True
            self._parts.append({**part, "functionCall": {"args": {}}})
        elif signature := part.get("thoughtSignature"):
            self._parts[-1]["thoughtSignature"] = signature
        return self._parts[-1]["functionCall"]

    def close(self) -> list[JsonObject]:
        """All of them."""
        self._flush()
        return [part for part in self._parts if as_object(part.get("functionCall", {"name": "-"})).get("name")]

    def _flush(self) -> None:
        if self._texts:
            self._parts.append({"text": "".join(self._texts), **({"thought": True} if self._thought else {})})
            self._texts.clear()


class Calls:
    """The calls of one reply; each comes whole, or, from Vertex AI, value by value."""

    def __init__(self) -> None:
        self.ours: list[str] = []
        """Our ids, in the order of the calls."""
        self._assembler = ToolCallAssembler()
        self._count = 0
        self._open: PartialArguments | None = None
        self._odd: Any = None
        self._kept: JsonObject = {}

    @property
    def any_ready(self) -> bool:
        """Whether some call is complete."""
        return self._assembler.any_ready

    def call_ids(self) -> dict[str, str]:
        """Our ids to the provider's, where it gave any."""
        return self._assembler.call_ids()

    def add(self, call: JsonObject, kept: JsonObject) -> list[Delta]:
        """Take a part. `kept`: the call as it will be sent back; its name and arguments are filled in here."""
        deltas: list[Delta] = []
        if as_text(call.get("name")):
            deltas += self._close() + self._begin(call, kept)
        if self._open is None:
            return deltas
        self._open.add(call.get("partialArgs"))
        return deltas if call.get("willContinue") else deltas + self._close()

    def finish(self) -> list[Delta]:
        """The reply ended as it should: a call that is still open is complete; some servers leave out its end."""
        return self._close() + self._assembler.finish()

    def _begin(self, call: JsonObject, kept: JsonObject) -> list[Delta]:
        self._count += 1
        self._kept, self._odd = kept, None
        self._open = PartialArguments()
        kept |= {name: value for name, value in call.items() if name not in _ARGUMENTS}
        match call.get("args"):
            case None:
                pass
            case dict():
                self._open.value = dict(as_object(call["args"]))
            case odd:  # Text, from a proxy, or nonsense, of which the model is told.
                self._odd = odd
                self._open.value = parse_object(odd) or {} if isinstance(odd, str) else {}
        return self._told(call.get("id"), call["name"], None)

    def _close(self) -> list[Delta]:
        if self._open is None:
            return []
        arguments, self._open = self._open.value, None
        self._kept["args"] = arguments
        return self._told(None, None, arguments if self._odd is None else self._odd)

    def _told(self, call_id: Any, name: Any, arguments: Any) -> list[Delta]:
        deltas = self._assembler.add(index=self._count, call_id=call_id, name=name, arguments=arguments)
        self.ours += [delta.call_id for delta in deltas if isinstance(delta, CallStart)]
        return deltas
