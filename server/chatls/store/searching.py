"""Words that are looked for in sessions: each as the beginning of a word or, where it is not ASCII, anywhere.

What is searched is a copy: case folded, in one form of Unicode (NFC), with a blank for all of ASCII that is no letter
or digit. SQLite folds ASCII alone, and some scripts have no blanks between words.
"""

import re
import unicodedata

from chatls.store.connection import Tables

MOST_WORDS = 16
_SEPARATORS = re.compile(r"[\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+")
_AROUND = 60
"""Characters of a snippet on each side of what was found."""
_LONGEST = 200_000
"""Characters of one turn that are searched."""


def folded(text: str) -> str:
    """The copy of a text that is searched.

    >>> folded("Straße: ÉCOLE_2")
    'strasse école 2'
    """
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text[:_LONGEST]).casefold())
    return _SEPARATORS.sub(" ", text).strip()


def words_of(query: str) -> list[str]:
    """What is looked for: each of these has to be there. One may be several words in a row."""
    return [word for part in query.split()[:MOST_WORDS] if (word := folded(part))]


class WordIndex:
    """The words of one store. Each method is part of somebody's transaction."""

    def __init__(self, connection: Tables, *, indexed: bool) -> None:
        self._connection = connection
        self._indexed = indexed

    def put(self, key: int, text: str) -> None:
        """What stands under a key from now on."""
        self.remove(key)
        if text := folded(text):
            row = key, f" {text}"
            self._connection.execute("INSERT INTO words VALUES (?, ?)", row)
            if self._indexed:
                self._connection.execute("INSERT INTO search (rowid, text) VALUES (?, ?)", row)

    def has(self, key: int) -> bool:
        """Whether something stands there."""
        return self._connection.execute("SELECT 1 FROM words WHERE id = ?", (key,)).fetchone() is not None

    def remove(self, key: int) -> None:
        """Nothing stands there any more."""
        row = self._connection.execute("SELECT text FROM words WHERE id = ?", (key,)).fetchone()
        if row is not None:
            if self._indexed:
                self._connection.execute(
                    "INSERT INTO search (search, rowid, text) VALUES ('delete', ?, ?)", (key, row[0])
                )
            self._connection.execute("DELETE FROM words WHERE id = ?", (key,))

    def merge(self) -> None:
        """Let the index forget what was removed from it."""
        if self._indexed:
            self._connection.execute("INSERT INTO search (search) VALUES ('optimize')")


def condition(word: str, *, indexed: bool) -> tuple[str, str]:
    """Which keys have a word: an SQL query for their ids, and its parameter."""
    if not word.isascii():
        return "SELECT id FROM words WHERE text LIKE ?", f"%{word}%"
    if indexed:
        return "SELECT rowid FROM search WHERE search MATCH ?", f'"{word}" *'
    return "SELECT id FROM words WHERE text LIKE ?", f"% {word}%"


def snippet(text: str, words: list[str]) -> str:
    """The words around the first of these in a text, on one line.

    >>> snippet("It was the best of times", ["best"])
    'It was the best of times'
    """
    parts = [re.escape(word).replace("\\ ", r"[\W_]+") for word in words]
    found = next(filter(None, (re.search(part, text, re.IGNORECASE) for part in parts)), None)
    at, end = found.span() if found else (0, 0)
    first, last = max(0, at - _AROUND), end + _AROUND
    first = text.find(" ", first, at) + 1 if first and text.find(" ", first, at) >= 0 else first
    piece = " ".join(text[first:last].split())
    return f"{'... ' if first else ''}{piece}{' ...' if last < len(text) else ''}"
