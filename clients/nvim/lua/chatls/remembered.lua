-- What is allowed and forbidden without a question: a line each, in the words of `chatls permissions`.

local M = {}

local function told(value)
  return type(value) == "string" and value ~= "" and value or nil
end

---@param entry chatls.PermissionEntry
---@return string
function M.line(entry)
  local where = "by the settings"
  if entry.scope == "workspace" then
    where = "in " .. (told(entry.workspace) or "every folder")
  elseif entry.scope == "session" then
    where = "in a session"
  end
  local about = told(entry.command) or told(entry.path)
  local words = entry.tool .. (about and (' "%s"'):format(about) or "")
  if told(entry.covers) and entry.scope ~= "settings" then
    words = ("%s: %s"):format(entry.tool, entry.covers)
  end
  return (("%s  %s %s %s"):format(entry.id, entry.action, words, where):gsub("\n", "\\n"))
end

---Those of this folder first, the rules of the settings last.
---@param entries chatls.PermissionEntry[]
---@param folder string
---@return chatls.PermissionEntry[]
function M.in_order(entries, folder)
  local groups = { {}, {}, {} }
  for _, entry in ipairs(entries) do
    local here = not told(entry.workspace) or entry.workspace == folder
    table.insert(groups[entry.scope == "settings" and 3 or here and 1 or 2], entry)
  end
  return vim.list_extend(vim.list_extend(groups[1], groups[2]), groups[3])
end

---@param entries chatls.PermissionEntry[]
function M.show(entries)
  if #entries == 0 then
    return vim.notify("chatls: nothing is remembered, and the settings have no rules")
  end
  local folder = vim.uv.fs_realpath(vim.fn.getcwd()) or vim.fn.getcwd()
  local lines = vim.tbl_map(M.line, M.in_order(entries, folder))
  vim.cmd("botright new")
  local buffer = vim.api.nvim_get_current_buf()
  vim.bo[buffer].buftype, vim.bo[buffer].bufhidden, vim.bo[buffer].swapfile = "nofile", "wipe", false
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  vim.bo[buffer].modifiable = false
  vim.api.nvim_win_set_height(0, math.min(#lines, 12))
  vim.keymap.set("n", "q", "<Cmd>close<CR>", { buffer = buffer, desc = "Close what is remembered" })
end

return M
