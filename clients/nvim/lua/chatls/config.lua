-- The one table of options and the one of commands: settings.lua checks `setup` by them, the commands are made of them,
-- and doc/chatls.txt is written from them. Knows nothing of the daemon or of any window.

local M = {}

---@class chatls.Option
---@field name string Dots lead into tables: `keys.cancel` is `setup({ keys = { cancel = ... } })`.
---@field default any nil: not set.
---@field type string[] What `type()` may say of a value. Options that are not set may always be left out.
---@field values? string[] The strings that there are.
---@field doc string

---@class chatls.Command
---@field name string
---@field args? string As the help shows them: "[text]".
---@field nargs string As in `:command-nargs`.
---@field range? boolean
---@field doc string

---@type chatls.Option[]
M.OPTIONS = {
  {
    name = "cmd",
    type = { "table", "string" },
    doc = "The daemon: a program, or a list of a program and its arguments. The program is a name on PATH or an "
      .. "absolute path. Not set: `chatls` on PATH, else the one in the virtual environment (`.venv`) of the "
      .. "repository that this plugin lies in. Nothing inside a root is ever started because it is found there.",
  },
  {
    name = "env",
    type = { "table" },
    default = {},
    doc = 'Environment variables for the daemon, beside those of Neovim: `{ CHATLS_LOG = "INFO" }`.',
  },
  {
    name = "settings",
    type = { "table" },
    default = {},
    doc = "The daemon's settings (docs/configuration.md). They count before those of your settings file. Paths in "
      .. "them should be absolute.",
  },
  {
    name = "model",
    type = { "string" },
    doc = 'The model that new chats ask: "provider/model". Not set: the daemon chooses. |:ChatModel| changes it.',
  },
  {
    name = "roots",
    type = { "table", "function" },
    doc = "The folders that tools may see: a list, or a function that returns one. Not set: the folder with a `.git` "
      .. "at or above the current directory, else the current directory (in your home folder that of the file that "
      .. "you look at). It is looked at anew with each prompt.",
  },
  {
    name = "context",
    type = { "boolean" },
    default = true,
    doc = "Tell the model with a prompt which file you look at, and which others are open. Their text is not sent; "
      .. "the model reads it if it needs it. What you select is always sent.",
  },
  {
    name = "lsp_progress",
    type = { "boolean" },
    default = false,
    doc = "Show turns as LSP progress, too (|LspProgress|, and the plugins that draw it).",
  },
  {
    name = "layout",
    type = { "string" },
    default = "right",
    values = { "right", "left", "top", "bottom", "tab" },
    doc = "Where the chat opens.",
  },
  {
    name = "size",
    type = { "number" },
    default = 0.4,
    doc = "The width of the chat (its height for `top` and `bottom`): below 1 a share of the screen, else columns or "
      .. "lines.",
  },
  { name = "prompt_height", type = { "number" }, default = 6, doc = "The lines of the prompt area." },
}

---@class chatls.Key
---@field name string
---@field where ("transcript"|"prompt")[]
---@field modes string[]
---@field default string|string[]
---@field doc string

---The keys of the chat's windows. Each is an option, too: `keys.send`.
---@type chatls.Key[]
M.KEYS = {
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
    name = "help",
    where = { "transcript", "prompt" },
    modes = { "n" },
    default = "?",
    doc = "show these keys",
  },
}

for _, key in ipairs(M.KEYS) do
  table.insert(M.OPTIONS, {
    name = "keys." .. key.name,
    type = { "string", "table", "boolean" },
    default = key.default,
    doc = ("In the %s: %s. A key, a list of keys, or false for none."):format(
      table.concat(key.where, " and the "),
      key.doc
    ),
  })
end

---@type chatls.Command[]
M.COMMANDS = {
  {
    name = "Chat",
    args = "[text]",
    nargs = "*",
    range = true,
    doc = "Open the chat; with {text}, ask it. With a range (`:'<,'>Chat explain`) those lines go along, with their "
      .. "file; after a charwise selection exactly the characters.",
  },
  { name = "ChatNew", args = "[text]", nargs = "*", doc = "Begin a new chat; with {text}, ask it. Others go on." },
  { name = "ChatToggle", nargs = "0", doc = "Show or hide the chat. What runs goes on." },
  { name = "ChatCancel", nargs = "0", doc = "Cancel the turn that runs in the chat that is shown." },
  {
    name = "ChatCompact",
    args = "[what matters]",
    nargs = "*",
    doc = "Have the chat summarised, so that its model is sent less; with words, on what the summary must hold. What you "
      .. "see stays. It happens by itself when the model's window is almost full: the gauge beside its name.",
  },
  {
    name = "ChatModel",
    args = "[model]",
    nargs = "?",
    doc = "Choose the model for this chat and for new ones, from those that the daemon knows, or by its name.",
  },
  { name = "ChatList", nargs = "0", doc = "Choose which chat is shown." },
  {
    name = "ChatPermission",
    args = "[key]",
    nargs = "?",
    doc = "Show the question that waits for your answer again; with {key}, answer the one that is shown, from any "
      .. "window: `:ChatPermission y`.",
  },
  {
    name = "ChatPermissions",
    args = "[id]",
    nargs = "?",
    doc = "Show what is allowed and forbidden without a question, this folder's answers first; with {id}, take an "
      .. "answer back.",
  },
  {
    name = "ChatYank",
    args = "[x]",
    nargs = "?",
    doc = "Yank the code block under the transcript's cursor, else the last one above it, into register {x}.",
  },
  {
    name = "ChatInsert",
    nargs = "0",
    doc = "Put that code block below the cursor of the file that you look at; `u` takes it back.",
  },
  { name = "ChatChanges", nargs = "0", doc = "What the last turn changed, as a quickfix list." },
  { name = "ChatRestart", nargs = "0", doc = "End the daemon and start it anew. Chats begin anew, too." },
}

---@param option string
---@return string[]
local function path_of(option)
  return vim.split(option, ".", { plain = true })
end

---The default of every option, by name.
---@return table<string, any>
function M.defaults()
  local values = {}
  for _, option in ipairs(M.OPTIONS) do
    local into, path = values, path_of(option.name)
    for at = 1, #path - 1 do
      into[path[at]] = into[path[at]] or {}
      into = into[path[at]]
    end
    into[path[#path]] = vim.deepcopy(option.default)
  end
  return values
end

---What counts by now. Read it, do not keep it.
---@type table<string, any>
M.options = M.defaults()

return M
