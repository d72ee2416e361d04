"""Writes the documents as a website that needs no server: one page for each, a search, no link that leads nowhere.

python docs/website.py FOLDER    write it there, in place of what was; exit code 1, naming the links that are broken
python docs/website.py --check   the same for the documents themselves; write nothing
"""

import json
import posixpath
import shutil
import sys
from collections.abc import Iterator
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, cast

from generation.pages import ROOT, Page, broken, documents, read, target
from pygments.formatters import HtmlFormatter

PARTS = Path(__file__).parent / "generation"
DECISIONS = "docs/decisions"
"""One line of the contents, though there are many."""
ORDER = {
    "Using it": (
        "README",
        "docs/configuration",
        "docs/providers",
        "docs/local-models",
        "docs/permissions",
        "docs/tools",
    ),
    "Guides": ("docs/guides/",),
    "When something is wrong": ("docs/troubleshooting", "docs/telemetry", "SECURITY", "CHANGELOG"),
    "Inside": ("docs/protocol", "docs/architecture", "docs/glossary", DECISIONS),
}
"""The contents: beginnings of paths, in order. What none of them names stands under the last heading."""
LANGUAGES = {".py": "python", ".ts": "typescript", ".lua": "lua", ".json": "json", ".txt": "text"}
"""Files that links lead to, and that become pages."""
LEADS = {("a", "href"), ("link", "href"), ("img", "src"), ("script", "src")}
"""Tags that lead somewhere, and the attribute that says where."""
STYLES = ("default", "github-dark")
"""Of code, by day and by night."""
MARK = "chatls.website"
"""A file that says that a folder was written by this program, and may be replaced."""

FRAME = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<link rel="stylesheet" href="{up}website.css">
<nav>
<input type="search" id="search" placeholder="Search (/)" aria-label="Search" autocomplete="off" data-up="{up}">
<div id="found" role="status"></div>
{contents}
</nav>
<main>
{body}
</main>
<script src="{up}website.js" defer></script>
</html>
"""


class Website:
    """All pages, and what they lead to. Source files and folders become pages as soon as a link leads there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names = documents()
        self.listed = sorted({DECISIONS if name.startswith(f"{DECISIONS}/") else name for name in self.names})

    def write(self) -> None:
        """Write all of it."""
        waiting = [*self.names, *self.listed]
        written: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name not in written:
                written.add(name)
                waiting += self._write(name)
        shutil.copyfile(PARTS / "website.js", self.folder / "website.js")
        light, dark = (str(cast("Any", HtmlFormatter(style=name)).get_style_defs("code")) for name in STYLES)
        style = (PARTS / "website.css").read_text("utf-8")
        colours = f"{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n"
        (self.folder / "website.css").write_text(f"{colours}{style}", "utf-8")
        index = json.dumps(list(self._index()), ensure_ascii=False).replace("</", "<\\/")
        (self.folder / "index.js").write_text(f"found({index});\n", "utf-8")

    def _write(self, name: str) -> list[str]:
        """Write what a path of the project becomes; gives the paths that it leads to."""
        path = ROOT / name
        if path.is_file() and path.suffix not in {".md", *LANGUAGES}:
            place = self.folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
            return []
        page = _listing(name) if path.is_dir() else _document(name) if path.suffix == ".md" else _source(name)
        leads: list[str] = []
        for token, attribute, link in page.links():
            meant = target(name, link)
            if meant is None:
                continue
            if (ROOT / meant[0]).exists():
                leads.append(meant[0])
            token.attrSet(attribute, _relative(name, meant[0]) + (f"#{meant[1]}" if meant[1] else ""))
        body = page.html()
        place = self.folder / _address(name)
        place.parent.mkdir(parents=True, exist_ok=True)
        up = "../" * _address(name).count("/")
        contents = self._contents(name)
        place.write_text(FRAME.format(title=escape(page.title), up=up, contents=contents, body=body), "utf-8")
        return leads

    def _contents(self, here: str) -> str:
        lines: list[str] = []
        for heading, names in self._groups():
            rows = [
                f'<li><a href="{_relative(here, name)}"{" aria-current=page" if name == here else ""}>'
                f"{escape(_title(name))}</a></li>"
                for name in names
            ]
            lines.append(f"<h2>{escape(heading)}</h2>\n<ul>\n{chr(10).join(rows)}\n</ul>")
        return "\n".join(lines)

    def _groups(self) -> Iterator[tuple[str, list[str]]]:
        left = list(self.listed)
        for heading, beginnings in ORDER.items():
            names = [name for beginning in beginnings for name in left if name.startswith(beginning)]
            left = [name for name in left if name not in names]
            yield heading, names + (left if heading == list(ORDER)[-1] else [])

    def _index(self) -> Iterator[tuple[str, str, str, str]]:
        for name in self.names:
            page = read(name)
            for section in page.sections:
                yield f"{_address(name)}#{section.anchor}", page.title, section.title, section.text


def _listing(name: str) -> Page:
    """A folder as a list of what lies in it; of documents, where there are any."""
    inside = [path for path in sorted((ROOT / name).iterdir()) if path.suffix in {".md", *LANGUAGES}]
    documents_alone = [path for path in inside if path.suffix == ".md"]
    rows = [
        f"- [{_title(f'{name}/{path.name}')}]({posixpath.basename(name)}/{path.name})"
        for path in documents_alone or inside
    ]
    return Page(name, "\n".join([f"# {name}\n", *rows]))


def _title(name: str) -> str:
    last = posixpath.basename(name)
    return read(name).title if name.endswith(".md") else last.capitalize() if (ROOT / name).is_dir() else last


def _document(name: str) -> Page:
    """Read anew: its links are going to be others."""
    return Page(name, (ROOT / name).read_text("utf-8"))


def _source(name: str) -> Page:
    text = (ROOT / name).read_text("utf-8")
    return Page(name, f"# {name}\n\n~~~~~~~~{LANGUAGES[Path(name).suffix]}\n{text}\n~~~~~~~~\n")


def _address(name: str) -> str:
    """Where what has this path in the project lies in the website."""
    path = ROOT / name
    if name == "README.md":
        return "index.html"
    if path.is_dir():
        return f"{name}/index.html"
    if path.suffix == ".md":
        return f"{name.removesuffix('.md')}.html"
    return f"{name}.html" if path.suffix in LANGUAGES else name


def _relative(here: str, there: str) -> str:
    return posixpath.relpath(_address(there), posixpath.dirname(_address(here)) or ".")


class Links(HTMLParser):
    """What a page leads to, and the places in it that can be led to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.leads: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        for name, value in attrs:
            if (tag, name) in LEADS and value:
                self.leads.append(value)
            elif name == "id" and value:
                self.anchors.add(value)


def broken_in(folder: Path) -> list[str]:
    """The links of a website that lead nowhere in it: `page: link`."""
    pages = {path.relative_to(folder).as_posix(): Links(path.read_text("utf-8")) for path in folder.rglob("*.html")}
    found: list[str] = []
    for name, page in sorted(pages.items()):
        for link in page.leads:
            meant = target(name, link)
            if meant is None:
                continue
            there = pages.get(meant[0])
            if not (folder / meant[0]).is_file() or (meant[1] and there and meant[1] not in there.anchors):
                found.append(f"{name}: {link}")
    return found


def tell(wrong: list[str]) -> None:
    """Tell the person of links."""
    for line in wrong:
        sys.stderr.write(f"leads nowhere: {line}\n")


def main(arguments: list[str]) -> int:
    """Give the exit code."""
    if arguments == ["--check"]:
        wrong = [line for name in documents() for line in broken(read(name))]
        tell(wrong)
        return 1 if wrong else 0
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write(f"{__doc__}")
        return 2
    folder = Path(arguments[0])
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        sys.stderr.write(f"{folder} holds something else: name an empty folder\n")
        return 2
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MARK).touch()
    Website(folder).write()
    wrong = broken_in(folder)
    tell(wrong)
    sys.stdout.write(f"{folder / 'index.html'}: {sum(1 for _ in folder.rglob('*.html'))} pages\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
