-- For test_stress.py: turns whose answers end anywhere, most of them inside code, drawn as they grow and painted as a screen
-- would be, while windows come and go. `require`d by the editor under test.

local folds = require("chatls.chat.folds")
local markdown = require("chatls.chat.markdown")
local state = require("chatls.chat.state")
local view_of = require("chatls.chat.view")

local api = vim.api

local M = {}

local FENCES =
  { "```lua", "```c", "```vim", "```query", "```markdown", "```", "~~~lua", "````", "- ```lua", "  ```vim" }
local CODE =
  { "local x = { 1, 2 }", "-- why: `this`", "int main(void) {", "  return 0;", "}", "", "# no heading", "ä = 1" }
local WORDS =
  { "# A heading", "Some **bold** and `code`.", "", "- a point", "  - one below", "> said", "| a | b |", "<b>" }
local REASONS = { "cancelled", "max_tokens", "end_turn", "error" }

---@alias chatls.test.Roll fun(limit: integer): integer From 1 to the limit.

---Other numbers for each seed, and the same ones wherever it runs.
---@param seed integer
---@return chatls.test.Roll
local function dice(seed)
  local at = seed
  return function(limit)
    at = (at * 16807) % 2147483647
    return at % limit + 1
  end
end

local function pick(roll, list)
  return list[roll(#list)]
end

---Words and code, cut at some line of the last code or in the middle of that line.
---@param roll chatls.test.Roll
local function answer(roll)
  local lines = {}
  for _ = 1, roll(3) do
    for _ = 1, roll(6) do
      lines[#lines + 1] = pick(roll, WORDS)
    end
    lines[#lines + 1] = pick(roll, FENCES)
    for _ = 1, roll(12) do
      lines[#lines + 1] = pick(roll, CODE)
    end
    lines[#lines + 1] = (lines[#lines]:gsub("%w+$", ""))
  end
  local text = table.concat(lines, "\n", 1, #lines - roll(8))
  return text:sub(1, #text - roll(6) + 1)
end

---What else happens in a turn: each gives an event.
local EVENTS = {
  function(roll)
    return { kind = "thinkingChunk", text = ("hm ```lua\n"):rep(roll(3)) }
  end,
  function()
    return { kind = "retry", attempt = 1, delayMs = 10, reason = "rate_limited", text = "too much" }
  end,
  function(roll, calls)
    calls[#calls + 1] = "call-" .. #calls
    return {
      kind = "toolCallStart",
      toolCallId = calls[#calls],
      name = "search",
      toolKind = roll(2) == 1 and "read" or "other",
    }
  end,
  function(roll, calls)
    return { kind = "toolRunOutput", toolCallId = pick(roll, calls), text = ("```c\nint x;\n"):rep(roll(4)) }
  end,
  function(roll, calls)
    return { kind = "toolCallDelta", toolCallId = pick(roll, calls), argumentsDelta = '{"pattern": "```' }
  end,
  function(roll)
    return { kind = "stepEnd", text = answer(roll), stopReason = "tool_use" }
  end,
}

---What a person does meanwhile.
local DEEDS = {
  function(roll)
    api.nvim_win_set_cursor(0, { roll(api.nvim_buf_line_count(0)), 0 })
  end,
  function()
    vim.cmd("normal! G")
  end,
  function()
    vim.cmd("normal! zR")
  end,
  function()
    vim.cmd("normal! zM")
  end,
  function()
    vim.cmd("split")
  end,
  function()
    vim.cmd("silent only")
  end,
  function(_, transcript)
    vim.cmd("enew")
    vim.cmd("redraw")
    api.nvim_win_set_buf(0, transcript.buf)
    folds.restore(0, transcript.items)
  end,
}

---A transcript in the current window, as a person has it.
---@return chatls.Transcript
local function open()
  local buffer = api.nvim_create_buf(false, true)
  api.nvim_win_set_buf(0, buffer)
  vim.bo[buffer].filetype = "chatls"
  vim.wo.foldmethod, vim.wo.conceallevel = "manual", 2
  markdown.start(buffer)
  return view_of.new(buffer)
end

local function paint(roll)
  vim.cmd(roll(2) == 1 and "redraw!" or "redraw")
end

---@param roll chatls.test.Roll
---@param transcript chatls.Transcript
local function turn(roll, transcript)
  local view, calls, text, at = state.new(), { "unknown" }, answer(roll), 1
  transcript:ask("and ```then?", {})
  while at <= #text do
    local size = roll(60)
    view = state.fold(view, { kind = "textChunk", text = text:sub(at, at + size - 1) })
    at = at + size
    if roll(12) == 1 then
      view = state.fold(view, pick(roll, EVENTS)(roll, calls))
    end
    transcript:draw(view)
    paint(roll)
    if roll(10) == 1 then
      pick(roll, DEEDS)(roll, transcript)
      paint(roll)
    end
  end
  local reason = pick(roll, REASONS)
  if reason == "error" then
    view = state.fail(view, { kind = "internal", message = "the daemon is gone", retryable = false })
  else
    view = state.finish(view, { sessionId = "one", stopReason = reason, steps = view.steps + 1, chunks = 1 })
  end
  transcript:finish(view)
  paint(roll)
end

---The answers that treesitter reads otherwise than if nothing else were in the buffer.
---@param transcript chatls.Transcript
---@return string[]
function M.misread(transcript)
  local parser = vim.treesitter.get_parser(transcript.buf, "markdown")
  parser:parse(true)
  local read = {}
  for _, tree in pairs(parser:trees()) do
    read[tree:included_ranges(false)[1][1]] = tree:root():sexpr()
  end
  local found = {}
  for _, item in ipairs(transcript.items) do
    if item.kind == "text" and #item.lines > 0 then
      local text = table.concat(item.lines, "\n") .. "\n"
      local alone = vim.treesitter.get_string_parser(text, "markdown"):parse()[1]:root():sexpr()
      if read[item.row] ~= alone then
        found[#found + 1] = ("%s\n%s\nand not\n%s"):format(text, read[item.row], alone)
      end
    end
  end
  return found
end

---Begins a chat, and gives what plays so many turns of it.
---@param seed integer
---@return fun(turns: integer), chatls.Transcript
function M.begin(seed)
  local roll, transcript = dice(seed), open()
  return function(turns)
    for _ = 1, turns do
      turn(roll, transcript)
    end
  end, transcript
end

return M
