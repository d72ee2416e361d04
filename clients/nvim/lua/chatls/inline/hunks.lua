-- A change of some lines in hunks: what a reply wants in their place, and where it differs. Pure.

local code = require("chatls.chat.code")

local M = {}

---@class chatls.Hunk
---@field first integer Zero-based, of the lines: where it begins, or before which line it puts its own.
---@field old string[] That go.
---@field new string[] That come.

---@param line string
local function indent_of(line)
  return #line:match("^%s*")
end

---The least indent of lines that have any text.
---@param lines string[]
---@return integer
local function least_indent(lines)
  local least = math.huge
  for _, line in ipairs(lines) do
    least = line:find("%S") and math.min(least, indent_of(line)) or least
  end
  return least == math.huge and 0 or least
end

---Models like to begin at the margin: what all lines had in front of them is put there again.
---@param old string[]
---@param new string[]
---@return string[]
local function indented(old, new)
  local width = least_indent(old)
  if width == 0 or least_indent(new) > 0 then
    return new
  end
  local prefix = ""
  for _, line in ipairs(old) do
    if line:find("%S") and indent_of(line) == width then
      prefix = line:sub(1, width)
      break
    end
  end
  return vim.tbl_map(function(line)
    return line:find("%S") and prefix .. line or line
  end, new)
end

---The lines that a reply wants in the place of those that were sent: its longest code block, else all of it.
---@param reply string
---@param old string[]
---@return string[]
function M.wanted(reply, old)
  local lines = vim.split((reply:gsub("\r", "")), "\n", { plain = true })
  local found
  for _, block in ipairs(code.blocks(lines)) do
    if not found or #block.lines > #found then
      found = block.lines
    end
  end
  if not found then
    found = vim.split((reply:gsub("\r", ""):gsub("^%s*\n", ""):gsub("%s+$", "")), "\n", { plain = true })
  end
  return indented(old, found)
end

---Where lines differ, from top to bottom.
---@param old string[]
---@param new string[]
---@return chatls.Hunk[]
function M.between(old, new)
  local diff = vim.text and vim.text.diff or vim.diff -- 0.12 has moved it
  local function text(lines)
    return #lines > 0 and table.concat(lines, "\n") .. "\n" or ""
  end
  local found = {}
  for _, it in
    ipairs(diff(text(old), text(new), { result_type = "indices" }) --[[@as integer[][] ]])
  do
    local first, removed, from, added = unpack(it)
    table.insert(found, {
      first = removed > 0 and first - 1 or first,
      old = vim.list_slice(old, first, first + removed - 1),
      new = vim.list_slice(new, from, from + added - 1),
    })
  end
  return found
end

return M
