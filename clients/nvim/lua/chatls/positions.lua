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
