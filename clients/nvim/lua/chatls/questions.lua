-- The questions of permission and the forms that are open. A handler of `vim.lsp` runs in a coroutine, and the answer is
-- what that coroutine returns: so it waits here, and the editor goes on.

local status = require("chatls.status")

local M = {}

---@alias chatls.Answer fun(option_id?: string, feedback?: string, arguments?: chatls.JsonObject) Once; nil: closed without
---a choice.
---@alias chatls.Asker fun(question: chatls.Question, answer: chatls.Answer): fun()?

---@class chatls.OpenQuestion
---@field question chatls.Question|chatls.Elicitation
---@field answer fun(...: any)
---@field withdraw? fun()

---@type table<chatls.OpenQuestion, true>
local open = {}

---@type chatls.Asker?
local asker = nil

---@param fn chatls.Asker
function M.on_question(fn)
  asker = fn
end

---@return integer
function M.count()
  return vim.tbl_count(open)
end

---@param option_id? string
---@param feedback? string
---@param arguments? chatls.JsonObject
---@return chatls.PermissionAnswer
local function worded(option_id, feedback, arguments)
  if not option_id then
    return { outcome = "cancelled" }
  end
  return { outcome = "selected", optionId = option_id, feedback = feedback, arguments = arguments }
end

---Put something to the person, and wait. Call it in a coroutine.
---@generic Asked: chatls.Question|chatls.Elicitation
---@param question Asked
---@param put? fun(question: Asked, answer: fun(...: any)): fun()? Gives what takes it away.
---@param word fun(...: any): table What is answered; of nothing where it was closed.
---@return table
function M.wait(question, put, word)
  local co, answered, waiting = coroutine.running(), nil, false
  local entry = { question = question }
  function entry.answer(...)
    if answered then
      return
    end
    answered = word(...)
    open[entry] = nil
    status.changed()
    if waiting then
      -- Not from within the caller: what it does next must not wait for the pipe.
      vim.schedule(function()
        assert(coroutine.resume(co))
      end)
    end
  end
  open[entry] = true
  status.changed()
  if put then
    local ok, withdraw = xpcall(put, debug.traceback, question, entry.answer)
    entry.withdraw = ok and withdraw or nil
    if not ok then
      vim.notify("chatls: " .. tostring(withdraw), vim.log.levels.ERROR)
      entry.answer(nil)
    end
  else
    entry.answer(nil)
  end
  if not answered then
    waiting = true
    coroutine.yield()
  end
  return answered
end

---Put a question of permission to the person, and wait. Call it in a coroutine.
---@param question chatls.Question
---@return chatls.PermissionAnswer
function M.ask(question)
  return M.wait(question, asker, worded)
end

---Take questions away that have become moot. (A handler is not told the id of its request, so a `$/cancelRequest` cannot
---be matched; but the turn's own events tell the same.)
---@param matches fun(question: chatls.Question|chatls.Elicitation): boolean
function M.withdraw(matches)
  for _, entry in ipairs(vim.tbl_keys(open)) do
    if open[entry] and matches(entry.question) then
      entry.answer(nil)
      if entry.withdraw then
        pcall(entry.withdraw)
      end
    end
  end
end

---@param value chatls.Event
function M.event(value)
  if value.kind == "permissionResolved" or value.kind == "toolRunEnd" then
    M.withdraw(function(question)
      return question.toolCallId == value.toolCallId
    end)
  end
end

return M
