"""How the terminal client draws: rows of text, Markdown, diffs, questions, and the screen that they go to."""
