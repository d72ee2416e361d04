-- A transcript in a buffer: draws views, and of a view that was drawn before only what changed. Knows nothing of windows'
-- layout, of keys or of the daemon.
--
-- A transcript is a list of items, each a run of lines: what a person asked, the blocks of the turn, how it ended.

local code = require("chatls.chat.code")
local folds = require("chatls.chat.folds")
local highlights = require("chatls.chat.highlights")
local lines_of = require("chatls.chat.lines")
local markdown = require("chatls.chat.markdown")
local places = require("chatls.chat.places")
local state = require("chatls.chat.state")

local api = vim.api
local NAMESPACE = highlights.namespace

---@class chatls.Transcript : chatls.Places
---@field base integer Items before the blocks of the turn that runs.
local Transcript = setmetatable({}, { __index = places.Places })
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

---@param text string
---@param attachments string[] Names of what goes along.
---@param turn? string
function Transcript:put_prompt(text, attachments, turn)
  local item = self:append("prompt")
  item.turn = turn
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
  self.base = #self.items
end

---@param view chatls.View
function Transcript:put_ending(view)
  self:append("ending")
  self:show(#self.items, lines_of.ending(view))
  self.base = #self.items
end

---Begins a turn: what the person said.
---@param text string
---@param attachments string[] Names of what goes along.
function Transcript:ask(text, attachments)
  self:change(function()
    self:put_prompt(text, attachments)
  end)
  self.base = #self.items
end

---The turn that was begun has a name by now.
---@param turn string
function Transcript:named(turn)
  local item = self.items[self.base]
  if item and item.kind == "prompt" then
    item.turn = turn
  end
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
    self:put_ending(view)
  end)
  self.base = #self.items
end

---Shows turns that are over, at least one, and as many as the time allows.
---@param turns chatls.ReplayedTurn[]
---@param from integer
---@param ms integer
---@return integer from where to go on
function Transcript:replay(turns, from, ms)
  local stop = vim.uv.hrtime() + ms * 1e6
  self:change(function()
    repeat
      local turn = turns[from]
      self:put_prompt(turn.text, turn.attachments, turn.id)
      self:blocks(turn.view)
      if turn.view.stopReason then
        self:put_ending(turn.view)
      end
      self.base, from = #self.items, from + 1
    until from > #turns or vim.uv.hrtime() > stop
  end)
  return from
end

---Takes everything out.
---@param earlier boolean What comes has turns before it: a line says how to see them.
function Transcript:clear(earlier)
  self:change(function()
    if self.items[1] then
      self:cut(1)
    end
    if earlier then
      self:append("earlier")
      self:show(1, lines_of.earlier())
    end
  end)
  self.base = #self.items
end

---A line of ours behind all else.
---@param text string
function Transcript:remark(text)
  self:change(function()
    self:append("ending")
    self:show(#self.items, lines_of.remark(text))
  end)
  self.base = #self.items
end

---Takes out a turn, and all behind it.
---@param turn string
---@return boolean whether it was there
function Transcript:take_back(turn)
  for at, item in ipairs(self.items) do
    if item.turn == turn then
      self:change(function()
        self:cut(at)
      end)
      self.base = #self.items
      return true
    end
  end
  return false
end

return M
