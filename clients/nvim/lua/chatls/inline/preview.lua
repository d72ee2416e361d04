-- A change that stands in a buffer and is not made yet: lines that would go are marked, those that would come are shown below
-- them, and each hunk is taken or left.

local highlights = require("chatls.chat.highlights")
local keys = require("chatls.chat.keys")

local api = vim.api
local NAMESPACE = api.nvim_create_namespace("chatls.inline")

local M = {}

---@class chatls.Placed
---@field hunk chatls.Hunk
---@field id integer The mark that holds its place.
---@field shown integer The one that shows its lines.
---@field above boolean It puts its lines before the first one.

---@class chatls.Preview
---@field buf integer
---@field placed chatls.Placed[] From top to bottom.
---@field count integer How many there were.
---@field taken integer
---@field release fun() Give the keys back.
---@field over fun()
local Preview = {}
Preview.__index = Preview

---@param text string
---@param width integer
---@param tabstop integer
---@return [string, string][]
local function added(text, width, tabstop)
  text = text:gsub("\t", (" "):rep(tabstop))
  return { { text .. (" "):rep(math.max(width - vim.fn.strdisplaywidth(text), 0)), "ChatlsInlineAdded" } }
end

---@return string
local function help()
  local parts = {}
  for _, it in ipairs({
    { "edit_take", "takes" },
    { "edit_leave", "leaves" },
    { "edit_take_all", "takes all" },
    { "edit_leave_all", "leaves all" },
  }) do
    local key = keys.shown(it[1])
    if key then
      table.insert(parts, key .. " " .. it[2])
    end
  end
  return table.concat(parts, ", ")
end

---@param at integer
---@param start integer The row where the lines begin.
function Preview:place(at, start, hunk)
  local window = vim.fn.win_findbuf(self.buf)[1]
  local width = window and api.nvim_win_get_width(window) or 80
  local above = #hunk.old == 0 and hunk.first == 0
  local row = start + hunk.first - (#hunk.old == 0 and not above and 1 or 0)
  local lines = vim.tbl_map(function(line)
    return added(line, width, vim.bo[self.buf].tabstop)
  end, hunk.new)
  local id = api.nvim_buf_set_extmark(self.buf, NAMESPACE, row, 0, {
    end_row = row + #hunk.old,
    hl_group = #hunk.old > 0 and "ChatlsInlineRemoved" or nil,
    hl_eol = true,
    virt_text = { { ("  %d of %d: %s"):format(at, self.count, help()), "ChatlsQuiet" } },
  })
  local last = row + math.max(#hunk.old - 1, 0)
  local shown = api.nvim_buf_set_extmark(self.buf, NAMESPACE, last, 0, { virt_lines = lines, virt_lines_above = above })
  if above and row == 0 then
    -- What is above the first line is out of sight, else.
    for _, win in ipairs(vim.fn.win_findbuf(self.buf)) do
      api.nvim_win_call(win, function()
        if vim.fn.line("w0") == 1 then
          vim.fn.winrestview({ topline = 1, topfill = #lines })
        end
      end)
    end
  end
  self.placed[at] = { hunk = hunk, id = id, shown = shown, above = above }
end

---Where a hunk is by now.
---@param placed chatls.Placed
---@return integer row where its lines begin, or are put
---@return integer stop behind its last line
function Preview:where(placed)
  local mark = api.nvim_buf_get_extmark_by_id(self.buf, NAMESPACE, placed.id, { details = true })
  local row, stop = mark[1], mark[3].end_row or mark[1]
  if #placed.hunk.old > 0 or placed.above then
    return row, #placed.hunk.old > 0 and stop or row
  end
  return row + 1, row + 1
end

---@param placed chatls.Placed
function Preview:forget(placed)
  for at, other in ipairs(self.placed) do
    if other == placed then
      table.remove(self.placed, at)
    end
  end
  for _, id in ipairs({ placed.id, placed.shown }) do
    api.nvim_buf_del_extmark(self.buf, NAMESPACE, id)
  end
  if #self.placed == 0 then
    self:close()
  end
end

---@param placed chatls.Placed
---@return boolean whether it was made
function Preview:take(placed)
  local row, stop = self:where(placed)
  local now = api.nvim_buf_get_lines(self.buf, row, stop, false)
  if not vim.bo[self.buf].modifiable or not vim.deep_equal(now, placed.hunk.old) then
    vim.notify("chatls: these lines were changed meanwhile; they are left", vim.log.levels.WARN)
    return false
  end
  api.nvim_buf_set_lines(self.buf, row, stop, false, placed.hunk.new)
  self.taken = self.taken + 1
  return true
end

---The hunk under the cursor, else the next one, else the last.
---@return chatls.Placed
function Preview:current()
  local line = api.nvim_win_get_cursor(0)[1] - 1
  for _, placed in ipairs(self.placed) do
    local _, stop = self:where(placed)
    if line < math.max(stop, 1) then
      return placed
    end
  end
  return self.placed[#self.placed]
end

---@param forward boolean
function Preview:jump(forward)
  local line, found = api.nvim_win_get_cursor(0)[1] - 1, nil
  for _, placed in ipairs(self.placed) do
    local row = math.min(self:where(placed), api.nvim_buf_line_count(self.buf) - 1)
    if forward and row > line then
      found = found or row
    elseif not forward and row < line then
      found = row
    end
  end
  if found then
    vim.cmd("normal! m'")
    api.nvim_win_set_cursor(0, { found + 1, 0 })
  end
end

function Preview:deeds()
  local function all(taking)
    return function()
      -- From the bottom: what is above stays where it is.
      for _, placed in ipairs(vim.iter(self.placed):rev():totable()) do
        if taking then
          self:take(placed)
        end
        self:forget(placed)
      end
    end
  end
  return {
    edit_take = function()
      local placed = self:current()
      self:take(placed)
      self:forget(placed)
    end,
    edit_leave = function()
      self:forget(self:current())
    end,
    edit_take_all = all(true),
    edit_leave_all = all(false),
    edit_next = function()
      self:jump(true)
    end,
    edit_previous = function()
      self:jump(false)
    end,
  }
end

---Take the keys of a buffer.
---@param buf integer
---@param deeds table<string, fun()> By the names of the keys.
---@return fun() release gives back what they did before
function M.grab(buf, deeds)
  local maps = {}
  api.nvim_buf_call(buf, function()
    for _, key in ipairs(keys.set("edit")) do
      for _, typed in ipairs(key.typed) do
        local before = vim.fn.maparg(typed, "n", false, true)
        table.insert(maps, { typed = typed, before = before.buffer == 1 and before or nil })
      end
    end
  end)
  keys.map(buf, "edit", deeds)
  return function()
    if not api.nvim_buf_is_loaded(buf) then
      return
    end
    api.nvim_buf_call(buf, function()
      for _, map in ipairs(maps) do
        pcall(vim.keymap.del, "n", map.typed, { buffer = buf })
        if map.before then
          vim.fn.mapset("n", false, map.before)
        end
      end
    end)
  end
end

---Nothing is previewed any more.
function Preview:close()
  if not self.over then
    return
  end
  local over = self.over
  self.over = nil
  if api.nvim_buf_is_loaded(self.buf) then
    api.nvim_buf_clear_namespace(self.buf, NAMESPACE, 0, -1)
    self.release()
  end
  over()
end

---@param buf integer
---@param start integer The row where the lines begin.
---@param hunks chatls.Hunk[] At least one.
---@param over fun() Every hunk was taken or left.
---@return chatls.Preview
function M.show(buf, start, hunks, over)
  highlights.define()
  local self = setmetatable({ buf = buf, placed = {}, count = #hunks, taken = 0, over = over }, Preview)
  for at, hunk in ipairs(hunks) do
    self:place(at, start, hunk)
  end
  self.release = M.grab(buf, self:deeds())
  return self
end

return M
