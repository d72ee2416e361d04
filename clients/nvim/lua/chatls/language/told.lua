-- What a language server answers, in the words of `chat/language`: its places in the units of the daemon, its edits.

local documents = require("chatls.documents")
local positions = require("chatls.positions")

local M = {}

local ENCODING = "utf-16" -- of the daemon (handlers.lua)
local MOST = 2000 -- that the daemon reads

---Gives the lines of documents, each of which is read once.
---@return fun(uri: string, row: integer): string
local function reader()
  local texts = {}
  return function(uri, row)
    if not texts[uri] then
      local bufnr = documents.loaded(uri)
      if bufnr then
        texts[uri] = vim.api.nvim_buf_get_lines(bufnr, 0, -1, false)
      else
        local read, lines = pcall(vim.fn.readfile, vim.startswith(uri, "file:") and vim.uri_to_fname(uri) or "")
        texts[uri] = read and lines or {}
      end
    end
    return texts[uri][row + 1] or ""
  end
end

---A range of a server's as the daemon counts.
---@param line_of fun(uri: string, row: integer): string
---@param uri string
---@param range lsp.Range
---@param encoding string
---@return chatls.Range
local function range_of(line_of, uri, range, encoding)
  if encoding == ENCODING then
    return range
  end
  local function place(position)
    local line = line_of(uri, position.line)
    return { line = position.line, character = positions.convert(line, position.character, encoding, ENCODING) }
  end
  return { start = place(range.start), ["end"] = place(range["end"]) }
end

---@class chatls.Answered
---@field client vim.lsp.Client
---@field result any

---@param answered chatls.Answered
---@return fun(uri: string, range: lsp.Range): chatls.Range
local function ranges(answered)
  local line_of, encoding = reader(), answered.client.offset_encoding
  return function(uri, range)
    return range_of(line_of, uri, range, encoding)
  end
end

---@param answered chatls.Answered
---@return chatls.LanguagePlace[]
local function locations(answered)
  local result, as_told, places = answered.result, ranges(answered), {}
  for _, one in ipairs(vim.islist(result) and result or { result }) do
    local uri, range = one.uri or one.targetUri, one.range or one.targetSelectionRange
    if #places < MOST then
      table.insert(places, { uri = uri, range = as_told(uri, range) })
    end
  end
  return places
end

---@param answered chatls.Answered
---@param uri? string of the document whose symbols these are
---@return chatls.LanguagePlace[]
local function symbols(answered, uri)
  local as_told, places = ranges(answered), {}
  local function add(list, level)
    for _, one in ipairs(list) do
      if #places < MOST then
        local here = one.location and one.location.uri or uri
        local whole = one.range or (one.location and one.location.range)
        local name_at = one.selectionRange or whole
        if whole then -- some tell it only when it is asked for
          table.insert(places, {
            uri = here,
            range = as_told(here, name_at),
            whole = as_told(here, whole),
            name = one.name,
            symbolKind = one.kind,
            container = one.containerName ~= "" and one.containerName or nil,
            level = level,
          })
        end
        add(one.children or {}, level + 1)
      end
    end
  end
  add(answered.result, 0)
  return places
end

---@param answered chatls.Answered of `callHierarchy/incomingCalls`
---@return chatls.LanguagePlace[]
local function calls(answered)
  local as_told, places = ranges(answered), {}
  for _, call in ipairs(answered.result) do
    for _, range in ipairs(call.fromRanges) do
      if #places < MOST then
        local from = call.from
        table.insert(
          places,
          { uri = from.uri, range = as_told(from.uri, range), name = from.name, symbolKind = from.kind }
        )
      end
    end
  end
  return places
end

---@param contents any of `textDocument/hover`
---@return string
local function words(contents)
  return vim.trim(table.concat(vim.lsp.util.convert_input_to_markdown_lines(contents), "\n"))
end

---@param answered chatls.Answered
---@param versions table<string, integer>
---@return chatls.DocumentEdits[]? edits nil where it is more than text
local function edits_of(answered, versions)
  local as_told, found = ranges(answered), {}
  local function add(uri, edits)
    local own = {}
    for _, edit in ipairs(edits) do
      table.insert(own, { range = as_told(uri, edit.range), newText = edit.newText })
    end
    table.insert(found, { uri = uri, version = versions[uri], edits = own })
  end
  local edit = answered.result
  for _, change in ipairs(edit.documentChanges or {}) do
    if change.kind then
      return nil
    end
    add(change.textDocument.uri, change.edits)
  end
  if not edit.documentChanges then
    for uri, edits in pairs(edit.changes or {}) do
      add(uri, edits)
    end
  end
  return found
end

---@param kind chatls.LanguageKind
---@param answers chatls.Answered[] One of each server that said something.
---@param versions table<string, integer> Of the documents that are open for the daemon, as the servers have them.
---@param uri? string Of the document that was asked about.
---@return chatls.LanguageAnswer
function M.answer(kind, answers, versions, uri)
  if kind == "hover" then
    local texts = {}
    for _, answered in ipairs(answers) do
      table.insert(texts, words(answered.result.contents))
    end
    return { text = #texts > 0 and table.concat(texts, "\n\n") or nil }
  end
  if kind == "rename" then
    local first = answers[1]
    if not first then
      return {}
    end
    local edits = edits_of(first, versions)
    return edits and { edits = edits } or { failureReason = "it would also move or make files: the user has to do it" }
  end
  local read, places = kind == "callers" and calls or kind:find("Symbols") and symbols or locations, {}
  for _, answered in ipairs(answers) do
    vim.list_extend(places, read(answered, uri))
  end
  return { places = places }
end

return M
