-- What the keys of the chat's windows do with one chat. panel.lua adds those that are about all of them.

local cheatsheet = require("chatls.chat.cheatsheet")
local keys = require("chatls.chat.keys")
local permission = require("chatls.asking.permission")
local prompt = require("chatls.chat.prompt")
local windows = require("chatls.chat.windows")

local api = vim.api

local M = {}

---@param chat chatls.Chat
---@param send fun(text: string)
---@param go_on fun(session: string)
local function send_written(chat, send, go_on)
  if chat.handle and not prompt.text(chat.prompt):find("%S") then
    local call = chat:call()
    if call and call.status == "awaiting_permission" then
      return permission.reopen()
    end
    local key = keys.shown("cancel") or ":ChatCancel"
    return vim.notify(("chatls: a turn runs; %s cancels it"):format(key), vim.log.levels.WARN)
  end
  local text = prompt.take(chat.prompt)
  if text then
    vim.cmd.stopinsert()
    send(text)
  elseif chat.offered then
    go_on(chat.offered.sessionId)
  end
end

---@param chat chatls.Chat
local function cancel_or_leave(chat)
  if not chat:cancel() then
    vim.cmd.stopinsert()
  end
end

---@param chat chatls.Chat
---@param forward boolean
local function jump(chat, forward)
  local row = api.nvim_win_get_cursor(0)[1] - 1
  local found
  for _, turn in ipairs(chat.transcript:turns()) do
    if forward and turn > row then
      found = found or turn
    elseif not forward and turn < row then
      found = turn
    end
  end
  if found then
    vim.cmd("normal! m'")
    api.nvim_win_set_cursor(0, { found + 1, 0 })
  end
end

---@param location chatls.Location
local function go_to(location)
  local win = windows.other()
  if not win then
    return
  end
  api.nvim_set_current_win(win)
  vim.cmd.edit(vim.fn.fnameescape(vim.uri_to_fname(location.uri)))
  if location.range then
    pcall(api.nvim_win_set_cursor, win, { location.range.start.line + 1, 0 })
  end
end

local function toggle_fold()
  -- Where there is none, it is an error.
  pcall(vim.cmd.normal, { "za", bang = true })
end

---@param chat chatls.Chat
---@param go_on fun(session: string, all?: boolean)
local function act(chat, go_on)
  if chat.offered then
    return go_on(chat.offered.sessionId)
  end
  local item = chat.transcript:item_at(api.nvim_win_get_cursor(0)[1] - 1)
  local block = item and item.block
  if block and block.status == "awaiting_permission" then
    permission.reopen(block.id)
  elseif block and block.locations and block.locations[1] then
    go_to(block.locations[1])
  elseif item and item.kind == "earlier" and chat.session and not (chat.handle or chat.loading) then
    go_on(chat.session, true)
  else
    toggle_fold()
  end
end

local function warn(text)
  vim.notify("chatls: " .. text, vim.log.levels.WARN)
end

---A turn is over: say so where nobody looks. What the model was not told stands in the prompt again.
---@param chat chatls.Chat
function M.over(chat)
  if #vim.fn.win_findbuf(chat.transcript.buf) == 0 then
    local how = chat.view.stopReason == "error" and "failed" or chat.view.stopReason == "cancelled" and "was cancelled"
    vim.notify(("chatls: chat %d %s"):format(chat.number, how or "has its answer"))
  end
  local unsent = chat:take_unsent()
  if unsent and api.nvim_buf_is_valid(chat.prompt) then
    local written = prompt.text(chat.prompt)
    prompt.set(chat.prompt, written:find("%S") and unsent .. "\n\n" .. written or unsent)
    vim.notify("chatls: the turn ended before the model was told: it stands in the prompt again")
  end
end

---Have a chat summarised for its model.
---@param chat? chatls.Chat
---@param instructions string
function M.compact(chat, instructions)
  local complaint = not chat and "there is no chat yet" or chat and chat:compact(instructions)
  if complaint then
    warn(complaint)
  end
end

---@param chat? chatls.Chat
---@return chatls.CodeBlock?
local function code_of(chat)
  local pair = windows.current()
  local block
  if chat then
    local at = pair and api.nvim_win_get_cursor(pair.transcript)[1] or api.nvim_buf_line_count(chat.transcript.buf)
    block = chat.transcript:code_at(at - 1)
  end
  if not block then
    warn("there is no code block here, nor above")
  end
  return block
end

---@param count integer
---@param language string
local function lines_of(count, language)
  local what = language ~= "" and language .. " " or ""
  return ("%d %sline%s"):format(count, what, count == 1 and "" or "s")
end

---Yank the code block under the transcript's cursor, else the last one above it.
---@param chat? chatls.Chat
---@param register? string
function M.yank(chat, register)
  local block = code_of(chat)
  if not block then
    return
  end
  register = register or vim.v.register
  if not pcall(vim.fn.setreg, register, block.lines, "V") then
    return warn(("there is no register %q to write to"):format(register))
  end
  local into = register ~= '"' and (' into "%s'):format(register) or ""
  vim.notify(("chatls: yanked %s%s"):format(lines_of(#block.lines, block.language), into))
end

---Put that code block below the cursor of the file that is looked at, and go there.
---@param chat? chatls.Chat
function M.insert(chat)
  local block = code_of(chat)
  local win = block and windows.other()
  if not block or #block.lines == 0 then
    return
  end
  if not win then
    return warn("there is no window to put it into")
  end
  if not vim.bo[api.nvim_win_get_buf(win)].modifiable then
    return warn("the file that you look at cannot be changed")
  end
  api.nvim_set_current_win(win)
  vim.cmd.stopinsert()
  api.nvim_put(block.lines, "l", true, false)
  api.nvim_win_set_cursor(win, { api.nvim_win_get_cursor(win)[1] + 1, 0 })
end

---By the names of their keys.
---@param chat chatls.Chat
---@param send fun(text: string)
---@param go_on fun(session: string, all?: boolean)
---@return table<string, fun()>
function M.of(chat, send, go_on)
  local function with(fn, ...)
    local given = { ... }
    return function()
      fn(chat, unpack(given))
    end
  end
  return {
    send = with(send_written, send, go_on),
    send_insert = with(send_written, send, go_on),
    cancel = with(cancel_or_leave),
    next_turn = with(jump, true),
    previous_turn = with(jump, false),
    fold = toggle_fold,
    yank_code = with(M.yank),
    insert_code = with(M.insert),
    act = with(act, go_on),
    help = function()
      cheatsheet.of_chat(api.nvim_get_current_buf() == chat.prompt and "prompt" or "transcript")
    end,
  }
end

return M
