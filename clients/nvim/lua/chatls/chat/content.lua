-- What a person reads of content blocks: the words, and the names of what goes along. Pure.

local M = {}

---@param range? chatls.Range
local function lines(range)
  if not range then
    return ""
  end
  local first, last = range.start.line + 1, range["end"].line + (range["end"].character > 0 and 1 or 0)
  return first >= last and (" %d"):format(first) or (" %d-%d"):format(first, last)
end

---@param block chatls.ContentBlock
---@return string? What a person reads of it.
local function named(block)
  local function name(uri)
    return vim.startswith(uri, "file:") and vim.fn.fnamemodify(vim.uri_to_fname(uri), ":.") or uri
  end
  if block.type == "resource_link" or block.type == "resource" then
    return name(block.uri) .. lines(block.range)
  elseif block.type == "image" then
    return "a picture"
  elseif block.type == "mention" then
    local argument = block.argument or ""
    local place, part = argument:match("^(file:.-)#L([%d-]+)$")
    if vim.startswith(argument, "file:") then
      return name(place or argument) .. (part and " " .. part or "")
    end
    return vim.trim(block.name .. " " .. argument)
  end
  local active = block.type == "editor_context" and block.active
  if active and active.selection and not vim.deep_equal(active.selection.start, active.selection["end"]) then
    return name(active.uri) .. lines(active.selection)
  end
end

---What goes along: files, and what is selected.
---@param blocks chatls.ContentBlock[]
---@return string[]
function M.names(blocks)
  local found = {}
  for _, block in ipairs(blocks) do
    found[#found + 1] = named(block)
  end
  return found
end

---What the person wrote.
---@param blocks chatls.ContentBlock[]
---@return string
function M.words(blocks)
  local found = {}
  for _, block in ipairs(blocks) do
    found[#found + 1] = block.type == "text" and block.text or nil
  end
  return table.concat(found, "\n\n")
end

return M
