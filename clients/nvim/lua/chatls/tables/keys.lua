-- The keys of the chat's windows, as data. Each is an option, too: `keys.send`.

---@class chatls.Key
---@field name string
---@field where ("transcript"|"prompt"|"edit")[] `edit`: a file, while |:ChatEdit| previews a change in it.
---@field modes string[]
---@field default string|string[]
---@field doc string

---@type chatls.Key[]
return {
  {
    name = "send",
    where = { "prompt" },
    modes = { "n" },
    default = "<CR>",
    doc = "send what is written",
  },
  {
    name = "send_insert",
    where = { "prompt" },
    modes = { "i" },
    default = { "<C-s>", "<C-CR>" },
    doc = "send what is written",
  },
  {
    name = "cancel",
    where = { "transcript", "prompt" },
    modes = { "n", "i" },
    default = "<C-c>",
    doc = "cancel the turn that runs",
  },
  {
    name = "close",
    where = { "transcript", "prompt" },
    modes = { "n" },
    default = "q",
    doc = "hide the chat",
  },
  {
    name = "next_turn",
    where = { "transcript" },
    modes = { "n", "x" },
    default = "]]",
    doc = "to the next prompt",
  },
  {
    name = "previous_turn",
    where = { "transcript" },
    modes = { "n", "x" },
    default = "[[",
    doc = "to the prompt before",
  },
  {
    name = "next_chat",
    where = { "transcript", "prompt" },
    modes = { "n" },
    default = "]c",
    doc = "show the next chat",
  },
  {
    name = "previous_chat",
    where = { "transcript", "prompt" },
    modes = { "n" },
    default = "[c",
    doc = "show the chat before",
  },
  {
    name = "fold",
    where = { "transcript" },
    modes = { "n" },
    default = "<Tab>",
    doc = "open or close the fold under the cursor",
  },
  {
    name = "act",
    where = { "transcript" },
    modes = { "n" },
    default = "<CR>",
    doc = "on a call that waits: its question; on one about a file: go there",
  },
  {
    name = "yank_code",
    where = { "transcript" },
    modes = { "n" },
    default = "gy",
    doc = "yank the code block under the cursor, else the last one above",
  },
  {
    name = "insert_code",
    where = { "transcript" },
    modes = { "n" },
    default = "gp",
    doc = "put that code block below the cursor of your file",
  },
  {
    name = "write",
    where = { "transcript" },
    modes = { "n" },
    default = { "i", "a", "o" },
    doc = "go to the prompt, and write",
  },
  {
    name = "older",
    where = { "prompt" },
    modes = { "n", "i" },
    default = "<C-Up>",
    doc = "the prompt that was sent before this one",
  },
  {
    name = "newer",
    where = { "prompt" },
    modes = { "n", "i" },
    default = "<C-Down>",
    doc = "the prompt that was sent after this one",
  },
  {
    name = "mode",
    where = { "prompt" },
    modes = { "n", "i" },
    default = "<S-Tab>",
    doc = "the next mode: ask, plan, edits",
  },
  {
    name = "help",
    where = { "transcript", "prompt" },
    modes = { "n" },
    default = "?",
    doc = "show these keys",
  },
  {
    name = "edit_take",
    where = { "edit" },
    modes = { "n" },
    default = "do",
    doc = "take the hunk under the cursor, else the next one",
  },
  {
    name = "edit_leave",
    where = { "edit" },
    modes = { "n" },
    default = "dx",
    doc = "leave it as it is",
  },
  {
    name = "edit_take_all",
    where = { "edit" },
    modes = { "n" },
    default = "dO",
    doc = "take all hunks",
  },
  {
    name = "edit_leave_all",
    where = { "edit" },
    modes = { "n" },
    default = "dX",
    doc = "leave all hunks; while the model writes: cancel",
  },
  {
    name = "edit_next",
    where = { "edit" },
    modes = { "n" },
    default = "]c",
    doc = "to the next hunk",
  },
  {
    name = "edit_previous",
    where = { "edit" },
    modes = { "n" },
    default = "[c",
    doc = "to the hunk before",
  },
}
