"""What a client answers when its language servers are asked, read within bounds; pure."""

from typing import Any

from chatls.content import Range
from chatls.errors import RequestError, ToolError
from chatls.language import DocumentEdits, LanguageFindings, LanguagePlace, LanguageRequest
from chatls.shapes import as_list, as_text, member, says
from chatls.wire.methods import read
from chatls.wire.params import Params

MOST_PLACES = 2000
"""Places of one answer that are read."""
MOST_EDITS = 20_000
"""Edits of one renaming, in all its documents."""

_LONGEST_TEXT = 10_000
_LONGEST_WORDS = 500


class _OnePlace(Params):
    place: LanguagePlace


class _OneDocument(Params):
    document: DocumentEdits


def findings(request: LanguageRequest, answer: Any) -> LanguageFindings:
    """What an answer says. Raises `ToolError` where it says nothing that could be used."""
    if says(answer, "unserved"):
        raise ToolError("no language server of the editor can tell: none is running for this, or it cannot do it")
    if reason := " ".join(as_text(member(answer, "failureReason")).split())[:_LONGEST_WORDS]:
        raise ToolError(f"the language server says: {reason}")
    told = as_list(member(answer, "places"))
    places = tuple(found for item in told[:MOST_PLACES] if (found := _place(item)) is not None)
    text = as_text(member(answer, "text")).strip()[:_LONGEST_TEXT] if request.kind == "hover" else ""
    edits = _edits(as_list(member(answer, "edits"))) if request.kind == "rename" else ()
    return LanguageFindings(places, max(0, len(told) - MOST_PLACES), text, edits)


def _place(item: Any) -> LanguagePlace | None:
    try:
        found = read(_OnePlace, {"place": item}).place
    except RequestError:
        return None
    return found if _fits(found.range) and (found.whole is None or _fits(found.whole)) else None


def _edits(told: list[Any]) -> tuple[DocumentEdits, ...]:
    """All of it, or an error: half a renaming is worse than none."""
    if sum(len(as_list(member(item, "edits"))) for item in told) > MOST_EDITS or len(told) > MOST_EDITS:
        raise ToolError(f"it would be more than {MOST_EDITS:,} changes, which are too many")
    try:
        found = tuple(read(_OneDocument, {"document": item}).document for item in told)
    except RequestError as error:
        raise ToolError(f"the editor's answer makes no sense: {error}") from error
    if not all(_fits(edit.range) for document in found for edit in document.edits):
        raise ToolError("the editor's answer makes no sense: an edit ends before it begins")
    return found


def _fits(where: Range) -> bool:
    start, end = ((place.line, place.character) for place in (where.start, where.end))
    return (0, 0) <= start <= end and start[1] >= 0 and end[1] >= 0
