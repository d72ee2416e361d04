"""An editor with one document: what it tells the daemon, what that makes of it, and the edits that it asks for."""

import json
import re

from tests.daemon.raw import Daemon, Json


class Editor:
    """An editor with one document, and the daemon's idea of it."""

    def __init__(self, daemon: Daemon, name: str = "open.txt") -> None:
        self.daemon = daemon
        self.path = daemon.folder / "root" / name
        self.uri = self.path.as_uri()
        self.version = 0
        self.buffer = ""
        """The text as the editor has it; known where changes are whole texts or edits of the daemon's."""
        self.labels: list[str] = []
        """What its undo list calls the daemon's edits."""

    def open(self, text: str) -> None:
        self.buffer = text
        item = {"uri": self.uri, "languageId": "plaintext", "version": self.version, "text": text}
        self.daemon.notify("textDocument/didOpen", {"textDocument": item})

    def change(self, *changes: Json, uri: str | None = None) -> None:
        self.version += 1
        document = {"uri": uri or self.uri, "version": self.version}
        self.daemon.notify("textDocument/didChange", {"textDocument": document, "contentChanges": changes})

    def type(self, text: str) -> None:
        """Have another text."""
        self.buffer = text
        self.change({"text": text})

    def save(self) -> None:
        """Write the buffer to the disk, and tell."""
        self.path.write_text(self.buffer)
        self.daemon.notify("textDocument/didSave", {"textDocument": {"uri": self.uri}})

    def reload(self, request: Json) -> None:
        """Do what `chat/reload` says."""
        assert request["params"] == {"uris": [self.uri]}
        self.type(self.path.read_text())
        self.daemon.reply(request, {"reloaded": [self.uri]})

    def write(self, request: Json) -> None:
        """Do what `chat/save` says."""
        assert request["params"] == {"uris": [self.uri]}
        self.save()
        self.daemon.reply(request, {"saved": [self.uri]})

    def close(self) -> None:
        self.daemon.notify("textDocument/didClose", {"textDocument": {"uri": self.uri}})

    def take(self, request: Json) -> None:
        """Do what `workspace/applyEdit` says, but not for an old version. The change is told, then the answer."""
        parameters = request["params"]
        (document,) = parameters["edit"]["documentChanges"]
        assert document["textDocument"]["uri"] == self.uri
        if document["textDocument"]["version"] != self.version:
            self.daemon.reply(request, {"applied": False, "failureReason": "the document has changed"})
            return
        self.labels.append(parameters["label"])
        self.type(edited(self.buffer, document["edits"]))
        self.daemon.reply(request, {"applied": True})

    def seen(self) -> Json:
        """What a tool is shown of the workspace."""
        turn = self.daemon.prompt([{"toolCall": {"name": "look"}}], [{"text": "."}], chars=100)
        turn.result()
        return json.loads(turn.event("toolRunEnd")["content"][0]["text"])

    def text(self) -> str | None:
        """The document as tools see it; None where it is not open."""
        return self.seen()["documents"].get(str(self.path.resolve()))

    def said(self) -> list[str]:
        """What stands in the client's log."""
        self.daemon.refusal("$/alive")
        logged = [message for message in self.daemon.log if message.get("method") == "window/logMessage"]
        return [message["params"]["message"] for message in logged]


def change(text: str, *places: int) -> Json:
    """Replace what lies between two positions: line, character, line, character."""
    start = {"line": places[0], "character": places[1]}
    end = {"line": places[-2], "character": places[-1]}
    return {"text": text, "range": {"start": start, "end": end}}


def edited(text: str, edits: list[Json]) -> str:
    """All edits count from the text as it was (LSP, `TextEdit[]`)."""
    found = [(_offset(text, edit["range"]["start"]), _offset(text, edit["range"]["end"]), edit) for edit in edits]
    for start, end, edit in sorted(found, key=lambda item: item[:2], reverse=True):
        text = text[:start] + edit["newText"] + text[end:]
    return text


def _offset(text: str, place: Json) -> int:
    """Where a position in UTF-16 is."""
    lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", text)
    before = lines[place["line"]].encode("utf-16-le")[: 2 * place["character"]]
    return sum(map(len, lines[: place["line"]])) + len(before.decode("utf-16-le"))
