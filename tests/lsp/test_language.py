"""Language servers over LSP, without a process: an answer that never comes, and several documents changed as one."""

from typing import Any

import anyio
import pytest

from chatls.content import Position
from chatls.editor import Change, OpenDocument
from chatls.errors import ToolError
from chatls.language import LanguageRequest
from chatls.lsp import editor
from tests.lsp.test_editor import ALL, URI, Client, Json

pytestmark = pytest.mark.asyncio

SERVED: Json = {**ALL, "experimental": {"chat": {"language": True}}}
OTHER = OpenDocument("file:///folder/closed.py", "one\n", None)


def served() -> Client:
    return Client(SERVED)


async def together(client: Client, *steps: Any) -> Any:
    changes = [Change("rename", client.document, "new\ntwo\n"), Change("rename", OTHER, "new\n")]
    return await client.during(lambda: client.editor.apply_together(changes), *steps)


async def test_a_question_is_asked_in_the_words_of_the_protocol() -> None:
    client = served()
    request = LanguageRequest("rename", URI, Position(1, 2), new_name="x")
    found = await client.during(lambda: client.editor.language(request), client.answers({"edits": []}))
    assert found.edits == ()
    (asked,) = client.requests
    params = {"kind": "rename", "uri": URI, "position": {"line": 1, "character": 2}, "newName": "x"}
    assert (asked["method"], asked["params"]) == ("chat/language", params)


async def test_one_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editor, "LOOKING_UP", 0.05)
    client = served()
    with pytest.raises(ToolError, match=r"answered within 0.05 seconds"), anyio.fail_after(120):
        await client.editor.language(LanguageRequest("workspaceSymbols", symbol="x"))
    request, withdrawn = client.wire.messages
    assert withdrawn["method"] == "$/cancelRequest"
    client.answers({"places": []})(request)


async def test_a_client_that_does_not_say_that_it_asks_is_not_asked() -> None:
    client = Client()
    assert not client.editor.knows_symbols
    with pytest.raises(ToolError, match="does not ask"):
        await client.editor.language(LanguageRequest("hover", URI, Position(0, 0)))
    assert client.wire.messages == []


async def test_several_documents_are_changed_by_one_edit_that_one_of_them_is_opened_for() -> None:
    client = served()
    client.open("old\ntwo\n", version=7)

    def apply(request: Json) -> None:
        client.became("new\ntwo\n")
        client.answers({"applied": True})(request)
        opened = {"uri": OTHER.uri, "languageId": "x", "version": 0, "text": "new\n"}
        client.say(method="textDocument/didOpen", params={"textDocument": opened})

    assert await together(client, apply) == ("new\ntwo\n", "new\n")
    (request,) = client.requests
    documents = [change["textDocument"] for change in request["params"]["edit"]["documentChanges"]]
    assert documents == [{"uri": URI, "version": 7}, {"uri": OTHER.uri, "version": None}]


async def test_what_changed_in_the_editor_or_was_opened_with_another_text_stops_it() -> None:
    client = served()
    document = client.open("old\n")
    client.became("other\n")
    with pytest.raises(ToolError, match="changed in the editor meanwhile"), anyio.fail_after(120):
        await client.editor.apply_together([Change("x", document, "new\n")])
    assert client.requests == []


async def test_an_editor_that_refuses_is_quoted_and_one_that_does_nothing_has_the_old_texts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(editor, "SETTLING", 0.05)
    monkeypatch.setattr(editor, "FORMATTING", 0.05)
    client = served()
    client.open("old\ntwo\n")
    refused = await together(client, client.answers({"applied": False, "failureReason": "read-only"}))
    assert "the editor did not change the files: read-only" in str(refused)
    client = served()
    client.open("old\ntwo\n")
    assert await together(client, client.answers({"applied": True})) == ("old\ntwo\n", None)
