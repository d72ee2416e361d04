"""Reads the project's Markdown as GitHub does: headings and their anchors, links, and text to search in."""

import posixpath
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, cast
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token
from pygments import highlight, lexers
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.util import ClassNotFound

ROOT = Path(__file__).parents[2]
LINKS = {"link_open": "href", "image": "src"}
"""What leads somewhere, and the attribute that says where."""


class Section(NamedTuple):
    """A heading and the text below it, up to the next heading."""

    anchor: str
    title: str
    text: str


class Page:
    """A document, read once. `path` is relative to the project, with slashes."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.tokens = _parser().parse(text)
        _set_anchors(self.tokens)
        self.sections = list(_sections(self.tokens))
        self.title = next((section.title for section in self.sections if section.title), posixpath.basename(path))
        self.anchors = {section.anchor for section in self.sections}

    def links(self) -> Iterator[tuple[Token, str, str]]:
        """All links and pictures: the token, the name of its attribute, and where it leads."""
        for token in self.tokens:
            for inner in (token, *(token.children or ())):
                if name := LINKS.get(inner.type):
                    yield inner, name, str(inner.attrGet(name) or "")

    def html(self) -> str:
        """Its body."""
        return str(_parser().renderer.render(self.tokens, _parser().options, {}))


def documents() -> list[str]:
    """All Markdown for people, relative to the project: that of the top, and of docs/."""
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    return sorted(path.relative_to(ROOT).as_posix() for path in found)


@cache
def read(path: str) -> Page:
    """The page of a document of the project."""
    return Page(path, (ROOT / path).read_text("utf-8"))


def target(page: str, link: str) -> tuple[str, str] | None:
    """The path that a link of a page means, relative to the project, and its anchor; None where it leads elsewhere."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return None
    path = posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(parts.path))) if parts.path else page
    return path, unquote(parts.fragment)


def broken(page: Page) -> list[str]:
    """The links of a document that lead nowhere in the project: `document: link`."""
    found: list[str] = []
    for _, _, link in page.links():
        meant = target(page.path, link)
        if meant is None:
            continue
        path, anchor = meant
        if not (ROOT / path).exists() or (anchor and path.endswith(".md") and anchor not in read(path).anchors):
            found.append(f"{page.path}: {link}")
    return found


def slug(title: str) -> str:
    """GitHub's anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"highlight": _coloured}).enable(["table", "strikethrough"])


def _coloured(code: str, language: str, _attributes: str) -> str:
    """A block of code with its colours as classes; empty where the language is unknown."""
    try:
        lexer: Lexer = cast("Any", lexers).get_lexer_by_name(language)
    except ClassNotFound:
        return ""
    return highlight(code, lexer, HtmlFormatter(nowrap=True))


def _set_anchors(tokens: list[Token]) -> None:
    seen: Counter[str] = Counter()
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            name = slug(_words(inline))
            opening.attrSet("id", f"{name}-{seen[name]}" if seen[name] else name)
            seen[name] += 1


def _sections(tokens: list[Token]) -> Iterator[Section]:
    anchor, title, text = "", "", list[str]()
    heading = False
    for token in tokens:
        if token.type == "heading_open":
            yield from [Section(anchor, title, " ".join(text))] if anchor or text else []
            anchor, title, text, heading = str(token.attrGet("id")), "", [], True
        elif token.type == "heading_close":
            heading = False
        elif token.type == "inline" and heading:
            title = _words(token)
        elif token.type in {"inline", "fence", "code_block"}:
            text += _words(token).split()
    yield Section(anchor, title, " ".join(text))


def _words(token: Token) -> str:
    """What a person reads of it."""
    if token.children is None:
        return token.content
    return "".join(" " if "break" in inner.type else inner.content for inner in token.children)
