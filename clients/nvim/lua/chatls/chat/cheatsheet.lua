-- The keys of the window that one is in, as they are set: a window that goes with the next key or move.

local highlights = require("chatls.chat.highlights")
local keys = require("chatls.chat.keys")
local question_of = require("chatls.asking.question")

local api = vim.api

local M = {}

---@type integer?
local shown

local function close()
  local win = shown
  shown = nil
  if win and api.nvim_win_is_valid(win) then
    api.nvim_win_close(win, true)
  end
end

local function go_with_the_next_move()
  local win, at = api.nvim_get_current_win(), api.nvim_win_get_cursor(0)
  local group = api.nvim_create_augroup("chatls_keys", { clear = true })
  api.nvim_create_autocmd({ "CursorMoved", "InsertEnter", "WinLeave", "CmdlineEnter" }, {
    group = group,
    callback = function(event)
      -- An old move may be told of late.
      local same = api.nvim_get_current_win() == win and vim.deep_equal(api.nvim_win_get_cursor(0), at)
      if event.event ~= "CursorMoved" or not same then
        api.nvim_clear_autocmds({ group = group })
        vim.schedule(close)
      end
    end,
  })
end

---@param rows [string, string][] A key, and what it does.
---@param title string
local function show(rows, title)
  close()
  local widest, lines = 0, {}
  for _, row in ipairs(rows) do
    widest = math.max(widest, vim.fn.strdisplaywidth(row[1]))
  end
  for _, row in ipairs(rows) do
    local gap = (" "):rep(widest - vim.fn.strdisplaywidth(row[1]) + 2)
    table.insert(lines, " " .. row[1] .. gap .. row[2] .. " ")
  end
  local buf = require("chatls.chat.scratch")()
  vim.bo[buf].bufhidden = "wipe"
  vim.bo[buf].filetype = "chatls-keys"
  api.nvim_buf_set_lines(buf, 0, -1, false, lines)
  for row = 1, #rows do
    api.nvim_buf_set_extmark(
      buf,
      highlights.namespace,
      row - 1,
      1,
      { end_col = 1 + #rows[row][1], hl_group = "ChatlsKey" }
    )
  end
  local width = 20
  for _, line in ipairs(lines) do
    width = math.max(width, vim.fn.strdisplaywidth(line))
  end
  width = math.min(width, vim.o.columns - 4)
  local height = math.min(#lines, math.max(1, vim.o.lines - 6))
  shown = api.nvim_open_win(buf, false, {
    relative = "editor",
    width = width,
    height = height,
    row = math.max(0, math.floor((vim.o.lines - height) / 2) - 1),
    col = math.max(0, math.floor((vim.o.columns - width) / 2)),
    border = "rounded",
    style = "minimal",
    focusable = false,
    zindex = 60,
    title = (" %s "):format(title),
  })
  go_with_the_next_move()
end

---Show the keys of one of the chat's windows; a second time, take them away.
---@param where "transcript"|"prompt"
function M.of_chat(where)
  if shown and api.nvim_win_is_valid(shown) then
    return close()
  end
  local rows = {}
  for _, key in ipairs(keys.set(where)) do
    table.insert(rows, { table.concat(key.typed, " "), key.doc })
  end
  show(rows, where)
end

---@param question chatls.Question
function M.of_question(question)
  if shown and api.nvim_win_is_valid(shown) then
    return close()
  end
  local rows = {}
  for _, entry in ipairs(question_of.answers(question)) do
    table.insert(rows, { entry.key, entry.label })
  end
  vim.list_extend(rows, {
    { "q <Esc>", "decide later: the question stays open" },
    { keys.shown("cancel") or "<C-c>", "cancel the turn" },
  })
  show(rows, "question")
end

return M
