-- Which program is the daemon. A workspace has no say in it: what lies inside a root is not found, and neither is what
-- PATH names relatively. Starts nothing.

local roots_of = require("chatls.roots")

local M = {}

---The roots without a home folder and what lies above it: what is found there is the person's own.
---@param roots string[]
---@return string[]
local function foreign(roots)
  local home = vim.uv.os_homedir() or "/"
  return vim.tbl_filter(function(root)
    return not roots_of.inside(home, { root })
  end, roots)
end

---Look for a program on PATH, but never inside a root.
---@param name string
---@param roots string[]
---@return string? path Absolute.
function M.on_path(name, roots)
  roots = foreign(roots)
  for folder in vim.gsplit(vim.env.PATH or "", ":", { plain = true }) do
    local path = folder .. "/" .. name
    -- Both places count: a link from outside into a root, and one from a root to outside.
    local ours = vim.startswith(folder, "/") and not roots_of.inside(folder, roots) and not roots_of.inside(path, roots)
    if ours and vim.fn.executable(path) == 1 then
      return path
    end
  end
end

---The repository's own virtual environment. It is trusted as much as this plugin, which lies in the same repository.
---@return string? path
function M.beside_plugin()
  local here = vim.uv.fs_realpath(debug.getinfo(1, "S").source:sub(2))
  local repository = here and vim.fn.fnamemodify(here, ":h:h:h:h:h")
  local path = repository and repository .. "/.venv/bin/chatls"
  return path and vim.fn.executable(path) == 1 and path or nil
end

---@param cmd string|string[]
---@param roots string[]
---@return string[]? command
---@return string? complaint
local function configured(cmd, roots)
  local command = type(cmd) == "string" and { cmd } or vim.deepcopy(cmd)
  local program = vim.fn.expand(command[1] or "")
  if program:find("/", 1, true) and not vim.startswith(program, "/") then
    return nil, ("the option `cmd` names %q: give a name on PATH, or an absolute path"):format(program)
  end
  local path = vim.startswith(program, "/") and program or M.on_path(program, roots)
  if not path or vim.fn.executable(path) == 0 then
    return nil, ("the option `cmd` names %q, which is no program here"):format(program)
  end
  command[1] = path
  return command
end

---@class chatls.Program
---@field command string[] The first is an absolute path.
---@field source string Where it was found, for people.

---@param cmd? string|string[] The option `cmd`.
---@param roots string[]
---@return chatls.Program? program
---@return string? complaint What to do about it, for people.
function M.find(cmd, roots)
  if cmd then
    local command, complaint = configured(cmd, roots)
    return command and { command = command, source = "the option `cmd`" }, complaint
  end
  local path = M.on_path("chatls", roots)
  if path then
    return { command = { path }, source = "PATH" }
  end
  path = M.beside_plugin()
  if path then
    return { command = { path }, source = "this plugin's repository" }
  end
  return nil,
    "the program `chatls` is not found: `make demo` in its repository makes one (.venv/bin/chatls); put it on PATH, "
      .. "or name it with the option `cmd`"
end

return M
