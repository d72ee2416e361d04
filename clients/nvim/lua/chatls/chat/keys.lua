-- The keys of the chat's windows: what there is, what is set, and setting them. Knows nothing of what they do.

local config = require("chatls.config")

local M = {}

M.KEYS = config.KEYS

---@param key chatls.Key
---@return string[] none: it was switched off
local function set_to(key)
  local chosen = config.options.keys[key.name]
  if chosen == nil then
    chosen = key.default
  end
  if not chosen or chosen == "" then
    return {}
  end
  return type(chosen) == "table" and chosen or { chosen }
end

---The first key for something, as people read it.
---@param name string
---@return string?
function M.shown(name)
  for _, key in ipairs(M.KEYS) do
    if key.name == name then
      return set_to(key)[1]
    end
  end
end

---The keys that count in a window, and what each does.
---@param where "transcript"|"prompt"
---@return { typed: string[], doc: string }[]
function M.set(where)
  local found = {}
  for _, key in ipairs(M.KEYS) do
    local typed = vim.tbl_contains(key.where, where) and set_to(key) or {}
    if #typed > 0 then
      table.insert(found, { typed = typed, doc = key.doc })
    end
  end
  return found
end

---@param buf integer
---@param where "transcript"|"prompt"
---@param actions table<string, fun()> By the names of the keys.
function M.map(buf, where, actions)
  for _, key in ipairs(M.KEYS) do
    if vim.tbl_contains(key.where, where) and actions[key.name] then
      for _, typed in ipairs(set_to(key)) do
        vim.keymap.set(
          key.modes,
          typed,
          actions[key.name],
          { buffer = buf, desc = "chatls: " .. key.doc, nowait = true }
        )
      end
    end
  end
end

return M
