"""What people may mention in a prompt, and what stands for it there: listed here by hand."""

from chatls.tools.mentions.changes import diff
from chatls.tools.mentions.documents import buffers
from chatls.tools.mentions.places import file, folder, problems, selection
from chatls.tools.tool import Mentionable

MENTIONS: tuple[Mentionable, ...] = (
    Mentionable("file", "the text of a file", file, "path, or path#L10-20"),
    Mentionable("folder", "the names of the files in a folder", folder, "path"),
    Mentionable("selection", "what is selected in the editor", selection, "[path#L10-20]"),
    Mentionable("diagnostics", "the problems that the editor shows", problems, "[path]"),
    Mentionable("diff", "what has changed since the last commit", diff, "[staged, or a commit]"),
    Mentionable("buffers", "the documents that are open, and which are not saved", buffers),
)
