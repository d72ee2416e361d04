-- Documents that the agent changed, written to the disk for the daemon's `chat/save`, as `:write` would.

local documents = require("chatls.documents")

local M = {}

---Whether somebody else wrote the file since it was read: then `:write` would ask, and nobody is there to answer.
---@param bufnr integer
---@return boolean
local function has_conflict(bufnr)
  local found = false
  local watch = vim.api.nvim_create_autocmd("FileChangedShell", {
    buffer = bufnr,
    desc = "chatls: a file that was written by somebody else is not saved over",
    callback = function()
      found = true
      vim.v.fcs_choice = ""
    end,
  })
  vim.cmd.checktime(tostring(bufnr))
  pcall(vim.api.nvim_del_autocmd, watch)
  return found
end

---@param bufnr integer
---@return boolean whether the disk holds what the buffer does
local function write(bufnr)
  if not vim.bo[bufnr].modified then
    return true
  end
  if not documents.is_file(bufnr) or vim.bo[bufnr].readonly or has_conflict(bufnr) then
    return false
  end
  local done, problem = pcall(vim.api.nvim_buf_call, bufnr, function()
    vim.cmd("silent write") -- with the person's own autocommands: what they format on saving is formatted
  end)
  if not done then
    vim.notify("chatls: not saved: " .. tostring(problem), vim.log.levels.WARN)
  end
  return done and vim.api.nvim_buf_is_loaded(bufnr) and not vim.bo[bufnr].modified
end

---@param client vim.lsp.Client
---@param request chatls.SaveRequest
---@return chatls.SaveAnswer
function M.answer(client, request)
  local saved = {}
  for _, uri in ipairs(request.uris) do
    local bufnr = documents.buffer_of(client, uri)
    if bufnr then
      if write(bufnr) then
        table.insert(saved, uri)
      end
      documents.flush(client, bufnr)
    end
  end
  return { saved = saved }
end

return M
