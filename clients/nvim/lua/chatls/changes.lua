-- What a turn changed, from the diffs in its events: for the quickfix list, and so that buffers show what was changed on
-- the disk.

local documents = require("chatls.documents")

local M = {}

---@class chatls.Changes
---@field package kinds table<string, string> Of the calls that may change something.
---@field package texts table<string, { old: string, new: string }> By URI: before the turn, and after it.
---@field package order string[]
local Changes = {}
Changes.__index = Changes

---Those of the last turn that changed something.
---@type chatls.Changes?
local last = nil

---@return chatls.Changes
function M.begin()
  return setmetatable({ kinds = {}, texts = {}, order = {} }, Changes)
end

---Buffers without changes of their own take what is on the disk now; the others keep what they have.
function M.check_disk()
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    local idle = documents.is_file(bufnr) and vim.api.nvim_buf_is_loaded(bufnr) and not vim.bo[bufnr].modified
    -- Without 'autoread' Neovim would ask, in the middle of whatever the person does.
    if idle and vim.o.autoread and vim.fn.mode() ~= "c" then
      pcall(vim.cmd.checktime, bufnr)
    end
  end
end

---@param diff chatls.Diff
function Changes:add(diff)
  local known = self.texts[diff.uri]
  if known then
    known.new = diff.newText
  else
    self.texts[diff.uri] = { old = diff.oldText, new = diff.newText }
    table.insert(self.order, diff.uri)
  end
end

---@param value chatls.Event
function Changes:event(value)
  if value.kind == "toolCallStart" and (value.toolKind == "edit" or value.toolKind == "execute") then
    self.kinds[value.toolCallId] = value.toolKind
  elseif value.kind == "toolRunEnd" and self.kinds[value.toolCallId] then
    self.kinds[value.toolCallId] = nil
    for _, part in ipairs(value.status == "completed" and value.content or {}) do
      if part.type == "diff" then
        self:add(part)
      end
    end
    vim.schedule(M.check_disk)
  end
end

---The turn is over.
function Changes:finish()
  if #self.order > 0 then
    last = self
  end
end

---@param uri string
---@param text { old: string, new: string }
---@return table[] entries For `setqflist`.
local function entries_of(uri, text)
  -- `vim.diff` has moved in 0.12.
  local diff = vim.text and vim.text.diff or vim.diff
  local lines = vim.split(text.new, "\n", { plain = true })
  return vim.tbl_map(function(hunk)
    local _, removed, first, added = unpack(hunk)
    local line = math.max(first, 1)
    return {
      filename = vim.uri_to_fname(uri),
      lnum = line,
      col = 1,
      text = ("+%d -%d  %s"):format(added, removed, vim.trim(lines[line] or "")),
    }
  end, diff(text.old, text.new, { result_type = "indices" }))
end

---What the last turn changed, in the order in which it began to.
---@return table[]
function M.entries()
  local entries = {}
  for _, uri in ipairs(last and last.order or {}) do
    vim.list_extend(entries, entries_of(uri, last.texts[uri]))
  end
  return entries
end

---Open the quickfix list of what the last turn changed. The lists before it are kept (|:colder|).
---@return boolean whether there is anything
function M.quickfix()
  local entries = M.entries()
  if #entries == 0 then
    vim.notify("chatls: no turn has changed anything that it could tell")
    return false
  end
  vim.fn.setqflist({}, " ", { title = "chatls: what the last turn changed", items = entries })
  vim.cmd("botright copen")
  return true
end

return M
