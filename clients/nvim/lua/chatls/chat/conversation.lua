-- One chat: its session, its transcript, and the turn that runs in it. Knows no window; panel.lua shows it.

local content_of = require("chatls.chat.content")
local daemon = require("chatls.daemon")
local kept = require("chatls.chat.kept")
local state = require("chatls.chat.state")
local view = require("chatls.chat.view")

local M = {}

local FRAME_MS = 25 -- between two drawings, at least
local TICK_MS = 250

---@class chatls.Chat : chatls.Kept
---@field number integer
---@field transcript chatls.Transcript
---@field prompt integer The buffer in which the next prompt is written.
---@field model? string What was chosen for it.
---@field session? string
---@field title? string What its session is called.
---@field mode? chatls.WorkingMode How it works; nil: as the daemon has it.
---@field loading? boolean What its session held is being read and drawn.
---@field unread? boolean What its session held could not be read.
---@field offered? chatls.SessionEntry The last chat here, while nothing was asked in this one.
---@field forgotten? boolean Its session is gone.
---@field view? chatls.View Of the turn that runs, else of the last one.
---@field handle? chatls.Handle Of the turn that runs.
---@field cancelling? boolean
---@field began integer Milliseconds.
---@field context? chatls.ContentBlock[] What was told of the editor last.
---@field along? { blocks: chatls.ContentBlock[], label: string } What goes along with the next prompt.
---@field full? { tokens: integer, window?: integer } How full the model's window is.
---@field steering { text: string, blocks?: chatls.ContentBlock[], sent?: boolean }[] What was said to the turn that runs,
---and the model was not told yet.
---@field drawn integer Milliseconds; when it was drawn last.
---@field cost number Milliseconds that this took.
---@field scheduled? boolean It will be drawn soon.
---@field told? string The view's status when `on_change` was called for it.
---@field ticker? uv.uv_timer_t While a turn runs.
---@field on_change fun(chat: chatls.Chat, ended?: boolean) Something changed that is shown beside the transcript.
local Chat = setmetatable({}, { __index = kept.Kept })
Chat.__index = Chat

---@param number integer
---@param buf integer
---@param on_change fun(chat: chatls.Chat, ended?: boolean)
---@return chatls.Chat
function M.new(number, buf, on_change)
  local chat = { number = number, transcript = view.new(buf), began = 0, drawn = 0, cost = 0, steering = {} }
  chat.on_change = on_change
  return setmetatable(chat, Chat)
end

---What was only seen, and not selected, is told again when it has changed.
---@param text string
---@param blocks? chatls.ContentBlock[] What goes along; without it, what the editor shows.
---@return chatls.ContentBlock[], string[]
function Chat:content(text, blocks)
  local along = blocks or require("chatls.context").blocks()
  if #content_of.names(along) == 0 then
    local told = vim.deep_equal(along, self.context)
    self.context, along = along, told and {} or along
  end
  local content = vim.list_extend(vim.list_slice(along), require("chatls.mentions").expand(text))
  return content, content_of.names(content)
end

---Ask. One turn runs at a time.
---@param text string
---@param blocks? chatls.ContentBlock[]
---@return boolean whether it was sent
function Chat:ask(text, blocks)
  if self.handle or self.loading then
    return false
  end
  local content, attachments = self:content(text, blocks)
  self.offered = nil
  self.transcript:ask(text, attachments)
  self:begin({ content = content, sessionId = self.session, model = self.model, mode = self.mode })
  return true
end

---Have what the model is sent summarised.
---@param instructions string What the summary must hold.
---@return string? complaint
function Chat:compact(instructions)
  if self.handle or self.loading then
    return "a turn runs; it can be summarised when that has ended"
  elseif not self.session then
    return "there is nothing to summarise yet"
  end
  self:begin({ sessionId = self.session, instructions = instructions }, "chat/session/compact")
end

---@param params chatls.PromptParams|chatls.CompactParams
---@param method? string `chat/prompt` if there is none.
function Chat:begin(params, method)
  self.view, self.began, self.cancelling = state.new(), vim.uv.now(), false
  if self.forgotten then
    self.forgotten = false
    local text = "The daemon does not keep this chat any more: the model does not know what was said above."
    state.fold(self.view, { kind = "notice", level = "warning", text = text })
  end
  self.handle = daemon.prompt(params, function(event)
    state.fold(self.view, event)
    self.session = self.view.sessionId or self.session
    if event.kind == "turnStart" then
      self.title, self.mode = event.title or self.title, event.mode or self.mode
      self.transcript:named(event.turnId)
    elseif event.kind == "steered" then
      table.remove(self.steering, 1)
    end
    self.full = self.view.context or self.full
    self:say_waiting()
    self:schedule()
  end, function(result, err)
    self:ended(params, result, err)
  end, method)
  self.ticker = assert(vim.uv.new_timer())
  self.ticker:start(
    TICK_MS,
    TICK_MS,
    vim.schedule_wrap(function()
      self:schedule()
      self.on_change(self)
    end)
  )
  self:schedule()
  self.on_change(self)
end

---Say something to the turn that runs. What the model is not told before its end comes back into the prompt.
---@param text string
---@param blocks? chatls.ContentBlock[]
---@return boolean whether there is one that takes it
function Chat:steer(text, blocks)
  if not self.handle or self.cancelling then
    return false
  end
  table.insert(self.steering, { text = text, blocks = blocks })
  self:say_waiting()
  self.on_change(self)
  return true
end

---Send what waits, once the turn has a name.
function Chat:say_waiting()
  local turn = self.handle and self.handle.turn_id
  for _, said in ipairs(turn and self.steering or {}) do
    if not said.sent then
      said.sent = true
      local params = { sessionId = self.session, turnId = turn, content = (self:content(said.text, said.blocks)) }
      daemon.request("chat/steer", params, function() end)
    end
  end
end

---What the model was not told, to go on with.
---@return string? nil: it was told all
function Chat:take_unsent()
  local texts = vim.tbl_map(function(said)
    return said.text
  end, self.steering)
  self.steering = {}
  return #texts > 0 and table.concat(texts, "\n\n") or nil
end

---Draw soon: many events, one drawing; and never more than a third of the time goes into it.
function Chat:schedule()
  if self.scheduled or not self.handle then
    return
  end
  self.scheduled = true
  local wait = self.drawn + math.max(FRAME_MS, 2 * self.cost) - vim.uv.now()
  vim.defer_fn(function()
    self.scheduled = false
    if self.handle then
      self:draw()
    end
  end, math.max(wait, 0))
end

function Chat:draw()
  local before = vim.uv.hrtime()
  self.transcript:draw(self.view)
  self.cost, self.drawn = (vim.uv.hrtime() - before) / 1e6, vim.uv.now()
  if self.view.status ~= self.told then
    self.told = self.view.status
    self.on_change(self)
  end
end

---@param err chatls.Error
---@return chatls.TurnError
local function turn_error(err)
  return { kind = err.kind or "internal", message = err.message, retryable = false }
end

---@param params chatls.PromptParams
---@param result? chatls.PromptResult
---@param err? chatls.Error
function Chat:ended(params, result, err)
  self.ticker:stop()
  self.ticker:close()
  self.ticker, self.handle = nil, nil
  if err and err.code == 1001 and params.sessionId and params.content then
    self.session, self.forgotten = nil, true
    params.sessionId = nil
    return self:begin(params)
  end
  if result and result.before then -- of a compaction
    result.stopReason, result.steps = result.error and "error" or "end_turn", 0
    self.full = { tokens = result.after, window = self.full and self.full.window }
  end
  if result then
    self.session, self.title = result.sessionId or self.session, result.title or self.title
    state.finish(self.view, result)
  else
    state.fail(self.view, turn_error(assert(err)))
    self.view.stopReason = err.kind == "cancelled" and "cancelled" or "error"
  end
  self.transcript:finish(self.view)
  self.on_change(self, true)
end

---Cancel the turn that runs.
---@return boolean whether there is one
function Chat:cancel()
  if not self.handle then
    return false
  end
  self.cancelling = true
  self.handle:cancel()
  self.on_change(self)
  return true
end

---The call that matters now: one that waits for a person, else one that runs or is written.
---@return chatls.Block?
function Chat:call()
  local found
  for _, block in ipairs(self.view and self.view.blocks or {}) do
    if block.type == "tool" and state.OPEN[block.status] then
      found = block.status == "awaiting_permission" and block or found or block
    end
  end
  return found
end

return M
