-- The prompts that are on their way: who gets which event, and that each ends exactly once. Pure bookkeeping; daemon.lua
-- sends and receives.

local status = require("chatls.status")

local M = {}

---@class chatls.Error
---@field message string For people: what happened and what to do.
---@field code? integer Of JSON-RPC.
---@field kind? string docs/protocol.md, section 7.

---@class chatls.Handle
---@field token string
---@field session_id? string Known from the start if the prompt names it.
---@field turn_id? string
---@field request_id? integer Once it was sent.
---@field done boolean
---@field started integer Milliseconds of `vim.uv.now()`.
---@field package complained? boolean
---@field package on_event fun(value: chatls.Event)
---@field package on_done fun(result?: chatls.PromptResult, err?: chatls.Error)
---@field package send_cancel fun(handle: chatls.Handle)
local Handle = {}
Handle.__index = Handle

---Those that have not ended, by token.
---@type table<string, chatls.Handle>
M.open = {}

---Who else gets events, by token: of what is no turn.
---@type table<string, fun(value: chatls.Event)>
local listeners = {}

local count = 0

---@param params chatls.PromptParams
---@param on_event fun(value: chatls.Event)
---@param on_done fun(result?: chatls.PromptResult, err?: chatls.Error)
---@param send_cancel fun(handle: chatls.Handle) Called while the turn runs.
---@return chatls.Handle
function M.begin(params, on_event, on_done, send_cancel)
  count = count + 1
  local handle = setmetatable({
    token = "chatls-nvim-" .. count,
    session_id = params.sessionId or params.newSessionId,
    done = false,
    started = vim.uv.now(),
    on_event = on_event,
    on_done = on_done,
    send_cancel = send_cancel,
  }, Handle)
  M.open[handle.token] = handle
  status.changed()
  return handle
end

---Hear the events of what is no turn.
---@param on_event fun(value: chatls.Event)
---@return string token
---@return fun() forget
function M.listen(on_event)
  count = count + 1
  local token = "chatls-nvim-" .. count
  listeners[token] = on_event
  return token, function()
    listeners[token] = nil
  end
end

---Cancel the turn. It ends all the same: `on_done` comes, soon.
function Handle:cancel()
  if self.done then
    return
  end
  if self.request_id then
    self.send_cancel(self)
  else
    M.finish(self, nil, { message = "cancelled before it was sent", kind = "cancelled" })
  end
end

---What a caller's function throws must not cost the others their events. Told once for each turn: there may be thousands.
---@param handle { complained?: boolean }
local function guarded(handle, fn, ...)
  local ok, err = xpcall(fn, debug.traceback, ...)
  if not ok and not handle.complained then
    handle.complained = true
    vim.schedule(function()
      vim.notify("chatls: " .. tostring(err), vim.log.levels.ERROR)
    end)
  end
end

---@param token string|integer
---@param value chatls.Event
---@return boolean ours
function M.event(token, value)
  local handle, listener = M.open[token], listeners[token]
  if listener then
    guarded({}, listener, value)
    return true
  elseif not handle then
    -- A late one of ours is nobody's, and must not reach the default handler.
    return type(token) == "string" and vim.startswith(token, "chatls-nvim-")
  end
  if value.kind == "turnStart" then
    handle.session_id, handle.turn_id = value.sessionId, value.turnId
  end
  guarded(handle, handle.on_event, value)
  return true
end

---@param handle chatls.Handle
---@param result? chatls.PromptResult
---@param err? chatls.Error
function M.finish(handle, result, err)
  if handle.done then
    return
  end
  handle.done = true
  M.open[handle.token] = nil
  status.changed()
  if result then
    handle.session_id, handle.turn_id = result.sessionId or handle.session_id, result.turnId
  end
  guarded(handle, handle.on_done, result, err)
end

---@param err chatls.Error
function M.finish_all(err)
  for _, handle in ipairs(vim.tbl_values(M.open)) do
    M.finish(handle, nil, err)
  end
end

return M
