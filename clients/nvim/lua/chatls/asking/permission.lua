-- Questions of permission: a window with all of what would be done, and the answers on single keys. Closing it answers
-- nothing; the question stays open, and `reopen` shows it again.

local cheatsheet = require("chatls.chat.cheatsheet")
local daemon = require("chatls.daemon")
local edited = require("chatls.asking.edited")
local format = require("chatls.chat.format")
local highlights = require("chatls.chat.highlights")
local keys = require("chatls.chat.keys")
local question_of = require("chatls.asking.question")

local api = vim.api

local M = {}

---@class chatls.Asked
---@field question chatls.Question
---@field answer chatls.Answer

---Those that wait, the oldest first.
---@type chatls.Asked[]
local asked = {}

---@type { asked: chatls.Asked, win: integer, buf: integer, since: integer }?
local float

---@type fun(): chatls.Pair?
local panel_windows
---@type fun(session_id: string)
local cancel_turn

local SETTLE_MS = 300 -- what was typed before the window could be seen is no answer

local function close()
  local open = float
  float = nil
  if open and api.nvim_win_is_valid(open.win) then
    api.nvim_win_close(open.win, true)
  end
end

---@param one chatls.Asked
local function forget(one)
  for at, other in ipairs(asked) do
    if other == one then
      table.remove(asked, at)
    end
  end
  edited.over(one)
  if float and float.asked == one then
    local focused = api.nvim_get_current_win() == float.win
    close()
    if asked[1] then
      M.show(asked[1], focused)
    end
  end
end

---@param one chatls.Asked
---@param option_id string
---@param feedback? string
---@param arguments? chatls.JsonObject
local function choose(one, option_id, feedback, arguments)
  local answer = one.answer
  forget(one)
  answer(option_id, feedback, arguments)
end

---@param one chatls.Asked
---@param entry chatls.Entry
local function take(one, entry)
  if entry.edits then
    close()
    return edited.open(one, function(arguments)
      choose(one, entry.option.id, nil, arguments)
    end, function()
      M.show(one, true)
    end)
  elseif not entry.words then
    return choose(one, entry.option.id)
  end
  vim.ui.input({ prompt = "No; instead: " }, function(words)
    if words and words ~= "" and vim.tbl_contains(asked, one) then
      choose(one, entry.option.id, words)
    end
  end)
end

---@param buf integer
---@param one chatls.Asked
local function map(buf, one)
  local function key(typed, fn, doc)
    vim.keymap.set("n", typed, function()
      if not (float and vim.uv.now() - float.since < SETTLE_MS) then
        fn()
      end
    end, { buffer = buf, nowait = true, desc = "chatls: " .. doc })
  end
  for _, entry in ipairs(question_of.answers(one.question)) do
    key(entry.key, function()
      take(one, entry)
    end, entry.label)
  end
  key(keys.shown("cancel") or "<C-c>", function()
    cancel_turn(one.question.sessionId)
  end, "cancel the turn")
  local help = keys.shown("help")
  if help then
    key(help, M.help, "show the keys")
  end
  key("q", close, "decide later")
  key("<Esc>", close, "decide later")
end

---@param drawing chatls.Drawing
---@param width integer
---@return integer
local function height_of(drawing, width)
  local rows = 0
  for _, line in ipairs(drawing.lines) do
    rows = rows + math.max(1, math.ceil(vim.fn.strdisplaywidth(line) / width))
  end
  return rows
end

---How it is answered from here.
---@param question chatls.Question
---@param focused boolean
---@param long boolean The answers are out of sight.
---@return string
local function footer(question, focused, long)
  if not focused then
    return " answer from here: :ChatPermission " .. question_of.choices(question) .. " "
  end
  return long and question_of.keys(question) or " q: decide later  :ChatPermission "
end

---@param question chatls.Question
---@param drawing chatls.Drawing
---@param focused boolean
---@param win? integer That shows it, as wide as it is to be: then it is known how high it has to be.
---@return vim.api.keyset.win_config
local function geometry(question, drawing, focused, win)
  local widest = 40
  for _, line in ipairs(drawing.lines) do
    widest = math.max(widest, vim.fn.strdisplaywidth(line) + 1)
  end
  local width = math.min(widest, 100, vim.o.columns - 6)
  local rows = win and api.nvim_win_text_height(win, {}).all or height_of(drawing, width)
  local height = math.min(rows, math.max(8, vim.o.lines - 8))
  local waiting = #asked > 1 and (" (%d wait)"):format(#asked) or ""
  local pair = panel_windows()
  local bottom = pair and api.nvim_win_get_position(pair.prompt)[1] or vim.o.lines - 3
  return {
    relative = "editor",
    width = width,
    height = height,
    row = math.max(0, bottom - height - 2),
    col = math.max(0, vim.o.columns - width - 3),
    border = "rounded",
    style = "minimal",
    title = { { (" %s%s "):format(format.cut(question.title:gsub("%c", " "), width - 14), waiting), "ChatlsWaiting" } },
    footer = { { format.cut(footer(question, focused, height < rows), width - 4), "ChatlsQuiet" } },
    footer_pos = "right",
  }
end

---The person looks at the chat, and does not type: keys may go to the question.
local function expected()
  local pair = panel_windows()
  local win = api.nvim_get_current_win()
  local here = pair and (win == pair.transcript or win == pair.prompt)
  return here and api.nvim_get_mode().mode == "n"
end

---@param one chatls.Asked
---@param focus boolean
function M.show(one, focus)
  close()
  local drawing = question_of.draw(one.question)
  local buf = highlights.show(drawing, "chatls-permission")
  local win = api.nvim_open_win(buf, focus, geometry(one.question, drawing, focus))
  vim.wo[win].wrap, vim.wo[win].linebreak, vim.wo[win].breakindent = true, true, true
  api.nvim_win_set_config(win, geometry(one.question, drawing, focus, win))
  vim.wo[win].winhighlight = "NormalFloat:Normal,FloatBorder:ChatlsWaiting"
  float = { asked = one, win = win, buf = buf, since = vim.uv.now() }
  map(buf, one)
end

---Put the window where it belongs.
function M.place()
  if float and api.nvim_win_is_valid(float.win) then
    local question = float.asked.question
    local focused, drawing = api.nvim_get_current_win() == float.win, question_of.draw(question)
    api.nvim_win_set_config(float.win, geometry(question, drawing, focused))
    api.nvim_win_set_config(float.win, geometry(question, drawing, focused, float.win))
  end
end

---Answer the question that is shown, from wherever one is. Nothing is answered that was not to be seen.
---@param typed string A key of its window.
---@return string? complaint
function M.answer(typed)
  if not asked[1] then
    return "no question waits for you"
  end
  if not (float and api.nvim_win_is_valid(float.win)) then
    M.show(asked[1], false)
    return "look at the question first; then answer again"
  end
  local one, chosen = float.asked, nil
  for _, entry in ipairs(question_of.answers(one.question)) do
    chosen = entry.key == typed and entry or chosen
  end
  if not chosen then
    return ("%q is no answer to this question: %s"):format(typed, question_of.choices(one.question))
  end
  if vim.uv.now() - float.since < SETTLE_MS then
    return "the question has only just appeared: look at it first"
  end
  take(one, chosen)
end

---The keys that answer the question that is shown, or would be.
---@return string[]
function M.keys()
  local one = float and float.asked or asked[1]
  return vim.tbl_map(function(entry)
    return entry.key
  end, one and question_of.answers(one.question) or {})
end

---What the keys of its window do.
function M.help()
  if float then
    cheatsheet.of_question(float.asked.question)
  end
end

---Show a question that waits, and go to it.
---@param call? string The id of the call that it is about; default: the oldest.
---@return boolean whether there is one
function M.reopen(call)
  for _, one in ipairs(asked) do
    if not call or one.question.toolCallId == call then
      M.show(one, true)
      vim.cmd.stopinsert()
      float.since = 0
      return true
    end
  end
  return false
end

---@param windows fun(): chatls.Pair?
---@param cancel fun(session_id: string)
function M.setup(windows, cancel)
  panel_windows, cancel_turn = windows, cancel
  api.nvim_create_autocmd({ "VimResized", "WinEnter", "WinResized" }, {
    group = api.nvim_create_augroup("chatls_permission", { clear = true }),
    callback = vim.schedule_wrap(M.place),
  })
  daemon.on_question(function(question, answer)
    local one = { question = question, answer = answer }
    table.insert(asked, one)
    if not (float and api.nvim_win_is_valid(float.win)) then
      M.show(one, expected())
    end
    return function()
      forget(one)
    end
  end)
end

return M
