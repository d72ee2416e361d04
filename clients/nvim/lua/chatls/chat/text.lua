-- Text that grows by many small pieces, and costs no more per piece when it is long. Knows nothing else.

local M = {}

---Text that grows: pieces, joined when somebody looks.
---@class chatls.Text
---@field pieces string[]

---All of a text. The pieces stay as they are.
---@param text chatls.Text|string
---@return string
function M.joined(text)
  return type(text) == "string" and text or table.concat(text.pieces)
end

---How many bytes a text has.
---@param text chatls.Text
---@return integer
function M.size(text)
  local bytes = 0
  for _, piece in ipairs(text.pieces) do
    bytes = bytes + #piece
  end
  return bytes
end

---The beginning of a text: whole pieces, of about so many bytes.
---@param text chatls.Text
---@param bytes integer
---@return string
function M.head(text, bytes)
  local size = 0
  for at, piece in ipairs(text.pieces) do
    size = size + #piece
    if size >= bytes then
      return table.concat(text.pieces, "", 1, at)
    end
  end
  return table.concat(text.pieces)
end

---The end of a text: whole pieces, of about so many bytes.
---@param text chatls.Text
---@param bytes integer
---@return string
function M.tail(text, bytes)
  local size = 0
  for at = #text.pieces, 1, -1 do
    size = size + #text.pieces[at]
    if size >= bytes then
      return table.concat(text.pieces, "", at)
    end
  end
  return table.concat(text.pieces)
end

---A text in two, behind so many code points, and how many there were.
---@param text string UTF-8.
---@param length integer
---@return string, string, integer
function M.split(text, length)
  local count = 0
  for at in text:gmatch("()[^\128-\191]") do -- every byte that begins a code point
    if count == length then
      return text:sub(1, at - 1), text:sub(at), count
    end
    count = count + 1
  end
  return text, "", count
end

---@param piece? string
---@return chatls.Text
function M.new(piece)
  return { pieces = piece and { piece } or {} }
end

---@param text chatls.Text
---@param piece string
function M.grow(text, piece)
  text.pieces[#text.pieces + 1] = piece
end

return M
