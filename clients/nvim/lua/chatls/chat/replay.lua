-- A session that is kept, as turns to be shown: what `chat/session/load` tells, turn by turn. Pure.

local content = require("chatls.chat.content")
local state = require("chatls.chat.state")

local M = {}

---@class chatls.ReplayedTurn
---@field id string
---@field text string What the person asked.
---@field attachments string[]
---@field view chatls.View

---@param turns chatls.ReplayedTurn[] Those until now; the event is put to them.
---@param event chatls.Event
function M.take(turns, event)
  if event.kind == "prompt" then
    local blocks = event.content or {}
    table.insert(turns, {
      id = event.turnId,
      text = content.words(blocks),
      attachments = content.names(blocks),
      view = state.new(),
    })
  elseif #turns > 0 then
    state.fold(turns[#turns].view, event)
  end
end

---@param view chatls.View
---@return table<string, integer>
local function runs(view)
  local found = {}
  for _, block in ipairs(view.blocks) do
    if block.type == "tool" then
      found[block.name] = (found[block.name] or 0) + 1
    end
  end
  return found
end

---The events are all there: say of each turn how it ended. One that runs has no end.
---@param turns chatls.ReplayedTurn[]
---@param entries chatls.TurnEntry[]
function M.close(turns, entries)
  local reasons = {}
  for _, entry in ipairs(entries) do
    reasons[entry.turnId] = entry.stopReason
  end
  for _, turn in ipairs(turns) do
    local view, reason = turn.view, reasons[turn.id]
    if type(reason) == "string" then
      local failed = { kind = "internal", message = "this turn ended with an error.", retryable = false }
      state.finish(view, {
        sessionId = view.sessionId,
        stopReason = reason,
        steps = view.steps,
        usage = view.usage,
        tools = runs(view),
        error = reason == "error" and failed or nil,
      })
    end
  end
end

return M
