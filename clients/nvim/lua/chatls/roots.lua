-- Which folders tools may see. Knows nothing of the daemon.

local config = require("chatls.config")

local M = {}

---The path with links resolved, also of a file that is not there yet.
---@param path string
---@return string
local function real(path)
  local found = vim.uv.fs_realpath(path)
  if found then
    return found
  end
  local folder = vim.uv.fs_realpath(vim.fs.dirname(path))
  return folder and folder .. "/" .. vim.fs.basename(path) or vim.fs.normalize(path)
end

---Whether a file lies in a folder, or is one, links resolved.
---@param path string Absolute.
---@param folders string[]
---@return boolean
function M.inside(path, folders)
  path = real(path)
  for _, folder in ipairs(folders) do
    folder = real(folder)
    if path == folder or vim.startswith(path, (folder:gsub("/$", "")) .. "/") then
      return true
    end
  end
  return false
end

---@param folder string
---@return string
local function project_of(folder)
  return vim.fs.root(folder, ".git") or folder
end

---The file that a person looks at last, kept by context.lua.
---@type integer?
M.last_file = nil

---@return string[]
local function guess()
  local cwd = vim.fn.getcwd()
  local home = vim.uv.os_homedir()
  local file = M.last_file and vim.api.nvim_buf_is_valid(M.last_file) and vim.api.nvim_buf_get_name(M.last_file) or ""
  -- Nobody means all of a home folder, or of the disk.
  if (cwd == home or cwd == "/") and file ~= "" then
    return { project_of(vim.fs.dirname(file)) }
  end
  return { project_of(cwd) }
end

---@return string[] folders Absolute, without a slash at the end.
function M.current()
  local given = config.options.roots
  if type(given) == "function" then
    local ok, folders = pcall(given)
    given = ok and type(folders) == "table" and folders or nil
  end
  local folders = given and #given > 0 and given or guess()
  return vim.tbl_map(function(folder)
    return (vim.fn.fnamemodify(vim.fn.expand(folder), ":p"):gsub("(.)/+$", "%1"))
  end, folders)
end

---@param folders string[]
---@return { uri: string, name: string }[]
function M.as_folders(folders)
  return vim.tbl_map(function(folder)
    return { uri = vim.uri_from_fname(folder), name = vim.fs.basename(folder) }
  end, folders)
end

return M
