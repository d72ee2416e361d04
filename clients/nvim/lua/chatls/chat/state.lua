-- What a turn looks like: a pure fold of its events into plain tables. Knows neither the editor nor how it is drawn.
--
-- `fold(view, event)` takes one event, `finish(view, result)` the answer of `chat/prompt`, `fail(view, error)` what comes
-- instead of one. The rules stand in clients/python/chatls_client/view.py; tests/transcripts holds both to them.
--
-- Unlike there the view is changed in place, and text that grows is kept in pieces (`Text`), so that a turn of many
-- thousand chunks costs no more per chunk than a short one. Every change counts up the `rev` of its block.

local text = require("chatls.chat.text")
local told = require("chatls.chat.told")

local M = {}

---@class chatls.Block
---@field type "text"|"thinking"|"tool"|"notice"|"retry"|"steered"|"compaction"
---@field step integer In which it began, from 1.
---@field rev integer Counts the changes.
---@field text? chatls.Text|string A `Text` in blocks of type text and thinking.
---@field id? string
---@field name? string
---@field kind? chatls.ToolKind
---@field status? "streaming"|"ready"|"awaiting_permission"|"running"|chatls.ToolStatus
---@field argumentsText? chatls.Text
---@field title? string
---@field arguments? chatls.JsonObject
---@field argumentsError? string
---@field locations? chatls.Location[]
---@field permission? string
---@field startedEarly? boolean
---@field output? chatls.Text
---@field content? chatls.ToolContent[]
---@field durationMs? integer
---@field truncated? boolean
---@field level? chatls.NoticeLevel
---@field attempt? integer
---@field delayMs? integer
---@field reason? chatls.ErrorKind|chatls.CompactionReason
---@field before? integer Tokens, of a compaction.
---@field after? integer
---@field summary? string

---@class chatls.View
---@field status "waiting"|"running"|"ended" `waiting`: no event yet.
---@field blocks chatls.Block[] From top to bottom.
---@field steps integer Replies that are whole; at the end, replies begun.
---@field tools table<string, integer>
---@field sessionId? string
---@field model? string
---@field usage? chatls.Usage
---@field context? { tokens: integer, window?: integer, exact: boolean } How full the model's window is.
---@field stopReason? chatls.StopReason
---@field error? chatls.TurnError
---@field chunks? integer
---@field durationMs? integer
---@field timeToFirstChunkMs? integer
---@field calls table<string, chatls.Block[]> The tool blocks by the ids of their calls.

---The statuses of a call that has not ended.
M.OPEN = { streaming = true, ready = true, awaiting_permission = true, running = true }

---JSON's null counts as missing.
local function known(value)
  if type(value) ~= "userdata" then
    return value
  end
end

local function touch(block)
  block.rev = block.rev + 1
end

---@return chatls.View
function M.new()
  return { status = "waiting", blocks = {}, steps = 0, tools = {}, calls = {} }
end

local function written(type)
  return function(view, event)
    local last = view.blocks[#view.blocks]
    if last and last.type == type and last.step == view.steps + 1 then
      text.grow(last.text, event.text)
      touch(last)
    else
      told.add(view, { type = type, text = text.new(event.text) })
    end
  end
end

local function call_started(view, event, name, kind)
  local block = told.add(view, {
    type = "tool",
    id = event.toolCallId,
    name = name,
    kind = kind,
    status = "streaming",
    argumentsText = text.new(),
    locations = {},
    startedEarly = false,
    output = text.new(),
    content = {},
    truncated = false,
  })
  local known_calls = view.calls[block.id] or {}
  known_calls[#known_calls + 1] = block
  view.calls[block.id] = known_calls
end

---What an earlier run of the call left is taken back.
local function call_ready(block, event)
  block.name, block.title, block.status = event.name, event.title, "ready"
  block.arguments, block.argumentsError = known(event.arguments), known(event.argumentsError)
  block.locations = event.locations or {}
  block.startedEarly, block.output, block.content = false, text.new(), {}
  block.durationMs, block.truncated = nil, false
end

---How each event of a call changes its block.
local changes = {
  toolCallDelta = function(block, event)
    text.grow(block.argumentsText, event.argumentsDelta)
  end,
  toolCallEnd = call_ready,
  permissionRequested = function(block)
    block.status = "awaiting_permission"
  end,
  permissionResolved = function(block, event)
    block.status, block.permission = "ready", event.outcome
  end,
  toolRunStart = function(block, event)
    block.status, block.startedEarly = "running", event.startedEarly
  end,
  toolRunOutput = function(block, event)
    text.grow(block.output, event.text)
  end,
  toolRunEnd = function(block, event)
    block.status, block.content = event.status, event.content or {}
    block.durationMs, block.truncated = known(event.durationMs), event.truncated
  end,
}

local function called(view, event)
  local change = changes[event.kind]
  if event.kind == "toolCallEnd" and not view.calls[event.toolCallId] then
    call_started(view, event, event.name, "other")
  end
  for _, block in ipairs(change and view.calls[event.toolCallId] or {}) do
    change(block, event)
    touch(block)
  end
end

---The text of a step as it was shown, where it began to be, and all blocks but those of it.
local function shown(view, step)
  local texts, kept, place, start = {}, {}, nil, nil
  for at, block in ipairs(view.blocks) do
    start = start or (block.step == step and at) or nil
    if block.type == "text" and block.step == step then
      place = place or at
      texts[#texts + 1] = text.joined(block.text)
    else
      kept[#kept + 1] = block
    end
  end
  return table.concat(texts), place or start or #view.blocks + 1, kept
end

local function add_usage(view, usage)
  local sum = view.usage or {}
  view.usage = {}
  for _, name in ipairs({ "inputTokens", "outputTokens", "cacheReadTokens", "cacheWriteTokens" }) do
    view.usage[name] = (sum[name] or 0) + (usage[name] or 0)
  end
end

local function step_ended(view, event)
  local step = view.steps + 1
  local said, place, kept = shown(view, step)
  if said ~= event.text then
    view.blocks = kept
    if event.text ~= "" then
      table.insert(kept, place, { type = "text", step = step, rev = 1, text = text.new(event.text) })
    end
  end
  if known(event.usage) then
    add_usage(view, event.usage)
  end
  view.steps = step
end

local kinds = {
  turnStart = function(view, event)
    view.status, view.sessionId, view.model = "running", event.sessionId, event.model
  end,
  textChunk = written("text"),
  thinkingChunk = written("thinking"),
  reclassified = told.reclassified,
  notice = told.notice,
  retry = told.retry,
  steered = told.steered,
  compactStart = told.compact_start,
  compactEnd = told.compact_end,
  contextUsage = told.context_usage,
  stepEnd = step_ended,
  toolCallStart = function(view, event)
    call_started(view, event, event.name, event.toolKind)
  end,
}

---Changes the view by one event; an event of an unknown kind changes nothing.
---@param view chatls.View
---@param event chatls.Event
---@return chatls.View
function M.fold(view, event)
  (kinds[event.kind] or called)(view, event)
  return view
end

local function close(view)
  view.status = "ended"
  for _, block in ipairs(view.blocks) do
    if block.type == "tool" and M.OPEN[block.status] then
      block.status = "cancelled"
      touch(block)
    end
  end
end

---@param view chatls.View
---@param result chatls.PromptResult
---@return chatls.View
function M.finish(view, result)
  close(view)
  view.sessionId, view.steps, view.usage = result.sessionId, result.steps, known(result.usage)
  view.stopReason, view.error, view.chunks = result.stopReason, known(result.error), result.chunks
  view.tools, view.durationMs = result.tools or {}, result.durationMs
  view.timeToFirstChunkMs = known(result.timeToFirstChunkMs)
  return view
end

---The view after a refusal, or after the daemon's death.
---@param view chatls.View
---@param error chatls.TurnError
---@return chatls.View
function M.fail(view, error)
  close(view)
  view.stopReason, view.error = "error", error
  return view
end

---The view as plain data, as tests/transcripts has it.
---@param view chatls.View
---@return table
function M.to_wire(view)
  local plain = {}
  for key, value in pairs(view) do
    plain[key] = value
  end
  plain.calls, plain.blocks = nil, {}
  for at, block in ipairs(view.blocks) do
    local copy = {}
    for key, value in pairs(block) do
      local grows = type(value) == "table" and value.pieces
      copy[key] = grows and text.joined(value) or value
    end
    copy.rev = nil
    plain.blocks[at] = copy
  end
  return plain
end

return M
