-- The one table of options, and with it those of keys and commands (tables/): settings.lua checks `setup` by it, the commands
-- are made of them, and doc/chatls.txt is written from them. Knows nothing of the daemon or of any window.

local M = {}

M.KEYS = require("chatls.tables.keys")
M.COMMANDS = require("chatls.tables.commands")

---@class chatls.Option
---@field name string Dots lead into tables: `keys.cancel` is `setup({ keys = { cancel = ... } })`.
---@field default any nil: not set.
---@field type string[] What `type()` may say of a value. Options that are not set may always be left out.
---@field values? string[] The strings that there are.
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
    doc = 'The model that new chats ask: "provider/model". Not set: the daemon chooses, by '
      .. "`settings.model`, which may be a list to fall back on. |:ChatModel| changes it.",
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
    name = "last_chat",
    type = { "string" },
    default = "offer",
    values = { "offer", "show", "no" },
    doc = "What the first chat of a Neovim does with the last one that was had in these folders: offer it (`<CR>` goes on "
      .. "with it, whatever you write begins a new one), show it at once, or neither.",
  },
  {
    name = "picker",
    type = { "string" },
    default = "auto",
    values = { "auto", "telescope", "fzf-lua", "snacks", "select", "own" },
    doc = "What |:ChatHistory| shows chats in. `auto`: telescope, fzf-lua or snacks where one of them is there; else "
      .. "|vim.ui.select()| if a plugin has made it its own; else the window that comes along (`own`).",
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
