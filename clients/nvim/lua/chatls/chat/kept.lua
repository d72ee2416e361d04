-- The part of a chat that is about its session as it is kept: reading it, and showing what was said.

local daemon = require("chatls.daemon")
local replay = require("chatls.chat.replay")

local SLICE_MS, PAUSE_MS = 12, 5 -- of drawing what was loaded, and between two such
local MOST = 100 -- turns that are shown of a session, until somebody wants more

---@class chatls.Kept
local Kept = {}
Kept.__index = Kept

---The daemon is gone. The session is kept; what it was told of the editor is told again.
function Kept:forget()
  self.context = nil
end

---Nothing was said in it yet, and it is no session.
---@return boolean
function Kept:is_fresh()
  return #self.transcript.items == 0 and not (self.handle or self.session or self.loading)
end

---Draw turns that are over, a little at a time.
---@param turns chatls.ReplayedTurn[]
---@param at integer
---@param done fun()
function Kept:play(turns, at, done)
  if not vim.api.nvim_buf_is_loaded(self.transcript.buf) or at > #turns then
    return done()
  end
  at = self.transcript:replay(turns, at, SLICE_MS)
  vim.defer_fn(function()
    self:play(turns, at, done)
  end, PAUSE_MS)
end

---Read a session that is kept, and show it in place of what is shown.
---@param session string
---@param all boolean Else the last turns.
---@param done fun(err?: chatls.Error)
function Kept:load(session, all, done)
  self.session, self.loading, self.offered, self.context = session, true, nil, nil
  local turns = {}
  daemon.load({ sessionId = session, last = not all and MOST or nil }, function(event)
    replay.take(turns, event)
  end, function(result, err)
    if not result then
      self.loading, self.unread = false, true
      self.on_change(self)
      return done(err)
    end
    replay.close(turns, result.turns)
    self.title, self.mode, self.unread = result.title, result.mode, false
    self.transcript:clear(not all and #turns >= MOST)
    self:play(turns, 1, function()
      self.loading = false
      self:loaded(result, turns[#turns])
      done()
    end)
  end)
  self.on_change(self)
end

---Its session was made what it was before a turn.
---@param turn string
---@param complain fun(err: chatls.Error)
function Kept:taken_back(turn, complain)
  self.view, self.full, self.context = nil, nil, nil
  if self.transcript:take_back(turn) then
    self.on_change(self)
  else
    self:load(self.session, false, function(err)
      if err then
        complain(err)
      end
    end)
  end
end

---@param result chatls.LoadResult
---@param last? chatls.ReplayedTurn
function Kept:loaded(result, last)
  self.view = last and last.view
  self.full = self.view and self.view.context
  if result.contextTokens then
    self.full = { tokens = result.contextTokens, window = result.contextWindow }
  end
  if result.running then
    local where = result.running == "here" and "" or " in another editor"
    self.transcript:remark(("· A turn of this chat runs%s. :ChatHistory shows it when it has ended."):format(where))
  end
  self.on_change(self)
end

return { Kept = Kept }
