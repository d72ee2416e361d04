"""What a prompt's attachments and missing results are in words: the same for every provider. Pure."""

from typing import assert_never

from chatls.content import EditorContext, Image, Mention, Range, Resource, ResourceLink, TextContent

NO_RESULT = "(no result: the call was cancelled)"
"""Stands for a result that is not in the history: every call has one where it is sent."""

PICTURES = "(what the tools showed, in the order of their results)"
"""Stands before the pictures of results where a protocol has no place for them but a user's message."""


def unseen(picture: Image) -> str:
    """A picture in words.

    >>> unseen(Image("image/png", "AAAA"))
    '(a picture, image/png, which this model cannot see)'
    """
    return f"(a picture, {picture.mime_type}, which this model cannot see)"


def text_of(block: TextContent | ResourceLink | Resource | EditorContext | Mention) -> str:
    """A block of a prompt as the model reads it.

    >>> text_of(ResourceLink("file:///a.py"))
    '<file uri="file:///a.py"/>'
    """
    match block:
        case TextContent(text):
            return text
        case ResourceLink(uri, place):
            return f'<file uri="{uri}"{_lines(place)}/>'
        case Resource(uri, text, place):
            return f'<file uri="{uri}"{_lines(place)}>\n{text}\n</file>'
        case EditorContext(active, opened):
            files = [f'<active uri="{active.uri}"{_lines(active.selection)}/>'] if active else []
            files += [f'<open uri="{uri}"/>' for uri in opened or ()]
            return "\n".join(("<editor>", *files, "</editor>"))
        case Mention(name, argument):
            return f"@{name}" if argument is None else f"@{name} {argument}"
    assert_never(block)


def _lines(place: Range | None) -> str:
    """Which lines of a file, counted from 1, both included, as the tools count them."""
    if place is None:
        return ""
    last = place.end.line + (1 if place.end.character or place.end.line == place.start.line else 0)
    return f' lines="{place.start.line + 1}-{last}"'
