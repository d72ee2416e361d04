"""What a server answers to a call -> what the model reads and the client shows. Pure."""

from base64 import b64decode
from collections.abc import Iterator
from typing import Any

from chatls.content import Image, JsonObject, ResourceLink, TextContent, ToolContent
from chatls.errors import ToolError
from chatls.jsontext import dumps, printable
from chatls.shapes import as_object, as_objects, as_text
from chatls.tools.tool import ToolOutput
from chatls.visible import visible_line
from chatls.workspace.picture import picture_type

MOST_ITEMS = 200
MOST_IMAGES = 8
LARGEST_IMAGE = 6 * 2**20
"""Characters of base64."""
MOST_TEXT = 8 * 2**20
"""Characters that are read of one answer; how much of it the model is given the settings say."""
_IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_LONGEST_ADDRESS = 2000


def output_of(result: JsonObject) -> ToolOutput:
    """The result of `tools/call`. Raises `ToolError` with its words where it says that it failed (`isError`)."""
    found = as_objects(result.get("content"))
    content = list[ToolContent]()
    images = 0
    for item in found[:MOST_ITEMS]:
        for one in _content(item):
            images += isinstance(one, Image)
            content.append(
                TextContent("[a picture is left out]") if images > MOST_IMAGES and isinstance(one, Image) else one
            )
    if len(found) > MOST_ITEMS:
        content.append(TextContent(f"[{len(found) - MOST_ITEMS} more parts are left out]"))
    if not any(isinstance(item, TextContent) for item in content) and "structuredContent" in result:
        content.append(TextContent(dumps(result["structuredContent"]).decode()[:MOST_TEXT]))
    if result.get("isError") is True:
        words = "\n".join(item.text for item in content if isinstance(item, TextContent))
        raise ToolError(words or "it failed, and does not say why")
    return ToolOutput(tuple(content))


def _content(item: JsonObject) -> Iterator[ToolContent]:
    match item.get("type"):
        case "text":
            yield TextContent(as_text(item.get("text"))[:MOST_TEXT])
        case "image":
            yield _image(item)
        case "audio":
            yield TextContent(f"[sound, {visible_line(as_text(item.get('mimeType')))}: it is left out]")
        case "resource_link":
            yield from _link(item)
        case "resource":
            yield from _resource(as_object(item.get("resource")))
        case kind:
            yield TextContent(f"[content of the kind {visible_line(str(kind))}: it is left out]")


def _image(item: JsonObject) -> ToolContent:
    """As its first bytes say: a provider refuses one that is another than is said, and all that stands around it."""
    kind, data = as_text(item.get("mimeType")).lower(), as_text(item.get("data"))
    if kind not in _IMAGES:
        return TextContent(f"[a picture of the kind {visible_line(kind) or 'unknown'}: it is left out]")
    data = "".join(data.split()) if len(data) <= LARGEST_IMAGE else ""
    try:
        real = picture_type(b64decode(data, validate=True))
    except ValueError:
        real = None
    return Image(real, data) if real else TextContent("[a picture that is too large, or none: it is left out]")


def _link(item: JsonObject) -> Iterator[ToolContent]:
    if not (uri := _address(item)):
        return
    yield ResourceLink(uri)
    name = as_text(item.get("title")) or as_text(item.get("name"))
    words = ", ".join(visible_line(text, 500) for text in (name, as_text(item.get("description"))) if text)
    yield TextContent(f"link: {uri} ({words})" if words else f"link: {uri}")


def _resource(resource: JsonObject) -> Iterator[ToolContent]:
    uri: str = _address(resource)
    text: Any = resource.get("text")
    if isinstance(text, str):
        yield TextContent(f"{uri}:\n{text[:MOST_TEXT]}" if uri else text[:MOST_TEXT])
    elif as_text(resource.get("mimeType")).lower() in _IMAGES:
        yield _image({"mimeType": resource.get("mimeType"), "data": resource.get("blob")})
    else:
        yield TextContent(f"[{uri or 'something'} that is no text: it is left out]")


def _address(item: JsonObject) -> str:
    return visible_line(printable(as_text(item.get("uri"))), _LONGEST_ADDRESS)
