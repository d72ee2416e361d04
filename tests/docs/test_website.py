"""The documents as a website: every link leads somewhere, in the documents and in what is written of them."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def website(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(folder / "docs/website.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with two documents, and the program that looks them over."""
    folder = tmp_path / "project"
    shutil.copytree(ROOT / "docs/generation", folder / "docs/generation")
    shutil.copy(ROOT / "docs/website.py", folder / "docs")
    (folder / "README.md").write_text("# Hello\n\n[guide](docs/guide.md#how-to-be-quick) [docs](docs) [me](#hello)\n")
    (folder / "docs/guide.md").write_text("# Guide\n\n## How to be *quick*?\n\n`--now`, [back](../README.md).\n")
    return folder


def test_every_link_of_the_documents_leads_somewhere() -> None:
    checked = website(ROOT, "--check")
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.parametrize(
    "link", ["nowhere.md", "#nowhere", "../README.md#nowhere", "guide.md#How-to-be-quick", "pictures/none.png"]
)
def test_a_link_that_leads_nowhere_is_named(project: Path, link: str) -> None:
    assert website(project, "--check").returncode == 0
    with (project / "docs/guide.md").open("a") as guide:
        guide.write(f"\n![see]({link}) and `[code](is/no/link.md)`\n")
    checked = website(project, "--check")
    assert (checked.returncode, checked.stderr) == (1, f"leads nowhere: docs/guide.md: {link}\n")
    assert website(project, str(project / "site")).returncode == 1, "nor does it in the website"


def test_the_website_has_every_document_and_finds_its_words(project: Path) -> None:
    place = project / "site"
    for _ in range(2):
        made = website(project, str(place))
        assert made.returncode == 0, made.stderr
    first = (place / "index.html").read_text("utf-8")
    assert 'href="docs/guide.html#how-to-be-quick"' in first
    assert 'href="../index.html"' in (place / "docs/guide.html").read_text("utf-8")
    assert 'href="guide.html"' in (place / "docs/index.html").read_text("utf-8")
    index = json.loads((place / "index.js").read_text("utf-8").removeprefix("found(").removesuffix(");\n"))
    assert ["docs/guide.html#how-to-be-quick", "Guide", "How to be quick?", "--now, back."] in index


def test_a_folder_that_holds_something_else_is_left_alone(project: Path) -> None:
    made = website(project, str(project / "docs"))
    assert made.returncode == 2
    assert (project / "docs/guide.md").exists()


def test_the_website_of_this_project_asks_nothing_of_other_hosts(tmp_path: Path) -> None:
    made = website(ROOT, str(tmp_path / "site"))
    assert made.returncode == 0, made.stderr
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) > 30
    for page in pages:
        text = page.read_text("utf-8")
        assert 'src="http' not in text
        assert text.count('rel="stylesheet" href="http') == 0
