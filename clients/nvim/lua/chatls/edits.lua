-- Edits of open documents come as `workspace/applyEdit`, and go through Neovim's own handler: undo works, the buffer is
-- not saved. What is checked before is whether the daemon has seen the text that it changes.

local documents = require("chatls.documents")
local reload = require("chatls.reload")

local M = {}

---@param reason string
local function refused(reason)
  return { applied = false, failureReason = reason }
end

---@param client vim.lsp.Client
---@param uri string
---@return integer? bufnr that the daemon knows from now on
local function opened(client, uri)
  local bufnr = vim.startswith(uri, "file:") and vim.uri_to_bufnr(uri)
  if bufnr and vim.fn.filereadable(vim.api.nvim_buf_get_name(bufnr)) == 1 then
    vim.bo[bufnr].buflisted = true
    if vim.api.nvim_buf_is_loaded(bufnr) then
      reload.read_anew(bufnr)
    end
    pcall(vim.fn.bufload, bufnr)
    if vim.api.nvim_buf_is_loaded(bufnr) and vim.lsp.buf_attach_client(bufnr, client.id) then
      return bufnr
    end
  end
end

---@param link chatls.Link
---@param client vim.lsp.Client
---@param document { uri: string, version?: integer }
---@return integer? bufnr
---@return string? reason why not
local function ready(link, client, document)
  -- One without a version was not open when the edit was made: a file of a renaming. It is opened, and stays unseen.
  local unknown = type(document.version) ~= "number"
  local bufnr = documents.buffer_of(client, document.uri) or (unknown and opened(client, document.uri))
  if not bufnr then
    return nil, "the document is not open any more"
  end
  documents.flush(client, bufnr)
  local version = document.version
  if type(version) == "number" and link.versions[document.uri] ~= version then
    return nil, "the document was changed meanwhile"
  end
  if not vim.bo[bufnr].modifiable then
    return nil, "the buffer is not modifiable"
  end
  return bufnr
end

---@param edit lsp.WorkspaceEdit
---@return { uri: string, version?: integer }[]
local function documents_of(edit)
  local found = {}
  for _, change in ipairs(edit.documentChanges or {}) do
    if change.kind ~= "rename" and change.kind ~= "delete" then
      table.insert(found, change.textDocument or { uri = "" })
    end
  end
  for uri in pairs(edit.changes or {}) do
    table.insert(found, { uri = uri })
  end
  return found
end

---The buffers whose files are to be moved or deleted; the daemon forgets them under the name that they have now.
---@param client vim.lsp.Client
---@param edit lsp.WorkspaceEdit
---@return integer[]? buffers
---@return string? reason why not
local function released(client, edit)
  local buffers = {}
  for _, change in ipairs(edit.documentChanges or {}) do
    local bufnr = change.kind and documents.buffer_of(client, change.oldUri or change.uri)
    if bufnr and vim.bo[bufnr].modified then
      return nil, "the buffer has changes that are not saved"
    elseif bufnr then
      table.insert(buffers, bufnr)
    end
  end
  for _, bufnr in ipairs(buffers) do
    vim.lsp.buf_detach_client(bufnr, client.id)
  end
  return buffers
end

---@param link chatls.Link
---@param params lsp.ApplyWorkspaceEditParams
---@return lsp.ApplyWorkspaceEditResult
function M.apply(link, err, params, ctx, conf)
  local client = assert(vim.lsp.get_client_by_id(ctx.client_id))
  local buffers = {}
  for _, document in ipairs(documents_of(params.edit)) do
    local bufnr, reason = ready(link, client, document)
    if not bufnr then
      return refused(assert(reason))
    end
    table.insert(buffers, bufnr)
  end
  for _, bufnr in ipairs(buffers) do
    -- Setting it ends the undo block: `u` takes back this edit, not what was typed or edited before as well.
    vim.bo[bufnr].undolevels = vim.bo[bufnr].undolevels
  end
  local moved, unsaved = released(client, params.edit)
  if not moved then
    return refused(assert(unsaved))
  end
  -- Without the label, which Neovim would print over what the person reads.
  local answer = vim.lsp.handlers["workspace/applyEdit"](err, { edit = params.edit }, ctx, conf)
  for _, bufnr in ipairs(buffers) do
    documents.flush(client, bufnr)
  end
  for _, bufnr in ipairs(moved) do
    if vim.api.nvim_buf_is_loaded(bufnr) then
      vim.lsp.buf_attach_client(bufnr, client.id)
    end
  end
  return answer.applied and { applied = true } or refused(tostring(answer.failureReason))
end

return M
