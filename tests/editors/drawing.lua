-- For test_view.py: plays a transcript into buffers, and tells what they hold. `require`d by the editor under test.

local lines_of = require("chatls.chat.lines")
local state = require("chatls.chat.state")
local view_of = require("chatls.chat.view")

local M = {}

---A transcript's events, and its answer last.
function M.read(path)
  local items = {}
  for line in io.lines(path) do
    items[#items + 1] = vim.json.decode(line)
  end
  return items
end

local function ended(view, answer)
  if answer.result then
    return state.finish(view, answer.result)
  end
  return state.fail(view, vim.tbl_extend("force", { message = answer.error.message }, answer.error.data))
end

---What is in a buffer: its lines, and the marks with their places and colours.
function M.content(buffer)
  local marks = {}
  for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(buffer, -1, 0, -1, { details = true })) do
    local details = mark[4]
    local drawn = details.virt_text or details.virt_lines and details.virt_lines[1]
    local text = drawn and drawn[1][1] or ""
    local place = { mark[2], mark[3], details.end_row or "", details.end_col or "", details.hl_group or "", text }
    marks[#marks + 1] = table.concat(place, " ")
  end
  table.sort(marks)
  return { lines = vim.api.nvim_buf_get_lines(buffer, 0, -1, false), marks = marks }
end

---A transcript in the current window: drawn behind every `every`th event and at the end.
function M.play(items, every)
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_win_set_buf(0, buffer)
  vim.wo.foldmethod = "manual"
  local transcript, view = view_of.new(buffer), state.new()
  transcript:ask("What is here?", { "notes.txt" })
  for at = 1, #items - 1 do
    view = state.fold(view, items[at])
    if at % every == 0 then
      transcript:draw(view)
    end
  end
  transcript:finish(ended(view, items[#items]))
  return buffer, transcript
end

---The folds of the current window, as line numbers.
function M.folds()
  local found, line = {}, 1
  while line <= vim.api.nvim_buf_line_count(0) do
    local last = vim.fn.foldclosedend(line)
    if last > 0 then
      found[#found + 1] = ("%d-%d"):format(line, last)
    end
    line = math.max(last, line) + 1
  end
  return found
end

M.duration = lines_of.duration

return M
