"""How `search` and `list_files` look: ripgrep, what it prints, and what was left out."""
