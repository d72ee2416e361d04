-- The last chat in these folders, offered where the first chat of a Neovim opens: an empty transcript says which it is, and
-- one key goes on with it.

local config = require("chatls.config")
local daemon = require("chatls.daemon")
local entry_of = require("chatls.history.entry")
local keys = require("chatls.chat.keys")

local api = vim.api
local NAMESPACE = api.nvim_create_namespace("chatls.offer")

local M = {}

local asked = false

---@param buf integer
local function clear(buf)
  if api.nvim_buf_is_valid(buf) then
    api.nvim_buf_clear_namespace(buf, NAMESPACE, 0, -1)
  end
end

---@param chat chatls.Chat
local function draw(chat)
  local buf = chat.transcript.buf
  local entry = assert(chat.offered)
  local key, typing = keys.shown("act") or ":ChatHistory", keys.shown("send_insert")
  local also = typing and (", %s while you type"):format(typing) or ""
  local function line(text, group)
    return { { " " .. text, group } }
  end
  api.nvim_buf_set_extmark(buf, NAMESPACE, 0, 0, {
    virt_text = line("The last chat here:", "ChatlsQuiet"),
    virt_text_pos = "overlay",
    virt_lines = {
      line(entry.title:gsub("%c", " "), "ChatlsTool"),
      line(entry_of.facts(entry, os.time()), "ChatlsQuiet"),
      line("", "ChatlsQuiet"),
      line(("%s goes on with it%s"):format(key, also), "ChatlsQuiet"),
      line(":ChatHistory shows all", "ChatlsQuiet"),
    },
  })
  api.nvim_buf_attach(buf, false, {
    on_lines = function()
      vim.schedule(function()
        clear(buf)
      end)
      return true
    end,
  })
end

---Look for the last chat once, and offer it in a chat in which nothing was said yet.
---@param chat chatls.Chat
---@param go_on fun(session: string)
function M.make(chat, go_on)
  if asked or chat.number > 1 or not chat:is_fresh() or config.options.last_chat == "no" then
    return
  end
  asked = true
  daemon.session("list", { limit = 1 }, function(result)
    local entry = result and result.sessions[1]
    if not entry or not chat:is_fresh() or not api.nvim_buf_is_loaded(chat.transcript.buf) then
      return
    end
    if config.options.last_chat == "show" then
      return go_on(entry.sessionId)
    end
    chat.offered = entry
    draw(chat)
  end)
end

return M
