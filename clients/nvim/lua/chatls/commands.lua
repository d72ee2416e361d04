-- What the commands of config.lua do. plugin/chatls.lua makes them; the chat is loaded when the first one is used.

local config = require("chatls.config")

local M = {}

---@param text string
local function say(text)
  vim.notify("chatls: " .. text)
end

local function panel()
  return require("chatls.chat.panel")
end

local function actions()
  return require("chatls.chat.actions")
end

---@param event table As Neovim gives it to a command.
---@return chatls.BlocksOptions
local function looked_at(event)
  local ranged = event.range > 0
  return {
    bufnr = vim.api.nvim_get_current_buf(),
    line1 = ranged and event.line1 or nil,
    line2 = ranged and event.line2 or nil,
  }
end

---@type table<string, fun(event: table)>
local run = {}

function run.Chat(event)
  local opts = looked_at(event)
  local context = require("chatls.context")
  -- Now: in a moment another window is the current one.
  local blocks = context.blocks(opts)
  if event.args ~= "" then
    return panel().send(event.args, blocks)
  end
  panel().open({ focus = true, blocks = opts.line1 and blocks or nil, label = context.label(opts) })
end

function run.ChatNew(event)
  local blocks = require("chatls.context").blocks(looked_at(event))
  panel().new_session()
  if event.args ~= "" then
    panel().send(event.args, blocks)
  end
end

function run.ChatToggle()
  panel().toggle()
end

function run.ChatEdit(event)
  local words = event.args ~= "" and event.args or nil
  require("chatls.inline").start(vim.api.nvim_get_current_buf(), event.line1, event.line2, words)
end

function run.ChatMode(event)
  local complaint = panel().set_mode(event.args ~= "" and event.args or nil)
  if complaint then
    vim.notify("chatls: " .. complaint, vim.log.levels.WARN)
  end
end

function run.ChatCancel()
  local inline = package.loaded["chatls.inline"]
  local edit = inline and inline.cancel(vim.api.nvim_get_current_buf())
  if not edit and not panel().cancel() then
    say("nothing runs here")
  end
end

function run.ChatModel(event)
  if event.args ~= "" then
    return panel().set_model(event.args)
  end
  require("chatls.daemon").request("chat/models", {}, function(result, err)
    if err then
      return vim.notify("chatls: " .. err.message, vim.log.levels.ERROR)
    end
    require("chatls.chat.models").choose(result, panel())
  end)
end

function run.ChatList()
  local chats = panel().list()
  if #chats == 0 then
    return say("there is no chat yet")
  end
  vim.ui.select(chats, {
    prompt = "Chat",
    kind = "chatls.chat",
    format_item = function(chat)
      return chat.title .. (chat.running and " (running)" or "")
    end,
  }, function(chat)
    if chat then
      panel().show(chat.id)
    end
  end)
end

function run.ChatPermission(event)
  local permission = require("chatls.asking.permission")
  if event.args ~= "" then
    local complaint = permission.answer(event.args)
    return complaint and vim.notify("chatls: " .. complaint, vim.log.levels.WARN)
  end
  if not permission.reopen() and not require("chatls.asking.form").reopen() then
    say("no question waits for you")
  end
end

function run.ChatCompact(event)
  actions().compact(panel().shown(), event.args)
end

function run.ChatPermissions(event)
  local params = event.args ~= "" and { revoke = { event.args } } or {}
  require("chatls.daemon").request("chat/permissions", params, function(result, err)
    if err then
      return vim.notify("chatls: " .. err.message, vim.log.levels.ERROR)
    end
    require("chatls.remembered").show(result.permissions)
  end)
end

function run.ChatYank(event)
  actions().yank(panel().shown(), event.args ~= "" and event.args or nil)
end

function run.ChatInsert()
  actions().insert(panel().shown())
end

function run.ChatChanges()
  require("chatls.changes").quickfix()
end

function run.ChatRestart()
  local life = require("chatls.life")
  life.stop()
  life.when_ready(function(err)
    if err then
      return vim.notify("chatls: " .. err.message, vim.log.levels.ERROR)
    end
    say("the daemon was started anew")
  end)
end

---@param words string
---@param everywhere boolean
local function history(words, everywhere)
  require("chatls.history").show({ query = vim.trim(words), everywhere = everywhere })
end

function run.ChatHistory(event)
  history(event.args, event.bang)
end

---The chat that is shown, as it is kept.
---@return { sessionId: string, title: string }?
local function kept()
  local chat = panel().shown()
  if chat and chat.session then
    return { sessionId = chat.session, title = chat.title or "" }
  end
  say("nothing was said yet in this chat")
end

---@param what "rename"|"export"|"delete"
---@param ... any
local function with_kept(what, ...)
  local entry = kept()
  if entry then
    require("chatls.history")[what](entry, ...)
  end
end

---The turn under the cursor, where that is in the transcript.
---@return string?
local function pointed_at()
  local chat = panel().shown()
  if chat and vim.api.nvim_get_current_buf() == chat.transcript.buf then
    return chat.transcript:turn_at(vim.api.nvim_win_get_cursor(0)[1] - 1)
  end
end

function run.ChatRewind()
  require("chatls.history.rewind").start(panel().shown(), pointed_at())
end

function run.ChatFork()
  with_kept("fork", pointed_at())
end

function run.ChatRename(event)
  with_kept("rename", event.args ~= "" and event.args or nil)
end

function run.ChatExport(event)
  with_kept("export", event.args, event.bang)
end

function run.ChatDelete()
  with_kept("delete")
end

---@type table<string, fun(lead: string, line: string): string[]>
local complete = {}

---Files behind an `@`, commands behind a slash.
function complete.Chat(lead, line)
  if vim.startswith(lead, "/") and line:find("^%S+%s+/%S*$") then
    local offered = require("chatls.offered")
    offered.ask_now()
    return vim.tbl_map(function(item)
      return item.word
    end, offered.commands(lead))
  end
  local mentions = require("chatls.mentions")
  return vim.startswith(lead, "@") and mentions.match(lead) or {}
end

complete.ChatNew = complete.Chat

function complete.ChatMode()
  return require("chatls.chat.modes").ALL
end

function complete.ChatPermission()
  return require("chatls.asking.permission").keys()
end

function complete.ChatModel(lead)
  local ids
  require("chatls.daemon").request("chat/models", {}, function(result)
    ids = vim.tbl_map(function(model)
      return model.id
    end, result and result.models or {})
  end)
  vim.wait(4000, function()
    return ids ~= nil
  end, 10)
  return vim.tbl_filter(function(id)
    return vim.startswith(id, lead)
  end, ids or {})
end

---Make the commands.
function M.create()
  for _, command in ipairs(config.COMMANDS) do
    vim.api.nvim_create_user_command(command.name, function(event)
      run[command.name](event)
    end, {
      nargs = command.nargs == "0" and 0 or command.nargs,
      range = command.range or nil,
      bang = command.bang,
      complete = complete[command.name] or command.complete,
      desc = command.doc,
    })
  end
end

return M
