"""The tool `skill`: a text that people keep for certain tasks."""

from typing import Annotated

from pydantic import Field

from chatls.content import JsonObject
from chatls.tools.tool import ToolContext, tool
from chatls.workspace.pathtext import quoted


def _title(arguments: JsonObject) -> str:
    beside = f" {quoted(arguments['file'])[1:-1]}" if arguments.get("file") else ""
    return f"skill {quoted(arguments['name'])[1:-1]}{beside}"


@tool(kind="read", title=_title, needs="skills")
async def skill(
    context: ToolContext,
    name: Annotated[str, Field(description="The skill's name, as you were told it.")],
    file: Annotated[
        str | None, Field(description="Another file of the skill's folder, as its text names it; without it, the text.")
    ] = None,
) -> str:
    """Read a skill: what the user wrote down for a certain kind of task."""
    return await context.skill(name, file)
