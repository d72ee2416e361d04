-- A transcript in a buffer: draws views, and of a view that was drawn before only what changed. Knows nothing of windows'
-- layout, of keys or of the daemon.
--
-- A transcript is a list of items, each a run of lines: what a person asked, the blocks of the turn, how it ended.

local code = require("chatls.chat.code")
local folds = require("chatls.chat.folds")
local highlights = require("chatls.chat.highlights")
local lines_of = require("chatls.chat.lines")
local markdown = require("chatls.chat.markdown")
local rows = require("chatls.chat.rows")
local state = require("chatls.chat.state")

local api = vim.api
local NAMESPACE = highlights.namespace

---@class chatls.Transcript : chatls.Rows
---@field base integer Items before the blocks of the turn that runs.
local Transcript = setmetatable({}, { __index = rows.Rows })
Transcript.__index = Transcript

local M = {}

---@param buf integer An empty buffer, from now on the transcript's.
---@return chatls.Transcript
function M.new(buf)
  vim.bo[buf].undolevels = -1
  vim.bo[buf].modifiable = false
  return setmetatable({ buf = buf, items = {}, rows = 0, base = 0 }, Transcript)
end

---What is new of a text that grows: nothing before its first visible character, and no blanks at its end for now.
---@param item chatls.Item
---@return string
local function fresh(item)
  local pieces = item.block.text.pieces
  local text = item.held .. table.concat(pieces, "", item.drawn + 1)
  item.drawn = #pieces
  text = text:gsub("\r", "")
  local last = text:find("%S%s*$")
  item.held = last and text:sub(last + 1) or text
  text = last and text:sub(1, last) or ""
  if #item.lines == 0 then
    text = text:gsub("^%s*\n", "")
  end
  return text
end

---@param at integer
---@param over boolean The model has gone on to something else.
function Transcript:write(at, over)
  local item = self.items[at]
  local text = fresh(item)
  if text ~= "" then
    local lines = vim.split(text, "\n", { plain = true })
    if #item.lines == 0 then
      self:insert(at, lines)
    else
      self:extend(at, lines)
    end
  end
  code.draw(self.buf, item, over)
end

---@param at integer
---@param over boolean The model has gone on to something else.
function Transcript:think(at, over)
  local item = self.items[at]
  local text = fresh(item)
  local head = over and "∴ thought" or "∴ thinking…"
  local lines = #item.lines == 0 and { head } or vim.list_slice(item.lines)
  lines[1] = head
  if text ~= "" then
    local new = vim.split(text, "\n", { plain = true })
    if #lines > 1 then
      new[1] = table.remove(lines) .. new[1]
    end
    vim.list_extend(lines, new)
  end
  local marks = {}
  for row = 0, #lines - 1 do
    marks[row + 1] = { row = row, from = 0, group = "ChatlsThinking" }
  end
  self:show(at, { lines = lines, marks = marks, bar = true })
end

---@param at integer
---@param last boolean It is the last block, and the turn runs.
function Transcript:update(at, last)
  local item, block = self.items[at], self.items[at].block --[[@as chatls.Block]]
  local open = block.type == "tool" and state.OPEN[block.status]
  if item.rev == block.rev and not open and (item.kind == "block" or item.over == not last) then
    return
  end
  if item.status ~= block.status then
    item.status, item.since = block.status, vim.uv.now()
  end
  item.rev, item.over = block.rev, not last
  if item.kind == "text" then
    self:write(at, not last)
  elseif item.kind == "thinking" then
    self:think(at, not last)
  else
    self:show(at, lines_of.block(block, open and vim.uv.now() - item.since or nil, folds.width(self.buf)))
  end
end

local KINDS = { text = "text", thinking = "thinking" }

---@param view chatls.View
function Transcript:blocks(view)
  for index, block in ipairs(view.blocks) do
    local at = self.base + index
    if self.items[at] and self.items[at].block ~= block then
      self:cut(at)
    end
    if not self.items[at] then
      self:append(KINDS[block.type] or "block", block)
    end
    self:update(at, index == #view.blocks and view.status ~= "ended")
  end
  if self.items[self.base + #view.blocks + 1] then
    self:cut(self.base + #view.blocks + 1)
  end
end

---Changes the buffer, and keeps those cursors at its end that are there.
---@param change fun()
function Transcript:change(change)
  if not api.nvim_buf_is_loaded(self.buf) then
    return
  end
  local follow = folds.following(self.buf)
  vim.bo[self.buf].modifiable = true
  local ok, err = pcall(change)
  markdown.read_only_answers(self.buf, self.items)
  vim.bo[self.buf].modifiable = false
  vim.bo[self.buf].modified = false
  folds.follow(self.buf, follow)
  if not ok then
    error(err, 0)
  end
end

---Begins a turn: what the person said.
---@param text string
---@param attachments string[] Names of what goes along.
function Transcript:ask(text, attachments)
  self:change(function()
    local item = self:append("prompt")
    local drawing = lines_of.prompt(text, attachments)
    self:show(#self.items, drawing)
    for row = item.row, item.row + #drawing.lines - 1 do
      api.nvim_buf_set_extmark(self.buf, NAMESPACE, row, 0, {
        line_hl_group = "ChatlsPrompt",
        virt_text = { { "▌ ", "ChatlsPromptBar" } },
        virt_text_pos = "inline",
        right_gravity = false,
      })
    end
  end)
  self.base = #self.items
end

---Shows what a view shows by now.
---@param view chatls.View
function Transcript:draw(view)
  self:change(function()
    self:blocks(view)
  end)
end

---Shows how a turn ended. The view must have ended.
---@param view chatls.View
function Transcript:finish(view)
  self:draw(view)
  self:change(function()
    self:append("ending")
    self:show(#self.items, lines_of.ending(view))
  end)
  self.base = #self.items
end

---The item that a line belongs to.
---@param row integer
---@return chatls.Item?
function Transcript:item_at(row)
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
function Transcript:code_at(row)
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
function Transcript:turns()
  local found = {}
  for _, item in ipairs(self.items) do
    if item.kind == "prompt" then
      table.insert(found, item.row)
    end
  end
  return found
end

return M
