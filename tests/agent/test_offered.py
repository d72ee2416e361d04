"""Which tools are offered, and what is said of the others."""

from chatls.agent.offered import usable, why_missing
from chatls.config import Settings, ToolSettings
from chatls.tools.tool import ToolContext, tool
from tests.agent.fakes import Desk, named


def nothing(context: ToolContext) -> str:
    """Nothing."""
    del context
    return ""


def problems(context: ToolContext) -> str:
    """Problems."""
    del context
    return ""


READ, EDIT = named("read", nothing), named("edit", nothing, read_only=False)
PROBLEMS = tool(kind="read", needs="diagnostics")(problems)
TOOLS = (READ, EDIT, PROBLEMS)


def test_an_editor_that_can_do_all_is_offered_all_but_what_is_disabled() -> None:
    assert list(usable(TOOLS, Desk(), Settings())) == ["read", "edit", "problems"]
    assert list(usable(TOOLS, Desk(), Settings(tools=ToolSettings(disabled=("read",))))) == ["edit", "problems"]


def test_an_editor_that_cannot_ask_is_offered_nothing_that_changes_things_and_told_why() -> None:
    editor = Desk(asks=False)
    assert list(usable(TOOLS, editor, Settings())) == ["read", "problems"]
    assert "cannot ask for permission" in why_missing("edit", TOOLS, editor, Settings())


def test_an_editor_that_tells_no_problems_is_not_offered_what_needs_them() -> None:
    editor = Desk(diagnoses=False)
    assert list(usable(TOOLS, editor, Settings())) == ["read", "edit"]
    assert "experimental.chat.diagnostics" in why_missing("problems", TOOLS, editor, Settings())


def test_a_tool_that_is_not_there_is_said_so_with_those_that_are() -> None:
    disabled = Settings(tools=ToolSettings(disabled=("edit",)))
    for name in ("nope", "edit"):
        assert why_missing(name, TOOLS, Desk(asks=False), disabled) == (
            f"there is no tool {name!r}; the tools are: read, problems"
        )
