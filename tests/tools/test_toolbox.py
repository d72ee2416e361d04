"""Which tools are offered, and what is said of the others."""

import pytest
from tests.agent.fakes import Desk, named

from chatls.editor import Editor
from chatls.errors import RequestError
from chatls.settings.config import Settings, ToolSettings
from chatls.tools.tool import ToolContext, tool
from chatls.tools.toolbox import Toolbox


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
TOOLS = Toolbox((READ, EDIT, PROBLEMS))


def why_missing(name: str, editor: Editor, settings: Settings) -> str:
    with pytest.raises(RequestError) as caught:
        TOOLS.offered(editor, settings, [name])
    assert caught.value.code.number == 1006
    return str(caught.value)


def test_an_editor_that_can_do_all_is_offered_all_but_what_is_disabled() -> None:
    assert list(TOOLS.offered(Desk(), Settings())) == ["read", "edit", "problems"]
    assert list(TOOLS.offered(Desk(), Settings(tools=ToolSettings(disabled=("read",))))) == ["edit", "problems"]


def test_an_editor_that_cannot_ask_is_offered_nothing_that_changes_things_and_told_why() -> None:
    editor = Desk(asks=False)
    assert list(TOOLS.offered(editor, Settings())) == ["read", "problems"]
    assert "cannot ask for permission" in why_missing("edit", editor, Settings())


def test_an_editor_that_tells_no_problems_is_not_offered_what_needs_them() -> None:
    editor = Desk(diagnoses=False)
    assert list(TOOLS.offered(editor, Settings())) == ["read", "edit"]
    assert "experimental.chat.diagnostics" in why_missing("problems", editor, Settings())


def test_only_those_that_are_named_are_offered_in_their_own_order() -> None:
    assert list(TOOLS.offered(Desk(), Settings(), ["edit", "read"])) == ["read", "edit"]
    assert list(TOOLS.offered(Desk(), Settings(), [])) == []


def test_a_tool_that_is_not_there_is_said_so_with_those_that_are() -> None:
    disabled = Settings(tools=ToolSettings(disabled=("edit",)))
    for name in ("nope", "edit"):
        assert why_missing(name, Desk(asks=False), disabled) == (
            f"there is no tool {name!r}; the tools are: read, problems"
        )
