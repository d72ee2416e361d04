-- Byte columns of Neovim to UTF-16 columns of the wire: daemon and client agree on utf-16 (handlers.lua).

local M = {}

---@param line string
---@param byte integer Zero-based; what lies behind the end counts as the end.
---@return integer
local function utf16(line, byte)
  byte = math.max(0, math.min(byte, #line))
  if vim.fn.has("nvim-0.11") == 1 then
    return vim.str_utfindex(line, "utf-16", byte, false)
  end
  local _, column = vim.str_utfindex(line, byte)
  return column
end

---@param bufnr integer A loaded one.
---@param row integer Zero-based.
---@param byte integer Zero-based.
---@return chatls.Position
function M.position(bufnr, row, byte)
  local line = vim.api.nvim_buf_get_lines(bufnr, row, row + 1, false)[1] or ""
  return { line = row, character = utf16(line, byte) }
end

---A column of a line in the units of another encoding (LSP, `positionEncoding`).
---@param line string
---@param character integer Zero-based; what lies behind the end counts as the end.
---@param from string
---@param to string
---@return integer
function M.convert(line, character, from, to)
  if from == to then
    return character
  end
  local byte = character
  if from ~= "utf-8" then
    local reached, found
    if vim.fn.has("nvim-0.11") == 1 then
      reached, found = pcall(vim.str_byteindex, line, from, character, false)
    else
      reached, found = pcall(vim.str_byteindex, line, character, from == "utf-16")
    end
    byte = reached and found or #line
  end
  byte = math.max(0, math.min(byte, #line))
  if to == "utf-16" then
    return utf16(line, byte)
  end
  return to == "utf-8" and byte or vim.fn.strchars(line:sub(1, byte))
end

---Whole lines.
---@param bufnr integer
---@param first integer One-based.
---@param last integer One-based, included.
---@return chatls.Range
function M.lines(bufnr, first, last)
  local count = vim.api.nvim_buf_line_count(bufnr)
  local stop = last < count and { line = last, character = 0 } or M.position(bufnr, count - 1, math.huge)
  return { start = { line = first - 1, character = 0 }, ["end"] = stop }
end

return M
