-- The code blocks of an answer: where they are, in which language, and their edge. Reads lines; knows no window.

local highlights = require("chatls.chat.highlights")

local api = vim.api

local M = {}

---A fence that is open (CommonMark, "Fenced code blocks").
---@class chatls.Fence
---@field mark string "```", or longer, or of tildes
---@field indent string What stands before it.
---@field language string "" where it names none
---@field row integer Of its line, relative to the answer.

---@param line string
---@param row integer
---@return chatls.Fence?
local function opened(line, row)
  local indent, mark, info = line:match("^([ \t>*+%-%d.]*)(```+)([^`]*)$")
  if not mark then
    indent, mark, info = line:match("^([ \t>*+%-%d.]*)(~~~+)(.*)$")
  end
  -- What stands before a fence can only be a list's mark or a quote's, not text.
  if mark and (indent:match("^%s*$") or indent:match("^[%s>]*[*+%-]?%s*$") or indent:match("^%s*%d+%.%s+$")) then
    return { mark = mark, indent = (indent:gsub("[^ \t>]", " ")), language = info:match("^%s*(%S*)"), row = row }
  end
end

---@param line string
---@param fence chatls.Fence
---@return boolean
local function closes(line, fence)
  local mark = line:match("^[%s>]*(```+)%s*$") or line:match("^[%s>]*(~~~+)%s*$")
  return mark ~= nil and #mark >= #fence.mark and mark:sub(1, 1) == fence.mark:sub(1, 1)
end

---The fence that is open behind a line.
---@param line string
---@param row integer
---@param fence? chatls.Fence That was open before it.
---@return chatls.Fence? fence, "open"|"code"|"close"|nil what The line is, if it belongs to a block.
function M.read(line, row, fence)
  if not fence then
    fence = opened(line, row)
    return fence, fence and "open" or nil
  elseif closes(line, fence) then
    return nil, "close"
  end
  return fence, "code"
end

---@class chatls.CodeBlock
---@field first integer Of its code, relative to the answer.
---@field last integer Included; first - 1 if it has no line.
---@field language string
---@field lines string[] Without the indentation of the fence.

---@param lines string[]
---@return chatls.CodeBlock[]
function M.blocks(lines)
  local found, fence, block = {}, nil, nil
  for row, line in ipairs(lines) do
    local what
    local before = fence
    fence, what = M.read(line, row - 1, fence)
    if what == "open" then
      block = { first = row, last = row - 1, language = fence.language, lines = {} }
      table.insert(found, block)
    elseif what == "code" then
      local indent = before.indent
      local bare = vim.startswith(line, indent) and line:sub(#indent + 1) or (line:gsub("^[ \t]+", ""))
      block.last = row - 1
      table.insert(block.lines, bare)
    end
  end
  return found
end

-- From 0.11 on the highlighting takes the lines of the fences away, and what is drawn over them.
local HIDES_FENCES = vim.fn.has("nvim-0.11") == 1

---@param buf integer
---@param row integer
---@param marks table
local function mark(buf, row, marks)
  api.nvim_buf_set_extmark(buf, highlights.namespace, row, 0, marks)
end

local FOOT = "└─"

---@param language string
local function head(language)
  return "┌─ " .. (language ~= "" and language or "code") .. " "
end

---@param buf integer
---@param row integer
---@param text string
---@param above boolean It stands above the line, else below.
local function edge_line(buf, row, text, above)
  mark(buf, row, { virt_lines = { { { text, "ChatlsCodeEdge" } } }, virt_lines_above = above, right_gravity = false })
end

---Draws what belongs to one line.
---@param buf integer
---@param row integer In the buffer.
---@param first boolean It is the block's first line of code.
---@param fence chatls.Fence
---@param what "open"|"code"|"close"
local function draw(buf, row, first, fence, what)
  if what == "code" then
    if first and HIDES_FENCES then
      edge_line(buf, row, fence.indent .. head(fence.language), true)
    end
    local bar = { { "│ ", "ChatlsCodeEdge" } }
    mark(buf, row, { virt_text = bar, virt_text_pos = "inline", right_gravity = false })
  elseif not HIDES_FENCES then
    local text = fence.indent .. (what == "open" and head(fence.language) or FOOT)
    mark(buf, row, { virt_text = { { text, "ChatlsCodeEdge" } }, virt_text_pos = "overlay" })
  elseif what == "close" and not first then
    edge_line(buf, row - 1, fence.indent .. FOOT, false)
  end
end

---Draws the edges of an answer's lines that are new. A line counts when it is whole.
---@param buf integer
---@param item chatls.Item
---@param whole boolean So is the last one.
function M.draw(buf, item, whole)
  local from = item.read or 0
  if from >= #item.lines then
    return
  end
  api.nvim_buf_clear_namespace(buf, highlights.namespace, item.row + from, item.row + #item.lines)
  for at = from, #item.lines - 1 do
    local line, before = item.lines[at + 1], item.fence
    local fence, what = M.read(line, at, before)
    local settled = whole or at < #item.lines - 1
    if what and (settled or (what == "code" and not line:find("^[%s>]*[`~]+$"))) then
      draw(buf, item.row + at, at == (before or fence).row + 1, before or fence, what)
    end
    if settled then
      item.fence, item.read = fence, at + 1
    end
  end
end

return M
