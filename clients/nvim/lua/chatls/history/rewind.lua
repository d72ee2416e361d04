-- Turns taken back: which, what would happen to which file, and then the prompt to be asked otherwise.

local daemon = require("chatls.daemon")
local content = require("chatls.chat.content")
local format = require("chatls.chat.format")
local highlights = require("chatls.chat.highlights")
local prompt = require("chatls.chat.prompt")

local api = vim.api

local M = {}

local function say(text, level)
  vim.notify("chatls: " .. text, level)
end

---@param err chatls.Error
local function complain(err)
  say(err.message, vim.log.levels.ERROR)
end

local WHY = {
  conflict = "stays: somebody else changed it since",
  gone = "stays away: it is no more",
  not_kept = "stays: what it was is not kept",
}

---@param uri string
local function name(uri)
  return vim.fn.fnamemodify(vim.uri_to_fname(uri), ":.")
end

---@param count integer
---@param word string
local function several(count, word)
  return count == 1 and ("1 " .. word) or ("%d %ss"):format(count, word)
end

---@class chatls.TakenBack
---@field chat chatls.Chat
---@field session string
---@field turns chatls.TurnEntry[] Those that go, the first one first.

---@class chatls.Choice
---@field key string
---@field label string
---@field files "keep"|"restore"

---@param dry chatls.RewindResult
---@return chatls.Choice[]
local function choices(dry)
  local files = vim.tbl_filter(function(file)
    return file.state == "would_restore" and file.diff ~= nil
  end, dry.files)
  local found = {}
  if #files > 0 then
    local label = ("take back what was said, and put %s back"):format(several(#files, "file"))
    table.insert(found, { key = "y", label = label, files = "restore" })
  end
  table.insert(found, { key = #files > 0 and "k" or "y", label = "take back what was said alone", files = "keep" })
  return found
end

---All of what would be done.
---@param back chatls.TakenBack
---@param dry chatls.RewindResult
---@return chatls.Drawing
function M.draw(back, dry)
  local drawing = { lines = {}, marks = {} }
  local function add(text, group)
    format.section(drawing, text, group)
  end
  add(("Take back %s, from this one on:"):format(several(#back.turns, "turn")))
  add("  " .. format.cut_cells(back.turns[1].prompt, 70), "ChatlsTool")
  add("")
  for _, file in ipairs(dry.files) do
    if file.diff then
      add(format.unified(file.diff), format.diff_group)
    elseif WHY[file.state] then
      add(("! %s %s"):format(name(file.uri), WHY[file.state]), "ChatlsWarning")
    end
  end
  if #dry.commands > 0 then
    add("! What these commands changed stays:", "ChatlsWarning")
    add("    " .. table.concat(dry.commands, "\n    "), "ChatlsQuiet")
  end
  if #dry.files + #dry.commands > 0 then
    add("")
  end
  for _, choice in ipairs(choices(dry)) do
    table.insert(drawing.lines, (" %s  %s"):format(choice.key, choice.label))
    table.insert(drawing.marks, { row = #drawing.lines - 1, from = 1, to = 2, group = "ChatlsKey" })
  end
  table.insert(drawing.lines, " q  leave all as it is")
  table.insert(drawing.marks, { row = #drawing.lines - 1, from = 1, to = 2, group = "ChatlsKey" })
  return drawing
end

---What went along with the prompt, but for files that its words name.
---@param blocks chatls.ContentBlock[]
---@return { blocks: chatls.ContentBlock[], label: string }?
local function along(blocks)
  local kept = vim.tbl_filter(function(block)
    return block.type == "editor_context" or block.type == "resource" or block.type == "image"
  end, blocks)
  local names = content.names(kept)
  return #names > 0 and { blocks = kept, label = table.concat(names, ", ") } or nil
end

---It was done: the transcript ends before it, and the prompt stands where it was written.
---@param back chatls.TakenBack
---@param result chatls.RewindResult
local function over(back, result)
  local chat, panel = back.chat, require("chatls.chat.panel")
  require("chatls.changes").check_disk()
  if not api.nvim_buf_is_loaded(chat.transcript.buf) or not api.nvim_buf_is_valid(chat.prompt) then
    return
  end
  chat:taken_back(back.turns[1].turnId, complain)
  chat.along = along(result.prompt)
  local written = prompt.text(chat.prompt)
  local words = content.words(result.prompt)
  prompt.set(chat.prompt, written:find("%S") and words .. "\n\n" .. written or words)
  panel.show(chat.number)
  panel.write()
  local stays = vim.tbl_filter(function(file)
    return WHY[file.state] ~= nil
  end, result.files)
  if #stays > 0 then
    local told = vim.tbl_map(function(file)
      return ("%s %s"):format(name(file.uri), WHY[file.state])
    end, stays)
    say(table.concat(told, "\n"), vim.log.levels.WARN)
  end
  say("taken back; :ChatHistory! has it as it was")
end

---@param back chatls.TakenBack
---@param files "keep"|"restore"
local function go(back, files)
  local params = { sessionId = back.session, turnId = back.turns[1].turnId, files = files }
  daemon.session("rewind", params, function(result, err)
    if err then
      return complain(err)
    end
    over(back, result)
  end)
end

---Show what would be done, and wait for a key.
---@param back chatls.TakenBack
---@param dry chatls.RewindResult
local function ask(back, dry)
  local drawing = M.draw(back, dry)
  local width, found = 40, choices(dry)
  for _, line in ipairs(drawing.lines) do
    width = math.max(width, vim.fn.strdisplaywidth(line) + 1)
  end
  width = math.min(width, 100, vim.o.columns - 6)
  local height = math.min(#drawing.lines, math.max(vim.o.lines - 8, 5))
  local keys = vim.tbl_map(function(choice)
    return choice.key .. (choice.files == "restore" and " with the files" or " without files")
  end, found)
  local footer = height < #drawing.lines and (" %s  q no "):format(table.concat(keys, "  ")) or " :ChatRewind "
  local win = api.nvim_open_win(highlights.show(drawing, "chatls-rewind"), true, {
    relative = "editor",
    width = width,
    height = height,
    row = math.max(math.floor((vim.o.lines - height) / 2) - 1, 0),
    col = math.max(math.floor((vim.o.columns - width) / 2), 0),
    border = "rounded",
    style = "minimal",
    title = { { " Rewind ", "ChatlsWaiting" } },
    footer = { { footer, "ChatlsQuiet" } },
    footer_pos = "right",
  })
  vim.cmd.stopinsert()
  vim.wo[win].winhighlight = "NormalFloat:Normal,FloatBorder:ChatlsWaiting"
  local function key(typed, fn)
    vim.keymap.set("n", typed, function()
      pcall(api.nvim_win_close, win, true)
      if fn then
        fn()
      end
    end, { buffer = api.nvim_win_get_buf(win), nowait = true, desc = "chatls: rewind" })
  end
  for _, choice in ipairs(found) do
    key(choice.key, function()
      go(back, choice.files)
    end)
  end
  key("q")
  key("<Esc>")
end

---@param chat chatls.Chat
---@param session string
---@param turns chatls.TurnEntry[]
---@param turn string
local function preview(chat, session, turns, turn)
  local at
  for place, entry in ipairs(turns) do
    at = entry.turnId == turn and place or at
  end
  if not at then
    return say("this turn is not kept", vim.log.levels.WARN)
  end
  local params = { sessionId = session, turnId = turn, files = "restore", dryRun = true }
  daemon.session("rewind", params, function(dry, err)
    if err then
      return complain(err)
    end
    ask({ chat = chat, session = session, turns = vim.list_slice(turns, at) }, dry)
  end)
end

---@param entry chatls.TurnEntry
---@return string
local function line(entry)
  local told = {}
  if entry.files > 0 then
    table.insert(told, several(entry.files, "file"))
  end
  if entry.commands > 0 then
    table.insert(told, several(entry.commands, "command"))
  end
  local about = #told > 0 and ("  (%s)"):format(table.concat(told, ", ")) or ""
  return format.cut_cells(entry.prompt, 70) .. about
end

---Take back a turn of a chat, and all behind it.
---@param chat? chatls.Chat
---@param turn? string Without it the person chooses.
function M.start(chat, turn)
  local session = chat and chat.session
  if not chat or not session then
    return say("nothing was said yet in this chat")
  elseif chat.handle or chat.loading then
    return say("a turn runs; it can be taken back when that has ended", vim.log.levels.WARN)
  end
  daemon.session("load", { sessionId = session }, function(result, err)
    if err then
      return complain(err)
    elseif turn then
      return preview(chat, session, result.turns, turn)
    elseif #result.turns == 0 then
      return say("there is nothing to take back")
    end
    vim.ui.select(vim.iter(result.turns):rev():totable(), {
      prompt = "Take back all from",
      kind = "chatls.turn",
      format_item = line,
    }, function(entry)
      if entry then
        preview(chat, session, result.turns, entry.turnId)
      end
    end)
  end)
end

return M
