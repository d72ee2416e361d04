"""The tools that models are offered: one file each, listed here by hand."""

from chatls.tools.definition import definition
from chatls.tools.diagnostics import diagnostics
from chatls.tools.edit_file import edit_file
from chatls.tools.edit_notebook import edit_notebook
from chatls.tools.list_files import list_files
from chatls.tools.moving import delete_file, move_file
from chatls.tools.read_file import read_file
from chatls.tools.references import references
from chatls.tools.rename_symbol import rename_symbol
from chatls.tools.run_command import run_command
from chatls.tools.search import search
from chatls.tools.skill import skill
from chatls.tools.symbols import symbols
from chatls.tools.tool import Tool
from chatls.tools.write_file import write_file

TOOLS: tuple[Tool, ...] = (
    read_file,
    search,
    list_files,
    diagnostics,
    definition,
    references,
    symbols,
    skill,
    edit_file,
    write_file,
    edit_notebook,
    move_file,
    delete_file,
    rename_symbol,
    run_command,
)
