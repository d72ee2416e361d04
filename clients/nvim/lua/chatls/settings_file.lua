-- The daemon's own settings file: where it lies, and whether it changed since it was read. Reads nothing of it.

local config = require("chatls.config")

local M = {}

---@return string? Where the daemon looks for it.
local function path()
  local env, home = config.options.env, vim.uv.os_homedir()
  local own = env.HOME or home
  if vim.fn.has("mac") == 1 then
    return own and own .. "/Library/Application Support/chatls/config.toml"
  end
  local folder = env.XDG_CONFIG_HOME or vim.env.XDG_CONFIG_HOME
  folder = folder ~= "" and folder or own and own .. "/.config"
  return folder and folder .. "/chatls/config.toml"
end

---@return string "" while there is none
local function signature()
  local file = path()
  local stat = file and vim.uv.fs_stat(file)
  return stat and ("%d.%d %d"):format(stat.mtime.sec, stat.mtime.nsec, stat.size) or ""
end

local known = ""

---The daemon reads it now.
function M.note()
  known = signature()
end

---@return boolean whether it changed since then; said once
function M.changed()
  local now = signature()
  local changed = now ~= known
  known = now
  return changed
end

return M
