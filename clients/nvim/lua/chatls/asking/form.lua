-- The forms of MCP servers: one field after the other in `vim.ui.input` and `vim.ui.select`, and nothing sent before it was
-- seen as a whole. Leaving answers nothing; the form stays open, and `reopen` shows it again.

local questions = require("chatls.questions")
local values = require("chatls.asking.values")

local api = vim.api

local M = {}

---@class chatls.Filling
---@field form chatls.Elicitation
---@field answer fun(answer?: chatls.ElicitAnswer)
---@field values table<string, any>
---@field whole boolean Every field was filled in or left out.
---@field shown boolean

---Those that wait, the oldest first.
---@type chatls.Filling[]
local waiting = {}

---The form whose prompt holds the editor until it is answered, as Neovim's own do.
---@type chatls.Filling?
local held

---@param text string
local function tell(text)
  vim.notify("chatls: " .. text)
end

---@param one chatls.Filling
---@return boolean
local function waits(one)
  return vim.tbl_contains(waiting, one)
end

---@param one chatls.Filling
local function forget(one)
  waiting = vim.tbl_filter(function(other)
    return other ~= one
  end, waiting)
end

---@param one chatls.Filling
---@param answer chatls.ElicitAnswer
local function finish(one, answer)
  forget(one)
  one.answer(answer)
  if waiting[1] then
    vim.schedule(M.reopen)
  end
end

---Put one thing to the person. What they say of a form that was taken away meanwhile counts for nothing.
---@param one chatls.Filling
---@param ask fun(done: fun(said: any))
---@param go_on fun(said: any)
local function put(one, ask, go_on)
  local before = held
  held = one
  ask(function(said)
    held = before
    if waits(one) then
      -- Not within the prompt that has just ended.
      vim.schedule(function()
        if waits(one) then
          go_on(said)
        end
      end)
    end
  end)
  held = before
end

---@type fun(one: chatls.Filling)
local menu

---Choose in the list of whoever has put one in the place of Neovim's own, which would hold all else until it is answered.
---@param items table[]
---@param prompt string
---@param label fun(item: any): string
---@param done fun(item?: any)
local function choose(items, prompt, label, done)
  if not debug.getinfo(vim.ui.select, "S").source:find("vim/ui.lua", 1, true) then
    return vim.ui.select(items, { prompt = prompt, kind = "chatls.form", format_item = label }, done)
  end
  local lines = { prompt }
  for at, item in ipairs(items) do
    table.insert(lines, ("%d: %s"):format(at, label(item)))
  end
  vim.ui.input({ prompt = table.concat(lines, "\n") .. "\nNumber: " }, function(typed)
    done(typed and items[tonumber(typed)])
  end)
end

---@param one chatls.Filling
---@param at integer
---@param complaint? string
local function field(one, at, complaint)
  local it = one.form.fields[at]
  if not it then
    one.whole = true
    return menu(one)
  end
  local known = one.values[it.name]
  local title = values.title(it) .. (complaint and (" (%s)"):format(complaint) or "")
  local choices = values.choices(it, known)
  local function take(value)
    one.values[it.name] = value
    field(one, at + 1)
  end
  if choices then
    return put(one, function(done)
      choose(choices, title, values.label, done)
    end, function(chosen)
      if not chosen then
        return menu(one)
      end
      take(chosen.value)
    end)
  end
  put(one, function(done)
    vim.ui.input({ prompt = title .. ": ", default = values.text(it, known) }, done)
  end, function(text)
    if not text then
      return menu(one)
    end
    local value, wrong = values.of(it, text)
    if wrong then
      return field(one, at, wrong)
    end
    take(value)
  end)
end

---@param one chatls.Filling
function menu(one)
  local form = one.form
  local server = values.line(form.server)
  local items = {}
  local function add(label, run)
    table.insert(items, { label = label, run = run })
  end
  if one.whole then
    add(#form.fields > 0 and ("Send it to %s"):format(server) or ("Send a yes to %s"):format(server), function()
      finish(one, { action = "accept", values = next(one.values) and one.values or vim.empty_dict() })
    end)
  end
  if #form.fields > 0 then
    add(one.whole and "Fill it in again" or "Fill it in", function()
      one.whole = false
      field(one, 1)
    end)
  end
  add(("Decline: %s is told that you do not want to say it"):format(server), function()
    finish(one, { action = "decline" })
  end)
  add("Close it without an answer", function()
    finish(one, { action = "cancel" })
  end)
  one.shown = true
  put(one, function(done)
    choose(items, values.summary(form, one.whole and one.values or nil), function(item)
      return item.label
    end, done)
  end, function(item)
    one.shown = false
    if item then
      one.shown = true
      return item.run()
    end
    tell(("the form of %s waits: :ChatPermission shows it again"):format(server))
  end)
end

---Show the oldest form that waits.
---@return boolean whether there is one
function M.reopen()
  local one = waiting[1]
  if one and not one.shown then
    menu(one)
  end
  return one ~= nil
end

---@param one chatls.Filling
local function withdraw(one)
  forget(one)
  if held == one then
    api.nvim_input("<Esc>")
  end
  tell(("%s does not ask any more"):format(values.line(one.form.server)))
end

---Answer `chat/elicit`. Call it in a coroutine.
---@param form chatls.Elicitation
---@return chatls.ElicitAnswer
function M.ask(form)
  return questions.wait(form, function(_, answer)
    local one = { form = form, answer = answer, values = {}, whole = #form.fields == 0, shown = false }
    table.insert(waiting, one)
    vim.schedule(function()
      if waits(one) and waiting[1] == one and api.nvim_get_mode().mode == "n" then
        M.reopen()
      elseif waits(one) then
        -- Who types is not interrupted: the next key would be an answer.
        tell(("%s asks you something: :ChatPermission shows it"):format(values.line(form.server)))
      end
    end)
    return function()
      withdraw(one)
    end
  end, function(answer)
    return answer or { action = "cancel" }
  end)
end

return M
