"""All tools that there are, and which of them are offered: not disabled, and the editor has all it takes for them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from chatls.content import MentionName
from chatls.editor import Editor
from chatls.errors import TOOL_NOT_FOUND, RequestError
from chatls.events import WorkingMode
from chatls.settings.config import Settings
from chatls.settings.permissions import stands_for
from chatls.tools.tool import Mentionable, Tool


class MoreTools(Protocol):
    """Tools that come and go, of servers."""

    @property
    def tools(self) -> Mapping[str, Tool]:
        """Those that are there now, by name."""
        ...

    @property
    def news(self) -> Sequence[str]:
        """What a person is to be told of them: whose are missing, and why."""
        ...


class Toolbox:
    """The tools of a daemon, in their own order."""

    def __init__(
        self,
        tools: Iterable[Tool],
        mentions: Iterable[Mentionable] = (),
        foreign: Mapping[str, Tool] = MappingProxyType({}),
    ) -> None:
        """`foreign`: those of servers, as they are at that moment; they stand behind ours."""
        self._own = {tool.name: tool for tool in tools}
        self._foreign = foreign
        self.mentions: Mapping[MentionName, Mentionable] = {one.name: one for one in mentions}
        """What people may mention in a prompt, by name."""

    def offered(
        self,
        editor: Editor,
        settings: Settings,
        names: Collection[str] | None = None,
        mode: WorkingMode = "ask",
        more: MoreTools | None = None,
    ) -> dict[str, Tool]:
        """The tools that a model may be offered, by name, in their own order: of these names, or all (None). In the
        mode `edits` an editor that cannot ask gets those that edit. `more`: what a session has beside them.

        Raises `RequestError` (1006) for a name that is not among them.
        """
        known = {**self._own, **self._foreign, **(more.tools if more else {})}
        disabled = {name for name in known if _means(settings.tools.disabled, name)} if settings.tools.disabled else ()
        usable = {
            name: tool for name, tool in known.items() if name not in disabled and _why_not(tool, editor, mode) is None
        }
        for name in names or ():
            if name not in usable:
                missing = None if name in disabled else known.get(name)
                raise RequestError(TOOL_NOT_FOUND, self._why_missing(name, missing, usable, editor, mode))
        return usable if names is None else {name: tool for name, tool in usable.items() if name in names}

    def _why_missing(
        self, name: str, known: Tool | None, usable: Collection[str], editor: Editor, mode: WorkingMode
    ) -> str:
        if known is not None and (why := _why_not(known, editor, mode)):
            return f"the tool {name!r} cannot be used here: {why}"
        return f"there is no tool {name!r}; the tools are: {', '.join(usable)}"


def _means(settings: Iterable[str], name: str) -> bool:
    return any(stands_for(one, name) for one in settings)


def _why_not(tool: Tool, editor: Editor, mode: WorkingMode) -> str | None:
    """What the editor lacks for a tool, as words for a person; None where it lacks nothing."""
    if not tool.read_only and not editor.asks and not (mode == "edits" and tool.kind == "edit"):
        return "it changes things, and this editor cannot ask for permission (experimental.chat.permission)"
    if tool.needs == "diagnostics" and not editor.diagnoses:
        return "this editor does not tell the problems that it shows (experimental.chat.diagnostics)"
    if tool.needs == "language" and not editor.knows_symbols:
        return "this editor does not ask its language servers (experimental.chat.language)"
    return None
