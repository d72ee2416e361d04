-- Runs of lines in a buffer that nobody else changes: putting them in, changing only what differs, keeping folds and marks
-- where they belong. Knows nothing of chats.
--
-- Rows are zero-based, and simply counted.

local folds = require("chatls.chat.folds")
local highlights = require("chatls.chat.highlights")

local api = vim.api
local NAMESPACE = highlights.namespace

---@class chatls.Item
---@field kind "prompt"|"text"|"thinking"|"block"|"ending"|"earlier"
---@field turn? string Of a prompt: the name of its turn.
---@field row integer Of its first line.
---@field gap integer Empty lines before it, 0 or 1.
---@field lines string[]
---@field rev integer Of the block, when it was drawn.
---@field drawn integer Pieces of the text that were drawn.
---@field held string Blanks at the end that are not shown before something follows.
---@field since integer Milliseconds; since when its call has the status that it has.
---@field fence? chatls.Fence Of an answer: the code block that is open behind the lines that were read.
---@field read? integer Lines that were read for code blocks.
---@field block? chatls.Block
---@field status? string
---@field over? boolean The model has gone on to something else.

---@class chatls.Rows
---@field buf integer
---@field items chatls.Item[]
---@field rows integer Lines that are used.
local Rows = {}
Rows.__index = Rows

local M = { Rows = Rows }

---@param row integer
---@param count integer Lines that are replaced.
---@param lines string[]
function Rows:replace(row, count, lines)
  local all = self.rows == 0 or (row == 0 and count == self.rows)
  self.rows = self.rows + #lines - count
  api.nvim_buf_set_lines(self.buf, row, all and -1 or row + count, false, lines)
end

---@param at integer
---@param by integer
function Rows:shift(at, by)
  for later = at + 1, #self.items do
    self.items[later].row = self.items[later].row + by
  end
end

---@param kind string
---@param before? chatls.Item
local function gap_before(kind, before)
  if not before then
    return 0
  end
  return kind == "block" and before.kind == "block" and 0 or 1
end

---@param kind string
---@param block? chatls.Block
---@return chatls.Item
function Rows:append(kind, block)
  local item = { kind = kind, block = block, row = self.rows, gap = 0, lines = {}, rev = 0, drawn = 0, held = "" }
  item.since = vim.uv.now()
  table.insert(self.items, item)
  return item
end

---Takes out all items from this one on.
---@param at integer
function Rows:cut(at)
  local item = self.items[at]
  local row = item.row - item.gap
  for later = #self.items, at, -1 do
    self.items[later] = nil
  end
  if row < self.rows then
    api.nvim_buf_clear_namespace(self.buf, NAMESPACE, row, -1)
    self:replace(row, self.rows - row, {})
  end
end

---The last item before this one that shows anything.
function Rows:before(at)
  for earlier = at - 1, 1, -1 do
    if #self.items[earlier].lines > 0 then
      return self.items[earlier]
    end
  end
end

---Puts an item that showed nothing yet into the buffer.
---@param at integer
---@param lines string[]
function Rows:insert(at, lines)
  local item = self.items[at]
  item.gap = gap_before(item.kind, self:before(at))
  local row = item.row
  item.row, item.lines = row + item.gap, lines
  self:shift(at, item.gap + #lines)
  self:replace(row, 0, item.gap == 1 and vim.list_extend({ "" }, lines) or lines)
end

---Changes the lines of an item that is shown, so that a fold over them stays what it is: lines come and go inside of it,
---never at its edges, and no edge is replaced.
---@param at integer
---@param lines string[]
---@return integer first, integer last the rows, relative, that changed
function Rows:reshape(at, lines)
  local item = self.items[at]
  local old, more = item.lines, #lines - #item.lines
  local same = 0
  while same < math.min(#old, #lines) and old[same + 1] == lines[same + 1] do
    same = same + 1
  end
  item.lines = lines
  if same == #lines and more == 0 then
    return 0, -1
  end
  local place = math.max(math.min(same, #old - 1, #lines - 1), math.min(1, #old - 1))
  local left = vim.list_slice(old, place + 1)
  if more > 0 then
    self:shift(at, more)
    self:replace(item.row + place, 0, vim.list_slice(lines, place + 1, place + more))
  elseif more < 0 then
    self:shift(at, more)
    self:replace(item.row + place, -more, {})
    left = vim.list_slice(old, place - more + 1)
  end
  local start = place + math.max(more, 0)
  for offset, text in ipairs(left) do
    self:rewrite(item.row + start + offset - 1, text, lines[start + offset])
  end
  if old[1] ~= lines[1] and place > 0 then
    self:rewrite(item.row, old[1], lines[1])
  end
  return math.min(same, place), #lines - 1
end

---@param row integer
---@param old string
---@param new string
function Rows:rewrite(row, old, new)
  if old ~= new then
    api.nvim_buf_set_text(self.buf, row, 0, row, #old, { new })
  end
end

---@param item chatls.Item
---@param drawing chatls.Drawing
---@param first integer
---@param last integer
function Rows:mark(item, drawing, first, last)
  if last < first then
    return
  end
  api.nvim_buf_clear_namespace(self.buf, NAMESPACE, item.row + first, item.row + last + 1)
  for _, mark in ipairs(drawing.marks) do
    if mark.row >= first and mark.row <= last then
      api.nvim_buf_set_extmark(self.buf, NAMESPACE, item.row + mark.row, mark.from, {
        end_col = mark.to or #item.lines[mark.row + 1],
        hl_group = mark.group,
        priority = 200,
      })
    end
  end
  if drawing.bar then
    self:bars(item.row + math.max(first, 1), item.row + last)
  end
end

---A bar before lines that belong to the line above them.
function Rows:bars(first, last)
  for row = first, last do
    api.nvim_buf_set_extmark(self.buf, NAMESPACE, row, 0, {
      virt_text = { { "  │ ", "ChatlsBar" } },
      virt_text_pos = "inline",
      right_gravity = false,
    })
  end
end

---@param at integer
---@param drawing chatls.Drawing
function Rows:show(at, drawing)
  local item = self.items[at]
  local was = #item.lines
  if was == 0 then
    self:insert(at, drawing.lines)
    self:mark(item, drawing, 0, #drawing.lines - 1)
  elseif (was > 1) ~= (#drawing.lines > 1) then
    -- A fold begins or ends here: all lines go, and with them what there is of one.
    self:shift(at, #drawing.lines - was)
    item.lines = drawing.lines
    api.nvim_buf_clear_namespace(self.buf, NAMESPACE, item.row, item.row + was)
    self:replace(item.row, was, {})
    self:replace(item.row, 0, drawing.lines)
    self:mark(item, drawing, 0, #drawing.lines - 1)
  else
    self:mark(item, drawing, self:reshape(at, drawing.lines))
    if drawing.bar and #drawing.lines ~= was then
      folds.mend(self.buf, item)
    end
  end
  if was <= 1 and #drawing.lines > 1 and drawing.bar then
    folds.add(self.buf, item)
  end
end

---Adds to the last line of an item, and lines behind it.
---@param at integer
---@param lines string[]
function Rows:extend(at, lines)
  local item = self.items[at]
  local row, last = item.row + #item.lines - 1, item.lines[#item.lines]
  item.lines[#item.lines] = last .. lines[1]
  vim.list_extend(item.lines, lines, 2)
  self.rows = self.rows + #lines - 1
  self:shift(at, #lines - 1)
  api.nvim_buf_set_text(self.buf, row, #last, row, #last, lines)
end

return M
