"""What a person wrote, as the model is told it: a slash command is its text, a mention is what it stands for, a link
is the file behind it. The same for all faces, for prompts and for words to a turn that runs."""

import difflib
from collections.abc import Callable, Mapping
from pathlib import Path

from anyio import to_thread

from chatls.agent.prompt import read_links
from chatls.agent.session import Session
from chatls.agent.steering import Said
from chatls.content import ContentBlock, EditorContext, Mention, MentionName, ResourceLink, TextContent
from chatls.errors import ToolError
from chatls.events import Notice
from chatls.tools.tool import Mentionable, ToolContext
from chatls.visible import visible_line
from chatls.workspace.skills.entries import Skill, SlashCommand
from chatls.workspace.skills.handbook import Handbook
from chatls.workspace.skills.words import GivenCommand, filled, given_command, mentioned
from chatls.workspace.workspace import Workspace


class Expanding:
    """That of one session."""

    def __init__(self, session: Session, handbook: Handbook, mentions: Mapping[MentionName, Mentionable]) -> None:
        self._session = session
        self._handbook = handbook
        self._mentions = mentions

    async def blocks(self, said: Said, context: ToolContext) -> tuple[Said, list[Notice]]:
        """What the model is told, and words for a person."""
        notices = list[Notice]()
        said = await self._commanded(said, context.workspace, notices)
        if any(isinstance(block, Mention) for block in said):
            said = await self._looked_up(said, context, notices)
        told, more = await read_links(said, context.workspace)
        return told, [*notices, *more]

    async def skill(self, name: str, file: str | None, workspace: Workspace, notify: Callable[[str], None]) -> str:
        """The text of a skill, or of another file of its folder. Raises `ToolError`."""
        shelf = await self._handbook.shelf(workspace)
        skill = shelf.skill(name)
        if skill is None or not skill.for_models:
            known = ", ".join(one.name for one in shelf.skills if one.for_models) or "there are none"
            raise ToolError(f"there is no skill {visible_line(name)}; skills: {visible_line(known, 2000)}")
        if file is not None:
            return (await self._handbook.read_beside(skill, file, workspace)).text
        told = await self._handbook.read(skill, workspace)
        if notice := self._first_use(skill, f"the model reads a skill of this workspace: {told.name}"):
            notify(notice.text)
        assert skill.place is not None
        folder = skill.place.path.parent
        return f"[The skill {skill.name}. Its folder is {folder}; `file` reads others of it.]\n{told.text}"

    async def _commanded(self, said: Said, workspace: Workspace, notices: list[Notice]) -> Said:
        """With the text of the command that the person's words begin with."""
        at = next((at for at, block in enumerate(said) if isinstance(block, TextContent)), None)
        words = said[at] if at is not None else None
        given = given_command(words.text) if isinstance(words, TextContent) else None
        if at is None or given is None:
            return said
        shelf = await self._handbook.shelf(workspace)
        command = shelf.command(given.name)
        if command is None:
            notices.append(_unknown(given.name, [one.name for one in shelf.commands]))
            return said
        try:
            told = await self._handbook.read(command, workspace)
        except ToolError as error:
            notices.append(Notice(f"/{command.name} was sent as it is written: {error}", "warning"))
            return said
        origin = f", from {told.name}" if command.place else ""
        notices += _told(self._first_use(command, f"/{command.name} comes from this workspace: {told.name}"))
        text = filled(told.text, given.arguments)
        more = await to_thread.run_sync(_meant, text, given, workspace, abandon_on_cancel=True)
        head = f"[The user gave the command /{command.name}{origin}, which says:]"
        return (*said[:at], TextContent(f"{head}\n\n{text}"), *said[at + 1 :], *more)

    def _first_use(self, entry: Skill | SlashCommand, words: str) -> Notice | None:
        """Words for a person where something of the workspace is used for the first time in a session."""
        if entry.source != "workspace" or entry.place is None or entry.place.path in self._session.used:
            return None
        self._session.used.add(entry.place.path)
        return Notice(words)

    async def _looked_up(self, said: Said, context: ToolContext, notices: list[Notice]) -> Said:
        """With what stands for each mention; the same one counts once."""
        blocks, known = list[ContentBlock](), set[Mention]()
        for block in said:
            if not isinstance(block, Mention):
                blocks.append(block)
            elif block not in known:
                known.add(block)
                blocks += await self._stands_for(block, said, context, notices)
        return tuple(blocks)

    async def _stands_for(
        self, mention: Mention, said: Said, context: ToolContext, notices: list[Notice]
    ) -> tuple[ContentBlock, ...]:
        if mention.name == "selection" and not mention.argument and _is_selected(said):
            return ()  # it is told with what the person has before them
        try:
            return await self._mentions[mention.name].expand(context, mention.argument)
        except ToolError as error:
            notices.append(Notice(f"@{mention.name} is not attached: {error}", "warning"))
            return (TextContent(f"[@{mention.name} could not be attached: {error}]"),)


def _unknown(name: str, known: list[str]) -> Notice:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    hint = f"; did you mean /{near[0]}?" if near else ""
    return Notice(f"there is no command /{visible_line(name, 64)}: it was sent as it is written{hint}")


def _told(notice: Notice | None) -> list[Notice]:
    return [notice] if notice else []


def _is_selected(said: Said) -> bool:
    actives = (block.active for block in said if isinstance(block, EditorContext))
    chosen = (active.selection for active in actives if active)
    return any(part is not None and part.start != part.end for part in chosen)


def _meant(text: str, given: GivenCommand, workspace: Workspace) -> tuple[ContentBlock, ...]:
    """What the text of a command mentions; what a person mentions behind its name is a block of its own. Looks at the
    disk."""
    blocks = list[ContentBlock]()
    for word in mentioned(text):
        match word:
            case "diagnostics" | "diff" | "buffers" | "selection":
                blocks.append(Mention(word))
            case _ if word not in mentioned(given.arguments):
                path = _file(word, workspace)
                blocks += [] if path is None else [ResourceLink(workspace.uri(path))]
            case _:
                pass
    return tuple(blocks)


def _file(word: str, workspace: Workspace) -> Path | None:
    try:
        path = workspace.readable(word)
        return path if path.is_file() else None
    except (ToolError, OSError):
        return None
