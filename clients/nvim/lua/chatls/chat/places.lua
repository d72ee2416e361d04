-- Where things are in a transcript: which item, code block or turn a line belongs to.

local code = require("chatls.chat.code")
local rows = require("chatls.chat.rows")

---@class chatls.Places : chatls.Rows
local Places = setmetatable({}, { __index = rows.Rows })
Places.__index = Places

---The name of the turn that a line belongs to.
---@param row integer
---@return string?
function Places:turn_at(row)
  local found
  for _, item in ipairs(self.items) do
    if item.row > row then
      break
    end
    found = item.turn or found
  end
  return found
end

---The item that a line belongs to.
---@param row integer
---@return chatls.Item?
function Places:item_at(row)
  local low, high = 1, #self.items
  while low <= high do
    local middle = math.floor((low + high) / 2)
    local item = self.items[middle]
    if row < item.row then
      high = middle - 1
    elseif row >= item.row + #item.lines then
      low = middle + 1
    else
      return item
    end
  end
end

---The code block that a line belongs to, else the last one above it.
---@param row integer
---@return chatls.CodeBlock?
function Places:code_at(row)
  for at = #self.items, 1, -1 do
    local item = self.items[at]
    if item.kind == "text" and item.row <= row then
      local found
      for _, block in ipairs(code.blocks(item.lines)) do
        found = item.row + block.first - 1 <= row and block or found
      end
      if found then
        return found
      end
    end
  end
end

---The rows of the prompts, in order.
---@return integer[]
function Places:turns()
  local found = {}
  for _, item in ipairs(self.items) do
    if item.kind == "prompt" then
      table.insert(found, item.row)
    end
  end
  return found
end

return { Places = Places }
