"""A language server that has a problem with each `"hello"`, for editors that are to have one."""

from lsprotocol import types
from pygls.lsp.server import LanguageServer

server = LanguageServer("lint", "1")


def look(uri: str) -> None:
    """Tell the problems of a document."""
    lines = server.workspace.get_text_document(uri).lines
    found = [(number, line.index('"hello"')) for number, line in enumerate(lines) if '"hello"' in line]
    server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, [problem(*place) for place in found]))


def problem(line: int, at: int) -> types.Diagnostic:
    """One of them."""
    place = types.Range(types.Position(line, at), types.Position(line, at + len('"hello"')))
    return types.Diagnostic(place, "nobody is greeted", severity=types.DiagnosticSeverity.Warning, source="lint")


@server.feature(types.TEXT_DOCUMENT_DID_OPEN)
def opened(params: types.DidOpenTextDocumentParams) -> None:
    """Look at it."""
    look(params.text_document.uri)


@server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
def changed(params: types.DidChangeTextDocumentParams) -> None:
    """Look again."""
    look(params.text_document.uri)


if __name__ == "__main__":
    server.start_io()
