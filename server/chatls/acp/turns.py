"""`session/prompt` of ACP and its answer, cancels, and the commands that are no prompts: /compact, /undo."""

from functools import partial

from anyio import CancelScope

from chatls.acp import shapes
from chatls.acp.opened import OpenSession, OpenSessions
from chatls.acp.refusals import refusal, refusing
from chatls.acp.updates import path_of, usage
from chatls.agent.accepted import Ask, Ended
from chatls.content import ContentBlock, Image, JsonObject, Resource, ResourceLink, TextContent, to_wire
from chatls.core import Core
from chatls.errors import AUTH_REQUIRED, INTERNAL_ERROR, RequestError
from chatls.shapes import as_text, member
from chatls.store.entries import Rewinding
from chatls.wire.later import Later
from chatls.wire.peer import Answer

_CAME = {
    "restored": "as it was before",
    "would_restore": "as it was before",
    "conflict": "left alone: it was changed since",
    "gone": "left alone: it is no more",
    "not_kept": "left alone: what it was is not known",
}


class AcpTurns:
    """Those of one client."""

    def __init__(self, core: Core, later: Later, opened: OpenSessions) -> None:
        self._core = core
        self._later = later
        self._open = opened

    def prompt(self, answer: Answer, params: shapes.PromptSession) -> None:
        """`session/prompt`. All that is told of a turn is told before it is answered."""
        opened = self._open.find(params.session_id)
        word, rest = _command(params.prompt)
        if word == "/undo" and opened.begun:
            self._later.answer(answer, refusing(partial(self._undo, answer, opened)))
            return
        if word == "/compact" and opened.begun:
            self._compact(answer, opened, rest)
            return
        ask = Ask(tuple(map(_block, params.prompt)), opened.model, mode=opened.mode)
        begun = opened.begun
        try:
            accepted = self._core.chats.accept(opened.where(), ask, self._open.room)
        except RequestError as error:
            raise refusal(error) from error
        opened.begun = True

        async def answered() -> None:
            try:
                ended = await accepted.run(self._open.teller(opened.id))
            except RequestError as error:
                opened.begun = begun
                raise refusal(error) from error
            answer.give(_result(ended))

        self._later.answer(answer, answered)
        answer.cancel = accepted.scope.cancel

    def _compact(self, answer: Answer, opened: OpenSession, wish: str) -> None:
        try:
            compacting = self._core.chats.compact(opened.where(), wish)
        except RequestError as error:
            raise refusal(error) from error

        async def compacted() -> None:
            done = await compacting.run(self._open.teller(opened.id))
            cancelled = compacting.scope.cancelled_caught
            if done.error is not None and not cancelled:
                raise RequestError(INTERNAL_ERROR, done.error.message)
            if not cancelled:
                said = f"The conversation is shorter: {done.before} tokens before, {done.after} now."
                self._open.say(opened.id, said)
            answer.give({"stopReason": "cancelled" if cancelled else "end_turn"})

        self._later.answer(answer, refusing(compacted))
        answer.cancel = compacting.scope.cancel

    async def _undo(self, answer: Answer, opened: OpenSession) -> None:
        """Take the last turn back, with its files."""
        library = self._core.library
        page = await library.page(opened.id, last=1)
        with CancelScope(shield=True):
            for turn in page.turns:
                done = await library.rewind(opened.id, turn.turn_id, opened.editor, restore=True, dry=False, save=False)
                self._open.say(opened.id, _taken_back(turn.prompt, done))
        if not page.turns:
            self._open.say(opened.id, "There is no turn to be taken back.")
        answer.give({"stopReason": "end_turn"})

    def cancel(self, params: object) -> None:
        """`session/cancel`: the prompt is answered all the same."""
        self._core.chats.cancel_session(as_text(member(params, "sessionId")))


def _command(prompt: tuple[shapes.PromptBlock, ...]) -> tuple[str, str]:
    """The first word of a prompt, and what follows it."""
    first = prompt[0] if prompt else None
    word, _, rest = (first.text.strip() if isinstance(first, shapes.TextBlock) else "").partition(" ")
    return word, rest.strip()


def _taken_back(prompt: str, done: Rewinding) -> str:
    lines = [f"Taken back: {prompt}"]
    lines += [f"{path_of(file.uri) or file.uri}: {_CAME[file.state]}" for file in done.files]
    lines += [f"ran, and is not taken back: `{title}`" for title in done.commands]
    return "\n".join(f"{line}  " for line in lines)


def _block(block: shapes.PromptBlock) -> ContentBlock:
    match block:
        case shapes.TextBlock():
            return TextContent(block.text)
        case shapes.ImageBlock():
            return Image(block.mime_type, block.data)
        case shapes.LinkBlock():
            return ResourceLink(block.uri)
        case shapes.ResourceBlock():
            inner = block.resource
            return ResourceLink(inner.uri) if inner.text is None else Resource(inner.uri, inner.text)


def _result(ended: Ended) -> JsonObject:
    """The answer to a prompt. A turn that failed is an error. Raises `RequestError`."""
    if ended.error is not None:
        code = AUTH_REQUIRED if ended.error.kind == "unauthorized" else INTERNAL_ERROR
        raise RequestError(code, ended.error.message)
    spent = ended.tally.usage
    told = {} if spent is None else {"usage": usage(to_wire(spent))}
    return {"stopReason": ended.stop_reason, **told}
