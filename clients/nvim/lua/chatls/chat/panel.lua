-- The chat as people use it: which chats there are, which one is shown, and what the keys do.

local actions = require("chatls.chat.actions")
local bars = require("chatls.chat.bars")
local chats = require("chatls.chat.chats")
local daemon = require("chatls.daemon")
local folds = require("chatls.chat.folds")
local highlights = require("chatls.chat.highlights")
local modes = require("chatls.chat.modes")
local offer = require("chatls.chat.offer")
local permission = require("chatls.asking.permission")
local prompt = require("chatls.chat.prompt")
local windows = require("chatls.chat.windows")

local api = vim.api

local M = {}

---@type chatls.Chat?
local shown

local function say(text, level)
  vim.notify("chatls: " .. text, level)
end

local function redraw()
  for _, pair in ipairs(windows.all()) do
    if shown then
      local width = api.nvim_win_get_width(pair.transcript)
      windows.bar(pair.transcript, bars.title(shown, chats.place_of(shown), #chats.all, width))
      windows.bar(pair.prompt, bars.turn(shown, vim.uv.now()))
    end
  end
end

---@param by integer
local function step(by)
  local at = shown and chats.place_of(shown)
  if at then
    M.show(chats.all[(at - 1 + by) % #chats.all + 1].number)
  end
end

---@param chat chatls.Chat
---@return table<string, fun()>
local function keyed(chat)
  return vim.tbl_extend("error", actions.of(chat, M.send, M.open_session), {
    close = M.close,
    write = M.write,
    mode = function()
      M.set_mode()
    end,
    next_chat = function()
      step(1)
    end,
    previous_chat = function()
      step(-1)
    end,
  })
end

---@param chat chatls.Chat
---@param ended? boolean
local function changed(chat, ended)
  redraw()
  if ended then
    actions.over(chat)
  end
end

---@param chat chatls.Chat
local function gone(chat)
  shown = shown ~= chat and shown or chats.all[#chats.all]
end

---@return chatls.Chat
local function create()
  return chats.create(keyed, changed, gone)
end

---@param chat chatls.Chat
local function present(chat)
  shown = chat
  for _, pair in ipairs(windows.all()) do
    if windows.put(pair, chat.transcript.buf, chat.prompt) then
      folds.restore(pair.transcript, chat.transcript.items)
      api.nvim_win_set_cursor(pair.transcript, { api.nvim_buf_line_count(chat.transcript.buf), 0 })
    end
  end
  redraw()
end

---The chat that is shown, or would be.
---@return chatls.Chat
local function current()
  shown = shown or create()
  return shown
end

---@class chatls.OpenOptions
---@field focus? boolean Go to the prompt; default true.
---@field blocks? chatls.ContentBlock[] What goes along with the next prompt.
---@field label? string That, in words.

---Show the chat in this tab page.
---@param opts? chatls.OpenOptions
function M.open(opts)
  opts = opts or {}
  local chat = current()
  local pair = windows.current()
  if not pair then
    pair = windows.open(chat.transcript.buf, chat.prompt)
    folds.restore(pair.transcript, chat.transcript.items)
    api.nvim_win_set_cursor(pair.transcript, { api.nvim_buf_line_count(chat.transcript.buf), 0 })
  end
  if opts.blocks then
    chat.along = { blocks = opts.blocks, label = opts.label or "what you selected" }
  end
  present(chat)
  offer.make(chat, M.open_session)
  if opts.focus ~= false then
    M.write()
  end
end

---Go to the prompt, and write.
function M.write()
  local pair = windows.current()
  if pair then
    api.nvim_set_current_win(pair.prompt)
    vim.cmd("startinsert!")
  end
end

function M.close()
  local pair = windows.current()
  if pair then
    vim.cmd.stopinsert()
    windows.close(pair)
  end
end

function M.toggle()
  if windows.current() then
    M.close()
  else
    M.open()
  end
end

---Begin a chat, and show it. The others go on.
---@return integer its number
function M.new_session()
  local model = shown and shown.model
  local chat = create()
  chat.model = model or chat.model
  shown = chat
  M.open()
  return chat.number
end

---Ask in the chat that is shown.
---@param text string
---@param blocks? chatls.ContentBlock[] What goes along; without it, what the editor shows.
---@return boolean whether it was sent; else it stands in the prompt
function M.send(text, blocks)
  local chat = current()
  if not windows.current() then
    M.open({ focus = false })
  end
  blocks = blocks or chat.along and chat.along.blocks
  if not chat:ask(text, blocks) and not chat:steer(text, blocks) then
    prompt.set(chat.prompt, text)
    local why = chat.loading and "the chat is still being read" or "the turn is being cancelled"
    say(why .. "; it can be sent when that has ended", vim.log.levels.WARN)
    return false
  end
  chat.along = nil
  local pair = windows.current()
  if pair then
    api.nvim_win_set_cursor(pair.transcript, { api.nvim_buf_line_count(chat.transcript.buf), 0 })
  end
  redraw()
  return true
end

---The chat that is shown, or was shown last.
---@return chatls.Chat?
function M.shown()
  return shown
end

---Go to a session: to its chat, or to one that is made of what is kept of it.
---@param session string
---@param all? boolean With all its turns, however many there are.
function M.open_session(session, all)
  local known = chats.of_session(session)
  local chat = known or shown and shown:is_fresh() and shown or create()
  shown = chat
  M.open({ focus = false })
  api.nvim_set_current_win(assert(windows.current()).transcript)
  vim.cmd.stopinsert()
  if not (chat.handle or chat.loading) and (not known or known.unread or all) then
    chat:load(session, all or false, function(err)
      if err then
        say(err.message, vim.log.levels.ERROR)
      end
    end)
  end
end

---A session is called otherwise.
---@param session string
---@param title string
function M.renamed(session, title)
  local chat = chats.of_session(session)
  if chat then
    chat.title = title
    redraw()
  end
end

---A session is no more: neither is its chat.
---@param session string
function M.drop_session(session)
  local chat = chats.of_session(session)
  if chat and chat == shown then
    local at = assert(chats.place_of(chat))
    present(chats.all[at - 1] or chats.all[at + 1] or create())
  end
  if chat then
    chats.drop(chat, gone)
  end
end

---Cancel the turn of the chat that is shown.
---@return boolean whether there is one
function M.cancel()
  return shown ~= nil and shown:cancel()
end

---@return string?
function M.get_model()
  return shown and (shown.model or shown.view and shown.view.model)
end

---For this chat, and for those that are begun from it.
---@param id string
function M.set_model(id)
  current().model = id
  redraw()
  say("the model is " .. id .. " now")
end

---How the chat that is shown works, from its next prompt on.
---@param mode? string Without it the next one.
---@return string? complaint
function M.set_mode(mode)
  local chat = current()
  local complaint = mode and modes.misfit(mode)
  if not complaint then
    chat.mode = mode or modes.after(chat.mode)
    redraw()
  end
  return complaint
end

M.list = chats.list

---@param id integer
function M.show(id)
  for _, chat in ipairs(chats.all) do
    if chat.number == id then
      shown = chat
      M.open({ focus = false })
    end
  end
end

highlights.setup()
permission.setup(windows.current, function(session)
  for _, chat in ipairs(chats.all) do
    if chat.session == session then
      chat:cancel()
    end
  end
end)
daemon.on_state(function(state)
  if state == "crashed" or state == "stopped" then
    for _, chat in ipairs(chats.all) do
      chat:forget()
    end
  end
end)

return M
