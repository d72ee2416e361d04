-- What can be asked of the daemon, and what it asks. It is started when it is first asked (life.lua). Knows no window.

local life = require("chatls.life")
local questions = require("chatls.questions")
local roots = require("chatls.roots")
local turns = require("chatls.turns")

local M = {}

M.state, M.on_state, M.start, M.stop = life.state, life.on_state, life.start, life.stop
M.client, M.folders = life.client, life.folders
M.on_question = questions.on_question

---@param err table
---@return chatls.Error
local function worded(err)
  return { code = err.code, message = err.message, kind = type(err.data) == "table" and err.data.kind or nil }
end

---@param method string
---@param params table
---@param cb fun(result?: any, err?: chatls.Error)
---@return integer? id
local function send(method, params, cb)
  local function finish(result, err)
    if life.pending[finish] then
      life.pending[finish] = nil
      cb(result, err)
    end
  end
  life.pending[finish] = true
  -- With no buffer named, Neovim first sends what was typed into any of them.
  local sent, id = life.call("request", method, params, function(err, result)
    finish(result, err and worded(err))
  end)
  if not sent then
    vim.schedule(function()
      finish(nil, { message = "the daemon does not listen any more" })
    end)
  end
  return id
end

---Ask the daemon something. It is started on first use.
---@param method string
---@param params table
---@param cb fun(result?: any, err?: chatls.Error) Exactly once, whatever happens.
function M.request(method, params, cb)
  life.when_ready(function(err)
    if err then
      return cb(nil, err)
    end
    send(method, next(params) and params or vim.empty_dict(), cb)
  end)
end

---Ask something about sessions: which there are depends on where the person works by now.
---@param what string The name of the request behind `chat/session/`.
---@param params table
---@param cb fun(result?: any, err?: chatls.Error) Exactly once, whatever happens.
function M.session(what, params, cb)
  local asked_in = roots.current()
  life.when_ready(function(err)
    if err then
      return cb(nil, err)
    end
    life.follow_roots(asked_in)
    send("chat/session/" .. what, next(params) and params or vim.empty_dict(), cb)
  end)
end

---Read a session that is kept.
---@param params chatls.LoadParams Without the token.
---@param on_event fun(value: chatls.Event) In order, before the answer.
---@param cb fun(result?: chatls.LoadResult, err?: chatls.Error) Exactly once, whatever happens.
function M.load(params, on_event, cb)
  local token, forget = turns.listen(on_event)
  M.session("load", vim.tbl_extend("force", params, { partialResultToken = token }), function(result, err)
    forget()
    cb(result, err)
  end)
end

---@type (fun())[]
local news = {}

---Hear that sessions changed.
---@param fn fun()
---@return fun() forget
function M.on_sessions(fn)
  table.insert(news, fn)
  return function()
    for at, other in ipairs(news) do
      if other == fn then
        table.remove(news, at)
      end
    end
  end
end

---Tell those who want to know that sessions changed.
function M.sessions_changed()
  for _, fn in ipairs(vim.list_slice(news)) do
    local ok, err = xpcall(fn, debug.traceback)
    if not ok then
      vim.notify("chatls: " .. tostring(err), vim.log.levels.ERROR)
    end
  end
end

---@param handle chatls.Handle
local function send_cancel(handle)
  if handle.session_id then
    local params = { sessionId = handle.session_id, turnId = handle.turn_id }
    return send("chat/cancel", params, function() end)
  end
  -- The session has no name yet. This prompt's answer is never a cancelled one, which Neovim would swallow.
  life.call("notify", "$/cancelRequest", { id = handle.request_id })
end

---Ask a model. The daemon is started on first use.
---@param params chatls.PromptParams Without the tokens.
---@param on_event fun(value: chatls.Event) In order, on the main loop.
---@param on_done fun(result?: chatls.PromptResult, err?: chatls.Error) Exactly once, after all events, whatever happens.
---@param method? string What is asked; `chat/prompt` if there is none.
---@return chatls.Handle
function M.prompt(params, on_event, on_done, method)
  local changes = require("chatls.changes").begin()
  -- Now: when the daemon is ready another window may be the current one.
  local asked_in = roots.current()
  local handle
  handle = turns.begin(params, function(value)
    questions.event(value)
    changes:event(value)
    on_event(value)
  end, function(result, err)
    questions.withdraw(function(question)
      return question.turnId == handle.turn_id
    end)
    changes:finish()
    on_done(result, err)
  end, send_cancel)
  life.when_ready(function(err)
    if err or handle.done then
      return turns.finish(handle, nil, err)
    end
    life.follow_roots(asked_in)
    local sent = vim.tbl_extend("force", params, { partialResultToken = handle.token })
    handle.request_id = send(method or "chat/prompt", sent, function(result, failed)
      turns.finish(handle, result, failed)
    end)
  end)
  return handle
end

---How many turns run.
---@return integer
function M.running()
  return vim.tbl_count(turns.open)
end

return M
