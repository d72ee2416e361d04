-- Which picker shows the chats that are kept: one of a plugin's where it is there, else Neovim's own ways.

local config = require("chatls.config")

local M = {}

---What has to be there for each, and who shows it.
---@type { name: string, needs?: string, shows: string, of?: "list" }[] Those of a list do not ask for one themselves.
local PICKERS = {
  { name = "telescope", needs = "telescope", shows = "chatls.history.telescope", of = "list" },
  { name = "fzf-lua", needs = "fzf-lua", shows = "chatls.history.fzf", of = "list" },
  { name = "snacks", needs = "snacks", shows = "chatls.history.snacks" },
  { name = "select", shows = "chatls.history.select", of = "list" },
  { name = "own", shows = "chatls.history.own" },
}

---@param module string
---@return boolean
local function is_there(module)
  return package.loaded[module] ~= nil
    or #vim.api.nvim_get_runtime_file(("lua/%s/init.lua"):format(module), false) > 0
    or #vim.api.nvim_get_runtime_file(("lua/%s.lua"):format(module), false) > 0
end

---Whether somebody has put something better in the place of Neovim's own list.
---@return boolean
local function is_select_theirs()
  local source = debug.getinfo(vim.ui.select, "S").source
  return not source:find("vim/ui.lua", 1, true)
end

---@return { name: string, shows: string, of?: "list" }
local function chosen()
  local wanted = config.options.picker
  for _, picker in ipairs(PICKERS) do
    local fits = wanted == picker.name
    if wanted == "auto" then
      fits = picker.needs ~= nil and is_there(picker.needs)
        or picker.name == "select" and is_select_theirs()
        or picker.name == "own"
    end
    if fits then
      return picker
    end
  end
  return PICKERS[#PICKERS]
end

---A module of a plugin that is there; nothing else of ours names one, so none is needed.
---@param module string
function M.of(module)
  return require(module)
end

---@param picker { name: string, shows: string }
---@param wanted chatls.Wanted
---@param entries? chatls.SessionEntry[]
local function try(picker, wanted, entries)
  local ok, problem = pcall(require(picker.shows).show, wanted, entries)
  if ok then
    return
  elseif picker.name == "own" then
    error(problem, 0)
  end
  local text = "chatls: the picker %s failed, so this is chatls' own (option `picker`): %s"
  vim.notify(text:format(picker.name, problem), vim.log.levels.WARN)
  require("chatls.history.own").show(wanted)
end

---@param wanted chatls.Wanted
function M.show(wanted)
  local picker = chosen()
  if picker.of ~= "list" then
    return try(picker, wanted)
  end
  require("chatls.history").list(wanted, function(entries, err)
    if not entries then
      vim.notify("chatls: " .. assert(err).message, vim.log.levels.ERROR)
    elseif #entries == 0 then
      vim.notify("chatls: " .. require("chatls.history.entry").none(wanted))
    else
      try(picker, wanted, entries)
    end
  end)
end

return M
