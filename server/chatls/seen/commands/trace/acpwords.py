"""A conversation of the Agent Client Protocol in the words of our own, as far as turns are told by it. Pure."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from chatls.seen.commands.trace.recording import PassedMessage
from chatls.shapes import as_object

REPLY_OVER = "replyOver"
"""No event of ours: the model's reply ended with what came of it last."""
_KINDS = {
    "agent_message_chunk": ("textChunk",),
    "agent_thought_chunk": ("thinkingChunk",),
    "tool_call": ("toolCallStart",),
}
_STATES = {"in_progress": (REPLY_OVER, "toolRunStart"), "completed": ("toolRunEnd",), "failed": ("toolRunEnd",)}
"""What a call's new state means. It tells of no reply's end: when a tool runs, it is over."""


def translated(trace: Iterable[PassedMessage]) -> Iterator[PassedMessage]:
    """Our own messages as they are, what ACP says as ours would; what means nothing here is left out."""
    asked: dict[str, tuple[Any, Any]] = {}
    for said in trace:
        match said.side, said.message:
            case "client", {"id": number, "method": "session/prompt", "params": {"sessionId": session, **params}}:
                ours = {"content": params.get("prompt"), "partialResultToken": session}
                yield PassedMessage(said.ms, "client", {"id": number, "method": "chat/prompt", "params": ours})
                yield _event(said, session, "turnStart", {})
            case "server", {"method": "session/update", "params": {"sessionId": session, "update": {**update}}}:
                for kind in _kinds(update):
                    title = {"title": update["title"]} if "title" in update else {}
                    yield _event(said, session, kind, {**title, **_call(update), "status": update.get("status")})
            case "server", {"id": number, "method": "session/request_permission", "params": {**params}}:
                session, call = params.get("sessionId"), params.get("toolCall")
                asked[json.dumps(number)] = session, call
                yield _event(said, session, REPLY_OVER, {})
                yield _event(said, session, "permissionRequested", _call(call))
            case "client", {"id": number, "result": {"outcome": outcome}} if json.dumps(number) in asked:
                session, call = asked.pop(json.dumps(number))
                word = as_object(outcome).get("optionId") or as_object(outcome).get("outcome")
                yield _event(said, session, "permissionResolved", {**_call(call), "outcome": word})
            case _:
                yield said


def _event(said: PassedMessage, session: Any, kind: str, value: dict[str, Any]) -> PassedMessage:
    params = {"token": session, "value": {**value, "kind": kind}}
    return PassedMessage(said.ms, "server", {"method": "$/progress", "params": params})


def _kinds(update: dict[str, Any]) -> tuple[str, ...]:
    kind, status = str(update.get("sessionUpdate")), str(update.get("status"))
    if kind == "tool_call_update" and "title" in update and status not in _STATES:
        return ("toolCallEnd",)
    return _KINDS.get(kind, ()) + (_STATES.get(status, ()) if kind.startswith("tool_call") else ())


def _call(value: Any) -> dict[str, Any]:
    return {"toolCallId": as_object(value).get("toolCallId")}
