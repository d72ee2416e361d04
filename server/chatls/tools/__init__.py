"""The tools that models are offered: one file each, listed here by hand."""

from chatls.tools.list_files import list_files
from chatls.tools.read_file import read_file
from chatls.tools.search import search
from chatls.tools.tool import Tool

TOOLS: tuple[Tool, ...] = (read_file, search, list_files)
