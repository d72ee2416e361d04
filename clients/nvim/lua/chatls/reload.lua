-- Documents whose files were changed on the disk, read anew for the daemon's `chat/reload`; one that has changes of its
-- own is not touched.

local documents = require("chatls.documents")

local M = {}

---Do something while 'autoread' is set for a buffer: then Neovim asks nobody.
---@param bufnr integer
---@param work fun()
local function with_autoread(bufnr, work)
  local before = vim.bo[bufnr].autoread -- nil where only the global one counts
  vim.bo[bufnr].autoread = true
  local done, problem = pcall(work)
  if vim.api.nvim_buf_is_loaded(bufnr) then
    vim.api.nvim_buf_call(bufnr, function()
      vim.cmd("setlocal " .. (before == nil and "autoread<" or before and "autoread" or "noautoread"))
    end)
  end
  if not done then
    vim.notify("chatls: " .. tostring(problem), vim.log.levels.WARN)
  end
end

---@param bufnr integer
---@return boolean whether the buffer was read anew, or is what the disk holds
function M.read_anew(bufnr)
  if vim.bo[bufnr].modified or not documents.is_file(bufnr) then
    return false
  end
  with_autoread(bufnr, function()
    vim.cmd.checktime(tostring(bufnr)) -- keeps cursor, marks and undo
  end)
  return vim.api.nvim_buf_is_loaded(bufnr) and not vim.bo[bufnr].modified
end

---@param client vim.lsp.Client
---@param request chatls.ReloadRequest
---@return chatls.ReloadAnswer
function M.answer(client, request)
  local reloaded = {}
  for _, uri in ipairs(request.uris) do
    local bufnr = documents.buffer_of(client, uri)
    if bufnr then
      if M.read_anew(bufnr) then
        table.insert(reloaded, uri)
      end
      documents.flush(client, bufnr) -- also what was typed a moment ago: then it is not the disk that counts
    end
  end
  return { reloaded = reloaded }
end

return M
