-- What the lines above the chat's windows say: which chat this is, and how its turn stands. Pure.

local call_of = require("chatls.chat.call")
local keys = require("chatls.chat.keys")
local format = require("chatls.chat.format")

local M = {}

local ABOUT = 24 -- cells of what a call that waits is about
local LEAST = 12 -- cells of what the chat is called, however narrow the window

local LEVELS = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" }
local ALMOST = 0.85 -- of the window: it will be summarised soon

---How full the model's window is.
---@param full? { tokens: integer, window?: integer }
---@return [string, string]? nil: nobody knows
local function gauge(full)
  if not full then
    return nil
  elseif not full.window then
    return { ("  %s tokens"):format(format.grouped(full.tokens)), "ChatlsQuiet" }
  end
  local part = math.min(full.tokens / full.window, 1)
  local level = LEVELS[math.min(math.floor(part * #LEVELS) + 1, #LEVELS)]
  return { ("  %s %d%%"):format(level, part * 100), part > ALMOST and "ChatlsWaiting" or "ChatlsQuiet" }
end

---@param chat chatls.Chat
---@param at integer
---@param count integer
---@param width integer Of the window.
---@return [string, string][]
function M.title(chat, at, count, width)
  local parts = {}
  if count > 1 then
    table.insert(parts, { (" %d of %d"):format(at, count), "ChatlsQuiet" })
  end
  local model = chat.view and chat.view.model or chat.model
  if model then
    table.insert(parts, { "  " .. model, "ChatlsQuiet" })
  end
  table.insert(parts, gauge(chat.full))
  for _, part in ipairs(parts) do
    width = width - vim.fn.strdisplaywidth(part[1])
  end
  local title = format.cut_cells(chat.title or "Chat", math.max(width - 2, LEAST))
  table.insert(parts, 1, { " " .. title, "ChatlsTool" })
  return parts
end

---@param chat chatls.Chat
---@param now integer
local function running(chat, now)
  local seconds = (" %d s"):format((now - chat.began) / 1000)
  if chat.cancelling then
    return { { " ● cancelling…", "ChatlsWaiting" } }
  end
  local call = chat:call()
  if call and call.status == "awaiting_permission" then
    local about = call_of.argument(call):gsub("%c+", " ")
    about = about ~= "" and " " .. format.cut_front(about, ABOUT) or ""
    local key = keys.shown("send")
    return {
      { " ? " .. call.name .. about .. " waits", "ChatlsWaiting" },
      { key and ("  %s shows it"):format(key) or "  :ChatPermission", "ChatlsQuiet" },
    }
  end
  local word = chat.view.status == "waiting" and "waiting for the model" or call and call.name or "running"
  local parts = { { " ● " .. word, "ChatlsRunning" }, { seconds, "ChatlsQuiet" } }
  if #chat.steering > 0 then
    table.insert(parts, { ("  ▸ %d to be told"):format(#chat.steering), "ChatlsWaiting" })
  end
  local key = keys.shown("cancel")
  if key then
    table.insert(parts, { ("  %s cancels"):format(key), "ChatlsQuiet" })
  end
  return parts
end

---@param view chatls.View
local function ended(view)
  if view.stopReason == "error" then
    return { { " ✗ failed", "ChatlsFailed" } }
  elseif view.stopReason == "cancelled" then
    return { { " ■ cancelled", "ChatlsCancelled" } }
  end
  return {
    { " ✓ done", "ChatlsCompleted" },
    { view.durationMs and "  " .. format.duration(view.durationMs) or "", "ChatlsQuiet" },
  }
end

---@param chat chatls.Chat
---@param now integer
---@return [string, string][]
function M.turn(chat, now)
  local parts = chat.handle and running(chat, now) or chat.view and ended(chat.view) or { { " ", "ChatlsQuiet" } }
  local mode = chat.mode or "ask"
  table.insert(parts, { "  " .. mode, mode == "ask" and "ChatlsQuiet" or "ChatlsMode" })
  if chat.along then
    table.insert(parts, { ("  @ %s goes along"):format(chat.along.label), "ChatlsAttachment" })
  end
  return parts
end

return M
