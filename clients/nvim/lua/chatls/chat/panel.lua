-- The chat as people use it: which chats there are, which one is shown, and what the keys do.

local actions = require("chatls.chat.actions")
local bars = require("chatls.chat.bars")
local conversation = require("chatls.chat.conversation")
local daemon = require("chatls.daemon")
local folds = require("chatls.chat.folds")
local highlights = require("chatls.chat.highlights")
local keys = require("chatls.chat.keys")
local markdown = require("chatls.chat.markdown")
local permission = require("chatls.chat.permission")
local prompt = require("chatls.chat.prompt")
local windows = require("chatls.chat.windows")

local api = vim.api

local M = {}

---@type chatls.Chat[]
local chats = {}
---@type chatls.Chat?
local shown
local begun = 0

local function say(text, level)
  vim.notify("chatls: " .. text, level)
end

---@param chat chatls.Chat
local function place_of(chat)
  for at, other in ipairs(chats) do
    if other == chat then
      return at
    end
  end
end

local function redraw()
  for _, pair in ipairs(windows.all()) do
    if shown then
      windows.bar(pair.transcript, bars.title(shown, place_of(shown), #chats))
      windows.bar(pair.prompt, bars.turn(shown, vim.uv.now()))
    end
  end
end

---@param by integer
local function step(by)
  local at = shown and place_of(shown)
  if at then
    M.show(chats[(at - 1 + by) % #chats + 1].number)
  end
end

---@param chat chatls.Chat
---@return table<string, fun()>
local function keyed(chat)
  return vim.tbl_extend("error", actions.of(chat, M.send), {
    close = M.close,
    write = M.write,
    yank_code = function()
      M.yank_code(vim.v.register)
    end,
    insert_code = M.insert_code,
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

---Somebody deleted a buffer of a chat: that ends the chat.
---@param chat chatls.Chat
local function ends_with(chat, buf)
  api.nvim_create_autocmd("BufUnload", {
    buffer = buf,
    once = true,
    callback = vim.schedule_wrap(function()
      local at = place_of(chat)
      if at then
        table.remove(chats, at)
        chat:cancel()
        shown = shown ~= chat and shown or chats[#chats]
        pcall(api.nvim_buf_delete, chat.transcript.buf, { force = true })
        pcall(api.nvim_buf_delete, chat.prompt, { force = true })
      end
    end),
  })
end

---@return chatls.Chat
local function create()
  begun = begun + 1
  local buf = api.nvim_create_buf(false, true)
  api.nvim_buf_set_name(buf, ("chatls://chat/%d"):format(begun))
  vim.bo[buf].filetype = "chatls"
  local chat = conversation.new(begun, buf, changed)
  chat.model = require("chatls.config").options.model
  chat.prompt = prompt.new(("chatls://prompt/%d"):format(begun), keyed(chat))
  keys.map(buf, "transcript", keyed(chat))
  markdown.start(buf)
  table.insert(chats, chat)
  ends_with(chat, buf)
  ends_with(chat, chat.prompt)
  return chat
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
    say("the turn is being cancelled; it can be sent when that has ended", vim.log.levels.WARN)
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

---Cancel the turn of the chat that is shown.
---@return boolean whether there is one
function M.cancel()
  return shown ~= nil and shown:cancel()
end

---Have the chat that is shown summarised for its model.
---@param instructions string
function M.compact(instructions)
  actions.compact(shown, instructions)
end

---Yank the code block under the transcript's cursor, else the last one above it.
---@param register? string
function M.yank_code(register)
  actions.yank(shown, register)
end

---Put that code block into the file that is looked at.
function M.insert_code()
  actions.insert(shown)
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

---@param chat chatls.Chat
local function title(chat)
  local first = chat.transcript.items[1]
  return ("%d  %s"):format(chat.number, first and first.lines[1] or "(new)")
end

---@return { id: integer, title: string, running: boolean }[]
function M.list()
  return vim.tbl_map(function(chat)
    return { id = chat.number, title = title(chat), running = chat.handle ~= nil }
  end, chats)
end

---@param id integer
function M.show(id)
  for _, chat in ipairs(chats) do
    if chat.number == id then
      shown = chat
      M.open({ focus = false })
    end
  end
end

highlights.setup()
permission.setup(windows.current, function(session)
  for _, chat in ipairs(chats) do
    if chat.session == session then
      chat:cancel()
    end
  end
end)
daemon.on_state(function(state)
  if state == "crashed" or state == "stopped" then
    for _, chat in ipairs(chats) do
      chat:forget()
    end
  end
end)

return M
