-- The chats that are kept, in two windows of our own: the list, and beside it what the chat under the cursor is about. It
-- follows what becomes of them meanwhile.

local daemon = require("chatls.daemon")
local entry_of = require("chatls.history.entry")
local format = require("chatls.chat.format")
local highlights = require("chatls.chat.highlights")
local history = require("chatls.history")

local api = vim.api
local NAMESPACE = api.nvim_create_namespace("chatls.history")
local COLOURS = "NormalFloat:Normal,FloatBorder:ChatlsBar"
local NARROW = 90 -- columns of a screen that has no room for a preview

local M = {}

---@class chatls.OwnPicker
---@field wanted chatls.Wanted
---@field entries chatls.SessionEntry[]
---@field buf integer
---@field win integer
---@field preview_buf integer
---@field preview_win? integer
---@field shown? string The chat that the preview shows, or will.
---@field forget fun()
local Picker = {}
Picker.__index = Picker

---@type chatls.OwnPicker?
local open

-- What the keys do, below the two windows.
local LEFT, RIGHT = " <CR> open  / search  a all folders  q close ", " r rename  f fork  x export  d delete "

---@param wanted chatls.Wanted
---@return string
local function title(wanted)
  local where = wanted.everywhere and "Chats of all folders" or "Chats"
  return wanted.query ~= "" and (" %s with %q "):format(where, wanted.query) or (" %s "):format(where)
end

---Where the two windows are.
---@param wanted chatls.Wanted
---@return vim.api.keyset.win_config list
---@return vim.api.keyset.win_config? preview
local function places(wanted)
  local columns, lines = vim.o.columns, vim.o.lines
  local width, height = math.max(math.min(columns - 4, 150), 20), math.max(math.min(lines - 6, 30), 3)
  local row, col = math.max(math.floor((lines - height) / 2) - 1, 0), math.max(math.floor((columns - width) / 2), 0)
  local common = { relative = "editor", height = height, row = row, border = "rounded", style = "minimal" }
  local narrow = columns < NARROW
  local left = narrow and width - 2 or math.floor(width * 0.45) - 2
  local list = vim.tbl_extend("force", common, {
    width = left,
    col = col,
    title = { { title(wanted), "ChatlsTool" } },
    footer = { { format.cut(narrow and LEFT .. RIGHT or LEFT, left - 2), "ChatlsQuiet" } },
  })
  if narrow then
    return list
  end
  return list,
    vim.tbl_extend("force", common, {
      width = width - left - 4,
      col = col + left + 2,
      focusable = false,
      footer = { { RIGHT, "ChatlsQuiet" } },
      footer_pos = "right",
    })
end

---@return chatls.SessionEntry?
function Picker:current()
  return self.entries[api.nvim_win_get_cursor(self.win)[1]]
end

---@param buf integer
---@param lines string[]
local function fill(buf, lines)
  vim.bo[buf].modifiable = true
  api.nvim_buf_set_lines(buf, 0, -1, false, lines)
  vim.bo[buf].modifiable = false
end

---Show what the chat under the cursor is about.
function Picker:look()
  local entry = self:current()
  local session = entry and entry.sessionId .. entry.updatedAt
  if session == self.shown or not self.preview_win then
    return
  end
  self.shown = session
  if not entry then
    return fill(self.preview_buf, {})
  end
  vim.defer_fn(function()
    if open ~= self or self.shown ~= session then
      return
    end
    history.preview(entry, function(lines)
      if open == self and self.shown == session and api.nvim_win_is_valid(self.preview_win) then
        fill(self.preview_buf, lines)
        api.nvim_win_set_cursor(self.preview_win, { 1, 0 })
      end
    end)
  end, 40)
end

---@param entries chatls.SessionEntry[]
function Picker:draw(entries)
  local now, width = os.time(), api.nvim_win_get_width(self.win)
  local before = self:current()
  local lines, at = {}, 1
  self.entries = entries
  api.nvim_buf_clear_namespace(self.buf, NAMESPACE, 0, -1)
  for place, entry in ipairs(entries) do
    local room = width - vim.fn.strdisplaywidth(entry_of.facts(entry, now)) - 4
    lines[place] = " " .. format.cut_cells(entry.title, math.max(room, 8))
    at = before and before.sessionId == entry.sessionId and place or at
  end
  fill(self.buf, #lines > 0 and lines or { " " .. entry_of.none(self.wanted) })
  for place, entry in ipairs(entries) do
    local about = entry_of.about(entry, self.wanted.everywhere)
    api.nvim_buf_set_extmark(self.buf, NAMESPACE, place - 1, 0, {
      virt_text = { { entry_of.facts(entry, now) .. " ", "ChatlsQuiet" } },
      virt_text_pos = "right_align",
      hl_mode = "combine",
      virt_lines = about ~= "" and { { { "   " .. format.cut_cells(about, width - 4), "ChatlsQuiet" } } } or nil,
    })
  end
  api.nvim_win_set_cursor(self.win, { math.min(at, math.max(#lines, 1)), 0 })
  self:look()
end

---Ask which chats there are, and show them.
function Picker:refresh()
  history.list(self.wanted, function(entries, err)
    if open ~= self or not api.nvim_win_is_valid(self.win) then
      return
    end
    if entries then
      return self:draw(entries)
    end
    self.entries = {}
    fill(self.buf, { " " .. assert(err).message:gsub("%c", " ") })
  end)
end

---@param wanted chatls.Wanted
function Picker:want(wanted)
  self.wanted = wanted
  self:place()
  self:refresh()
end

function Picker:place()
  if not api.nvim_win_is_valid(self.win) then
    return
  end
  local list, preview = places(self.wanted)
  api.nvim_win_set_config(self.win, list)
  if preview and self.preview_win and api.nvim_win_is_valid(self.preview_win) then
    api.nvim_win_set_config(self.preview_win, preview)
  end
end

function Picker:close()
  if open ~= self then
    return
  end
  open = nil
  self.forget()
  for _, win in ipairs({ self.win, self.preview_win }) do
    if win and api.nvim_win_is_valid(win) then
      api.nvim_win_close(win, true)
    end
  end
end

---@return table<string, fun()> By key.
function Picker:deeds()
  local function with(deed)
    return function()
      local entry = self:current()
      if entry then
        deed(entry)
      end
    end
  end
  local function leaving(deed)
    return with(function(entry)
      self:close()
      deed(entry)
    end)
  end
  local function again()
    if open == self then
      self:refresh()
    end
  end
  local function close()
    self:close()
  end
  return {
    ["<CR>"] = leaving(history.open),
    f = leaving(history.fork),
    x = leaving(history.export),
    r = with(function(entry)
      history.rename(entry, nil, again)
    end),
    d = with(function(entry)
      history.delete(entry, again)
    end),
    a = function()
      self:want({ query = self.wanted.query, everywhere = not self.wanted.everywhere })
    end,
    ["/"] = function()
      vim.ui.input({ prompt = "Chats with the words: ", default = self.wanted.query }, function(words)
        if words and open == self then
          self:want({ query = vim.trim(words), everywhere = self.wanted.everywhere })
        end
      end)
    end,
    q = close,
    ["<Esc>"] = close,
  }
end

---@param filetype string
---@return integer
local function scratch(filetype)
  local buf = require("chatls.chat.scratch")()
  vim.bo[buf].bufhidden, vim.bo[buf].undolevels = "wipe", -1
  vim.bo[buf].filetype = filetype
  if filetype == "markdown" then
    pcall(vim.treesitter.start, buf, "markdown")
  end
  vim.bo[buf].modifiable = false
  return buf
end

---@param self chatls.OwnPicker
local function watch(self)
  local group = api.nvim_create_augroup("chatls_history", { clear = true })
  api.nvim_create_autocmd("CursorMoved", {
    group = group,
    buffer = self.buf,
    callback = function()
      self:look()
    end,
  })
  api.nvim_create_autocmd("VimResized", {
    group = group,
    callback = function()
      self:place()
    end,
  })
  api.nvim_create_autocmd("WinClosed", {
    group = group,
    callback = vim.schedule_wrap(function(event)
      if tonumber(event.match) == self.win or tonumber(event.match) == self.preview_win then
        self:close()
      end
    end),
  })
end

---@param wanted chatls.Wanted
function M.show(wanted)
  if open then
    open:close()
  end
  local self = setmetatable({ wanted = wanted, entries = {}, buf = scratch("chatls-history") }, Picker)
  highlights.define()
  local list, preview = places(wanted)
  self.win = api.nvim_open_win(self.buf, true, list)
  vim.cmd.stopinsert()
  vim.wo[self.win].cursorline, vim.wo[self.win].wrap = true, false
  vim.wo[self.win].winhighlight = COLOURS
  if preview then
    self.preview_buf = scratch("markdown")
    self.preview_win = api.nvim_open_win(self.preview_buf, false, preview)
    vim.wo[self.preview_win].wrap, vim.wo[self.preview_win].linebreak = true, true
    vim.wo[self.preview_win].conceallevel, vim.wo[self.preview_win].winhighlight = 2, COLOURS
  end
  for key, deed in pairs(self:deeds()) do
    vim.keymap.set("n", key, deed, { buffer = self.buf, nowait = true, desc = "chatls: chats" })
  end
  self.forget = daemon.on_sessions(function()
    self:refresh()
  end)
  open = self
  watch(self)
  self:refresh()
end

return M
