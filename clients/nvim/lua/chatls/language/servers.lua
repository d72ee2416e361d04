-- What the editor's language servers say of symbols, for the daemon's `chat/language`: all that are attached, but ours. A
-- file that is not open is loaded without being shown, and let go when nobody has asked for a while.

local documents = require("chatls.documents")
local positions = require("chatls.positions")
local reload = require("chatls.reload")
local told = require("chatls.language.told")

local M = {}

-- The daemon counts an answer after twenty seconds as none.
local ATTACHING_MS, ANSWERING_MS, HOLDING_MS = 6000, 10000, 30000
local ENCODING = "utf-16" -- of the daemon (handlers.lua)

local METHODS = {
  definition = "textDocument/definition",
  references = "textDocument/references",
  implementation = "textDocument/implementation",
  hover = "textDocument/hover",
  documentSymbols = "textDocument/documentSymbol",
  workspaceSymbols = "workspace/symbol",
  callers = "textDocument/prepareCallHierarchy",
  rename = "textDocument/rename",
}

---@type table<integer, boolean> Buffers that were loaded for a question alone.
local held = {}
---@type table<string, boolean> Filetypes for which no server came.
local unserved = {}
local asked = 0

---Do something with a client: 0.11 made these methods, and warns of a dot.
---@param client vim.lsp.Client
---@param what "request"|"supports_method"
local function call(client, what, ...)
  if vim.fn.has("nvim-0.11") == 1 then
    return client[what](client, ...)
  end
  return client[what](...)
end

---@param client vim.lsp.Client
---@param method string
---@param bufnr? integer
local function can(client, method, bufnr)
  return call(client, "supports_method", method, vim.fn.has("nvim-0.11") == 1 and bufnr or { bufnr = bufnr })
end

---Wait for a callback, and no longer than that. Call it in a coroutine.
---@param milliseconds integer
---@param begin fun(done: fun())
---@return boolean in_time
local function wait(milliseconds, begin)
  local co, over, in_time = coroutine.running(), false, true
  local waiting = false
  local function finish()
    if not over then
      over = true
      if waiting then
        assert(coroutine.resume(co))
      end
    end
  end
  begin(vim.schedule_wrap(finish))
  vim.defer_fn(function()
    in_time = over
    finish()
  end, milliseconds)
  if not over then
    waiting = true
    coroutine.yield()
  end
  return in_time
end

---@param bufnr? integer nil: of the whole editor
---@param method string
---@return vim.lsp.Client[]
local function servers(bufnr, method)
  return vim.tbl_filter(function(client)
    return client.name ~= "chatls" and can(client, method, bufnr)
  end, vim.lsp.get_clients({ bufnr = bufnr }))
end

---Wait until a server that can do it is attached to a buffer.
---@param bufnr integer
---@param method string
---@return vim.lsp.Client[]
local function attached(bufnr, method)
  local others = vim.tbl_filter(function(client)
    return client.name ~= "chatls"
  end, vim.lsp.get_clients({ bufnr = bufnr }))
  local filetype = vim.bo[bufnr].filetype
  if #others == 0 and not unserved[filetype] then
    local autocmd
    local came = wait(ATTACHING_MS, function(done)
      autocmd = vim.api.nvim_create_autocmd("LspAttach", {
        buffer = bufnr,
        desc = "chatls: a language server for a question of the daemon's",
        callback = function(event)
          local client = vim.lsp.get_client_by_id(event.data.client_id)
          if client and client.name ~= "chatls" then
            done()
          end
        end,
      })
    end)
    pcall(vim.api.nvim_del_autocmd, autocmd)
    unserved[filetype] = not came or nil
  end
  return vim.api.nvim_buf_is_loaded(bufnr) and servers(bufnr, method) or {}
end

---Let go of what was loaded for questions alone, when there was none for a while.
local function release()
  asked = asked + 1
  local now = asked
  vim.defer_fn(function()
    if now ~= asked then
      return
    end
    for bufnr in pairs(held) do
      local loaded = vim.api.nvim_buf_is_loaded(bufnr)
      if loaded and not vim.bo[bufnr].buflisted and not vim.bo[bufnr].modified and #vim.fn.win_findbuf(bufnr) == 0 then
        pcall(vim.api.nvim_buf_delete, bufnr, { unload = true })
      end
    end
    held = {}
  end, HOLDING_MS)
end

---The buffer of a document, which is loaded for it if need be.
---@param uri string
---@return integer? bufnr
---@return string? reason why there is none
local function buffer_of(uri)
  if not vim.startswith(uri, "file:") then
    return nil, "this is no file"
  end
  for bufnr in pairs(held) do
    if vim.api.nvim_buf_is_loaded(bufnr) then
      reload.read_anew(bufnr) -- the daemon's own edits, for one: it is not open for the daemon
    end
  end
  local bufnr = vim.uri_to_bufnr(uri)
  if not vim.api.nvim_buf_is_loaded(bufnr) then
    if vim.fn.filereadable(vim.api.nvim_buf_get_name(bufnr)) == 0 then
      return nil, "there is no such file"
    end
    held[bufnr] = true
    vim.bo[bufnr].swapfile = false -- else a swap file that somebody left would ask
    local loaded, problem = pcall(vim.fn.bufload, bufnr)
    if not loaded then
      return nil, tostring(problem)
    end
    if vim.bo[bufnr].filetype == "" then
      vim.bo[bufnr].filetype = vim.filetype.match({ buf = bufnr }) or ""
    end
  end
  return bufnr
end

---Ask some servers, and wait for all of them.
---@param clients vim.lsp.Client[]
---@param method string
---@param params fun(client: vim.lsp.Client): table
---@param bufnr integer
---@return chatls.Answered[] answers
---@return string? failure
local function ask(clients, method, params, bufnr)
  local answers, failure, open = {}, nil, #clients
  local in_time = wait(ANSWERING_MS, function(done)
    for place, client in ipairs(clients) do
      local sent = call(client, "request", method, params(client), function(err, result)
        open = open - 1
        if err then
          failure = failure or (client.name .. ": " .. tostring(err.message))
        elseif result ~= nil and result ~= vim.NIL then
          answers[place] = { client = client, result = result }
        end
        if open == 0 then
          done()
        end
      end, bufnr)
      open = sent and open or open - 1
    end
    if open == 0 then
      done()
    end
  end)
  if not in_time and not failure then
    failure = "the language server did not answer in time"
  end
  local found = {}
  for place = 1, #clients do
    table.insert(found, answers[place])
  end
  return found, failure
end

---@param request chatls.LanguageRequest
---@param bufnr integer
---@return fun(client: vim.lsp.Client): table
local function params_of(request, bufnr)
  return function(client)
    if request.kind == "workspaceSymbols" then
      return { query = request.symbol or "" }
    end
    local params = { textDocument = { uri = vim.uri_from_bufnr(bufnr) } }
    local position = request.position
    if position then
      local line = vim.api.nvim_buf_get_lines(bufnr, position.line, position.line + 1, false)[1] or ""
      local character = positions.convert(line, position.character, ENCODING, client.offset_encoding)
      params.position = { line = position.line, character = character }
    end
    if request.kind == "references" then
      params.context = { includeDeclaration = true }
    elseif request.kind == "rename" then
      params.newName = request.newName
    end
    return params
  end
end

---Who calls what was prepared.
---@param prepared chatls.Answered[]
---@param bufnr integer
---@return chatls.Answered[] calls
---@return string? failure
local function callers(prepared, bufnr)
  local found, failure = {}, nil
  for _, answered in ipairs(prepared) do
    for _, item in ipairs(vim.islist(answered.result) and answered.result or {}) do
      local calls, problem = ask({ answered.client }, "callHierarchy/incomingCalls", function()
        return { item = item }
      end, bufnr)
      failure = failure or problem
      vim.list_extend(found, calls)
    end
  end
  return found, failure
end

---Send to all that ask or answer what was typed and waits for Neovim's debounce.
---@param clients vim.lsp.Client[]
local function flush(clients)
  for _, client in ipairs(clients) do
    for bufnr in pairs(client.attached_buffers) do
      documents.flush(client, bufnr)
    end
  end
end

---Call it in a coroutine.
---@param link chatls.Link
---@param ours vim.lsp.Client
---@param request chatls.LanguageRequest
---@return chatls.LanguageAnswer
function M.answer(link, ours, request)
  local method = METHODS[request.kind]
  if not method then
    return { unserved = true }
  end
  release()
  local bufnr, clients = vim.api.nvim_get_current_buf(), servers(nil, method)
  if request.kind ~= "workspaceSymbols" then
    local found, reason = buffer_of(request.uri or "")
    if not found then
      return { failureReason = reason }
    end
    bufnr, clients = found, attached(found, method)
  end
  if #clients == 0 then
    return { unserved = true }
  end
  flush({ ours, unpack(clients) })
  local versions = vim.deepcopy(link.versions)
  local answers, failure = ask(clients, method, params_of(request, bufnr), bufnr)
  if request.kind == "callers" then
    local calls, problem = callers(answers, bufnr)
    answers, failure = calls, failure or problem
  end
  local understood, answer = pcall(told.answer, request.kind, answers, versions, request.uri)
  flush({ ours })
  if not understood then
    return { failureReason = "the language server's answer makes no sense: " .. tostring(answer) }
  end
  if failure and not answer.text and not answer.edits and #(answer.places or {}) == 0 then
    answer.failureReason = answer.failureReason or failure
  end
  return answer
end

return M
