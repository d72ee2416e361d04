"""The tables of the store, and how an older store becomes one of today's (`user_version`).

A session is a line of turns that may share its beginning with others: turns stand in *strands*, and a session's lineage
says which strands it goes along, each from a depth to a depth. So a fork copies a few numbers, and a rewind cuts them.
"""

VERSION = 2
OPEN = 2**62
"""The end of a strand that grows."""
HIGH = 2**40
"""Numbers of what is begun in memory start here, so that what is on disk can be put beside it."""
ROWS = 2**20
"""Events, or messages, that one turn may have: `id` of a row is `turn * ROWS + its place`."""

TABLES = """
CREATE TABLE sessions (
  number INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  title TEXT NOT NULL,
  created INTEGER NOT NULL,        -- microseconds, UTC
  updated INTEGER NOT NULL,
  turns INTEGER NOT NULL,          -- also the depth of the last one
  revision INTEGER NOT NULL,       -- counts changes, so that a daemon sees those of others
  model TEXT NOT NULL DEFAULT '',
  chosen TEXT,                     -- the model that a person asked for, last
  mode TEXT NOT NULL DEFAULT 'ask',
  parent TEXT, parent_turn TEXT,
  branch INTEGER NOT NULL DEFAULT 0,
  system BLOB                      -- the folders and the system prompt that was made for them
);
CREATE INDEX sessions_by_time ON sessions (updated, number);
CREATE TABLE folders (session INTEGER NOT NULL, path BLOB NOT NULL, PRIMARY KEY (session, path)) WITHOUT ROWID;
CREATE TABLE lineage (
  session INTEGER NOT NULL, strand TEXT NOT NULL, start INTEGER NOT NULL, upto INTEGER NOT NULL,
  PRIMARY KEY (session, strand)
) WITHOUT ROWID;
CREATE INDEX lineage_by_strand ON lineage (strand, upto);
CREATE TABLE turns (
  number INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  strand TEXT NOT NULL, depth INTEGER NOT NULL,
  at INTEGER NOT NULL,
  prompt BLOB NOT NULL,
  stop TEXT,                       -- NULL: it runs, or chatls ended before it did
  usage TEXT,
  commands TEXT NOT NULL DEFAULT '[]',
  UNIQUE (strand, depth)
);
CREATE INDEX turns_by_name ON turns (name);
CREATE TABLE events (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE messages (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE changes (
  number INTEGER PRIMARY KEY,
  turn INTEGER NOT NULL, call TEXT NOT NULL, path BLOB NOT NULL,
  before TEXT NOT NULL, after TEXT NOT NULL,   -- a hash, 'absent' or 'unknown'
  UNIQUE (turn, call, path)
);
CREATE TABLE seen (
  turn INTEGER NOT NULL, path BLOB NOT NULL, mark TEXT, text TEXT, lines BLOB, PRIMARY KEY (turn, path)
) WITHOUT ROWID;
CREATE TABLE texts (hash TEXT PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE words (id INTEGER PRIMARY KEY, text TEXT NOT NULL);  -- 2 * turn, or 2 * session + 1
CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO facts VALUES ('written', 0), ('floor', 0);
"""
INDEX = """
CREATE VIRTUAL TABLE search USING fts5 (
  text, content = 'words', content_rowid = 'id', tokenize = "unicode61 remove_diacritics 0"
)
"""
COMPACTIONS = """
CREATE TABLE compactions (
  session INTEGER NOT NULL,
  depth INTEGER NOT NULL,          -- of the turn behind which a person asked for it
  number INTEGER NOT NULL,
  body BLOB NOT NULL,              -- what became of the history so far
  tokens INTEGER NOT NULL,         -- of it, behind that
  PRIMARY KEY (session, depth, number)
) WITHOUT ROWID
"""
STEPS: tuple[str, ...] = (TABLES, COMPACTIONS)
"""From one version to the next: the first from nothing to 1."""
