"""The editor port for an editor without a plugin: a person is asked with `window/showMessageRequest`."""

from itertools import count
from pathlib import Path
from urllib.parse import unquote

from anyio import CancelScope, to_thread

from chatls.content import Diff, TextContent
from chatls.editor import Question, Reply
from chatls.errors import METHOD_NOT_FOUND, ClientRefusedError, RequestError, ToolError
from chatls.lsp.bare.screen import Screen
from chatls.lsp.editor import LspEditor
from chatls.lsp.handshake import Hello
from chatls.lsp.rpc import Rpc
from chatls.shapes import member
from chatls.tools.changes.diffs import FileChange

LONGEST_DIFF = 256 * 1024
"""Bytes of a change that are shown."""
MOST_LINES = 30
"""Lines of it in a message, where the client shows no documents."""
_CANNOT = "this editor cannot ask for permission"


class BareEditor(LspEditor):
    """One client."""

    def __init__(self, rpc: Rpc, hello: Hello) -> None:
        super().__init__(rpc, hello)
        self.screen = Screen(rpc, hello)
        self._asks = self.screen.chooses
        self._tells_late = self.screen.is_eglot
        self._numbers = count(1)

    async def ask_permission(self, question: Question) -> Reply:
        """`Editor.ask_permission`. What would be changed stands beside the question, as a document."""
        if not self._asks:
            raise ToolError(_CANNOT)
        diff = await to_thread.run_sync(_diff, question)
        words, beside = [f"chatls: {question.title}", *_words(question)], None
        if diff:
            beside = await self._shown_beside(f"{question.session_id}-{next(self._numbers)}.diff", diff)
            words += [f"What would change is shown beside this, in {beside.name}"] if beside else _first_lines(diff)
        options = sorted(question.options, key=lambda option: option.kind != "reject_once")
        labels = [option.label for option in options]  # "No" first: a question comes while a person types
        words[0] = words[0].ljust(max(map(len, labels)))  # Helix cuts labels to the width of the message
        try:
            answer = await self.screen.choose("\n".join(words), labels)
        except RequestError as error:
            if not isinstance(error, ClientRefusedError) or error.given != METHOD_NOT_FOUND.number:
                raise ToolError(f"the editor did not ask: {str(error)[:500]}") from error
            self._asks = False  # from now on no model is offered what has to be asked about
            raise ToolError(_CANNOT) from error
        finally:
            if beside is not None:
                with CancelScope(shield=True):
                    await to_thread.run_sync(self.screen.remove, beside)
        if beside is not None:  # an editor with one view has put it in the answer's place
            await self.screen.show_again(f"{question.session_id}.md")
        chosen = member(answer, "title")
        return Reply(next((option.id for option in question.options if option.label == chosen), None))

    async def _shown_beside(self, name: str, diff: str) -> Path | None:
        path = self.screen.place(name)
        try:
            if not self.screen.shows or not self.screen.is_ours(path):
                return None
            await self.screen.write(path, diff)
        except OSError:
            return None
        return path if await self.screen.show(path) else None


def _diff(question: Question) -> str:
    """All that would become of files."""
    changes = (block for block in question.preview if isinstance(block, Diff))
    return "\n".join(_change(block).unified(LONGEST_DIFF)[0] for block in changes)


def _change(block: Diff) -> FileChange:
    name, was = (unquote(uri.rpartition("/")[2]) for uri in (block.uri, block.from_ or ""))
    return FileChange(name, block.uri, block.old_text, block.new_text, block.change, was, block.from_)


def _words(question: Question) -> list[str]:
    """All that is told in words: a command, what it needs, why it is asked once more."""
    told = [block.text for block in question.preview if isinstance(block, TextContent)]
    told += [f"{question.changed} was changed by the agent since you answered"] if question.changed else []
    return told + (["It would run in the sandbox."] if question.sandbox else [])


def _first_lines(diff: str) -> list[str]:
    lines = diff.splitlines()
    more = [f"... and {len(lines) - MOST_LINES} lines more"] if len(lines) > MOST_LINES else []
    return lines[:MOST_LINES] + more
