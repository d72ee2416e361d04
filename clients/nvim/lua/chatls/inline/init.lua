-- Lines of a file changed by a model, where they stand: `:ChatEdit` asks, and what comes back is previewed in the buffer
-- (preview.lua). Nothing of it is kept, and no chat shows it.

local config = require("chatls.config")
local daemon = require("chatls.daemon")
local documents = require("chatls.documents")
local hunks_of = require("chatls.inline.hunks")
local keys = require("chatls.chat.keys")
local preview = require("chatls.inline.preview")
local roots = require("chatls.roots")

local api = vim.api
local NAMESPACE = api.nvim_create_namespace("chatls.inline.asked")
local LONGEST = 200000 -- characters of a file that the daemon does not know

local M = {}

---@class chatls.Edit
---@field buf integer
---@field mark integer Where the lines are.
---@field old string[]
---@field handle? chatls.Handle While the model is asked.
---@field preview? chatls.Preview
---@field release? fun() Give the keys back.
---@field reply string

---One to a buffer.
---@type table<integer, chatls.Edit>
local edits = {}

local function say(text, level)
  vim.notify("chatls: " .. text, level)
end

---@param edit chatls.Edit
local function over(edit)
  if edit.release then
    edit.release()
  end
  if edits[edit.buf] == edit then
    edits[edit.buf] = nil
  end
  if api.nvim_buf_is_valid(edit.buf) then
    api.nvim_buf_del_extmark(edit.buf, NAMESPACE, edit.mark)
  end
end

local INSTRUCTIONS = [[
Change these lines of %s (lines %d to %d) as I ask. Answer with one fenced code block that holds just what is to stand in their
place, from the first of these lines to the last, and with nothing else: no words before or behind it, nothing of the rest of the
file. Keep what I do not ask you to change to the letter, indents included.

What I ask: %s

The lines:
%s
%s
%s]]

---A fence that nothing in the lines closes.
---@param lines string[]
---@return string
local function fence(lines)
  local mark = "```"
  for _, line in ipairs(lines) do
    while line:find(mark, 1, true) do
      mark = mark .. "`"
    end
  end
  return mark
end

---@param buf integer
---@param first integer
---@param last integer
---@param old string[]
---@param words string
---@return chatls.ContentBlock[]
local function content(buf, first, last, old, words)
  local path = api.nvim_buf_get_name(buf)
  local name = path ~= "" and vim.fn.fnamemodify(path, ":.") or "a text"
  local mark = fence(old)
  local text =
    INSTRUCTIONS:format(name, first, last, words, mark .. vim.bo[buf].filetype, table.concat(old, "\n"), mark)
  local blocks = { { type = "text", text = text } }
  if documents.is_shared(buf, roots.current()) then
    table.insert(blocks, 1, { type = "resource_link", uri = vim.uri_from_bufnr(buf) })
  else
    local all = table.concat(api.nvim_buf_get_lines(buf, 0, -1, false), "\n")
    local uri = path ~= "" and vim.uri_from_fname(path) or ("untitled:buffer-%d"):format(buf)
    if #all <= LONGEST then
      table.insert(blocks, 1, { type = "resource", uri = uri, text = all })
    end
  end
  return blocks
end

---The rows of the lines by now.
---@param edit chatls.Edit
---@return integer row
---@return integer stop
local function where(edit)
  local mark = api.nvim_buf_get_extmark_by_id(edit.buf, NAMESPACE, edit.mark, { details = true })
  return mark[1], mark[3].end_row
end

---@param edit chatls.Edit
---@param text string
local function tell(edit, text)
  local row, stop = where(edit)
  api.nvim_buf_set_extmark(edit.buf, NAMESPACE, row, 0, {
    id = edit.mark,
    end_row = stop,
    hl_group = "ChatlsInlineAsked",
    hl_eol = true,
    virt_text = { { "  " .. text, "ChatlsRunning" } },
  })
end

---@param edit chatls.Edit
local function show(edit)
  local row, stop = where(edit)
  if not vim.deep_equal(api.nvim_buf_get_lines(edit.buf, row, stop, false), edit.old) then
    over(edit)
    return say("the lines were changed meanwhile; nothing is done", vim.log.levels.WARN)
  end
  local hunks = hunks_of.between(edit.old, hunks_of.wanted(edit.reply, edit.old))
  over(edit)
  if #hunks == 0 then
    return say("the model changes nothing here")
  end
  edits[edit.buf] = edit
  edit.preview = preview.show(edit.buf, row, hunks, function()
    edits[edit.buf] = nil
  end)
end

local CUT = { max_tokens = "the reply was cut: select fewer lines", refusal = "the model refused" }

---@param edit chatls.Edit
---@param result? chatls.PromptResult
---@param err? chatls.Error
local function ended(edit, result, err)
  edit.handle = nil
  if not api.nvim_buf_is_loaded(edit.buf) or edits[edit.buf] ~= edit then
    return
  end
  local reason = result and result.stopReason
  if reason == "end_turn" and edit.reply:find("%S") then
    return show(edit)
  end
  over(edit)
  if reason == "cancelled" or err and err.kind == "cancelled" then
    return say("cancelled; nothing was changed")
  end
  local why = err or result and result.error
  say(why and why.message or CUT[reason] or "the model gave no text", vim.log.levels.WARN)
end

---@param buf integer
---@param first integer One-based.
---@param last integer Included.
---@param words string
local function ask(buf, first, last, words)
  require("chatls.chat.highlights").define()
  local old = api.nvim_buf_get_lines(buf, first - 1, last, false)
  local edit = { buf = buf, old = old, reply = "" }
  edit.mark = api.nvim_buf_set_extmark(buf, NAMESPACE, first - 1, 0, { end_row = last })
  edits[buf] = edit
  local cancels = keys.shown("edit_leave_all") or ":ChatCancel"
  tell(edit, ("● asking the model…  %s cancels"):format(cancels))
  local panel = package.loaded["chatls.chat.panel"]
  edit.handle = daemon.prompt({
    content = content(buf, first, last, old, words),
    model = panel and panel.get_model() or config.options.model,
    keep = false,
    tools = {},
  }, function(event)
    if event.kind == "textChunk" and edits[buf] == edit and api.nvim_buf_is_loaded(buf) then
      tell(edit, ("● writing…  %s cancels"):format(cancels))
    elseif event.kind == "stepEnd" then
      edit.reply = event.text
    end
  end, function(result, err)
    ended(edit, result, err)
  end)
  edit.release = preview.grab(buf, {
    edit_leave_all = function()
      M.cancel(buf)
    end,
  })
end

---@param buf integer
---@return boolean whether there was something to end
function M.cancel(buf)
  local edit = edits[buf]
  if not edit then
    return false
  elseif edit.handle then
    edit.handle:cancel()
  elseif edit.preview then
    edit.preview:close()
  end
  return true
end

---Have lines changed, and preview what comes back.
---@param buf integer
---@param first integer One-based.
---@param last integer Included.
---@param words? string What is to be done; without them the person is asked.
function M.start(buf, first, last, words)
  if not vim.bo[buf].modifiable or vim.bo[buf].buftype ~= "" then
    return say("this buffer cannot be changed", vim.log.levels.WARN)
  elseif edits[buf] then
    return say(("an edit is under way here: take or leave it first (%s)"):format(keys.shown("edit_leave_all") or ""))
  elseif words then
    return ask(buf, first, last, words)
  end
  vim.ui.input({ prompt = ("Change lines %d to %d how? "):format(first, last) }, function(written)
    if written and written:find("%S") and api.nvim_buf_is_loaded(buf) and not edits[buf] then
      ask(buf, first, math.min(last, api.nvim_buf_line_count(buf)), written)
    end
  end)
end

api.nvim_create_autocmd("BufUnload", {
  group = api.nvim_create_augroup("chatls_inline", { clear = true }),
  desc = "chatls: an edit ends with its buffer",
  callback = function(event)
    local edit = edits[event.buf]
    edits[event.buf] = nil
    if edit and edit.handle then
      edit.handle:cancel()
    end
  end,
})

return M
