-- Which chats there are: made, found, and gone with their buffers. Knows no window; panel.lua shows them.

local conversation = require("chatls.chat.conversation")
local keys = require("chatls.chat.keys")
local markdown = require("chatls.chat.markdown")
local prompt = require("chatls.chat.prompt")

local api = vim.api

local M = {}

---In the order in which they were begun.
---@type chatls.Chat[]
M.all = {}

local begun = 0

---@param chat chatls.Chat
---@return integer?
function M.place_of(chat)
  for at, other in ipairs(M.all) do
    if other == chat then
      return at
    end
  end
end

---The chat that goes on with a session.
---@param session string
---@return chatls.Chat?
function M.of_session(session)
  for _, chat in ipairs(M.all) do
    if chat.session == session then
      return chat
    end
  end
end

---End a chat: its turn is cancelled, its buffers go. What is kept of it stays.
---@param chat chatls.Chat
---@param gone fun(chat: chatls.Chat)
function M.drop(chat, gone)
  local at = M.place_of(chat)
  if at then
    table.remove(M.all, at)
    chat:cancel()
    gone(chat)
    pcall(api.nvim_buf_delete, chat.transcript.buf, { force = true })
    pcall(api.nvim_buf_delete, chat.prompt, { force = true })
  end
end

---@param keyed fun(chat: chatls.Chat): table<string, fun()>
---@param changed fun(chat: chatls.Chat, ended?: boolean)
---@param gone fun(chat: chatls.Chat) Somebody deleted one of its buffers: that ends it.
---@return chatls.Chat
function M.create(keyed, changed, gone)
  begun = begun + 1
  local buf = require("chatls.chat.scratch")()
  api.nvim_buf_set_name(buf, ("chatls://chat/%d"):format(begun))
  vim.bo[buf].filetype = "chatls"
  local chat = conversation.new(begun, buf, changed)
  chat.model = require("chatls.config").options.model
  chat.prompt = prompt.new(("chatls://prompt/%d"):format(begun), keyed(chat))
  keys.map(buf, "transcript", keyed(chat))
  markdown.start(buf)
  table.insert(M.all, chat)
  for _, own in ipairs({ buf, chat.prompt }) do
    api.nvim_create_autocmd("BufUnload", {
      buffer = own,
      once = true,
      callback = vim.schedule_wrap(function()
        M.drop(chat, gone)
      end),
    })
  end
  return chat
end

---@param chat chatls.Chat
local function title(chat)
  local first = chat.transcript.items[1]
  return ("%d  %s"):format(chat.number, chat.title or first and first.lines[1] or "(new)")
end

---@return { id: integer, title: string, running: boolean }[]
function M.list()
  return vim.tbl_map(function(chat)
    return { id = chat.number, title = title(chat), running = chat.handle ~= nil }
  end, M.all)
end

return M
