-- Document sync: every listed buffer of a file under the roots is open for the daemon, with what was typed and not saved.
-- Neovim's own client does the telling.

local roots = require("chatls.roots")

local M = {}

---@param bufnr integer
---@return boolean whether it shows a file, or one that is to be
function M.is_file(bufnr)
  if not vim.api.nvim_buf_is_valid(bufnr) or vim.bo[bufnr].buftype ~= "" then
    return false
  end
  local name = vim.api.nvim_buf_get_name(bufnr)
  return vim.startswith(name, "/") and vim.fn.isdirectory(name) == 0
end

---@param bufnr integer
---@param folders string[]
---@return boolean whether the daemon is told of it
function M.is_shared(bufnr, folders)
  return M.is_file(bufnr)
    and vim.api.nvim_buf_is_loaded(bufnr)
    and vim.bo[bufnr].buflisted
    and roots.inside(vim.api.nvim_buf_get_name(bufnr), folders)
end

---The buffer of a document that a client knows, by its very address.
---@param client vim.lsp.Client
---@param uri string
---@return integer?
function M.buffer_of(client, uri)
  for bufnr in pairs(client.attached_buffers) do
    if vim.api.nvim_buf_is_loaded(bufnr) and vim.uri_from_bufnr(bufnr) == uri then
      return bufnr
    end
  end
end

---The buffer of a document, whoever knows it.
---@param uri string
---@return integer?
function M.loaded(uri)
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(bufnr) and vim.uri_from_bufnr(bufnr) == uri then
      return bufnr
    end
  end
end

---@param client vim.lsp.Client
---@param bufnr integer
---@param folders string[]
local function sync(client, bufnr, folders)
  local attached = client.attached_buffers[bufnr] ~= nil
  local shared = M.is_shared(bufnr, folders)
  if shared and not attached then
    vim.lsp.buf_attach_client(bufnr, client.id)
  elseif attached and not shared and vim.api.nvim_buf_is_loaded(bufnr) then
    vim.lsp.buf_detach_client(bufnr, client.id)
  end
end

---Tell the daemon of all documents, from now on.
---@param client vim.lsp.Client
---@param folders string[]
function M.follow(client, folders)
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    sync(client, bufnr, folders)
  end
  vim.api.nvim_create_autocmd({ "BufReadPost", "BufNewFile", "BufFilePost", "BufWritePost", "BufEnter" }, {
    group = vim.api.nvim_create_augroup("chatls.documents", { clear = true }),
    desc = "chatls: open documents for the daemon",
    callback = function(event)
      if client:is_stopped() then
        return true
      end
      sync(client, event.buf, folders)
    end,
  })
end

---Send what was typed and waits for Neovim's debounce.
---@param client vim.lsp.Client
---@param bufnr integer
function M.flush(client, bufnr)
  -- The only way there is, and private: without it the daemon hears a little later.
  local found, tracking = pcall(require, "vim.lsp._changetracking")
  if found then
    pcall(tracking.flush, client, bufnr)
  end
end

return M
