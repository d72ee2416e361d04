-- The part of the fold (state.lua) that is about what stands beside the reply: notices, retries, what the person said.

local text = require("chatls.chat.text")

local M = {}

---A block that begins now, behind all others.
---@param view chatls.View
---@param block table
function M.add(view, block)
  block.step, block.rev = view.steps + 1, 1
  view.blocks[#view.blocks + 1] = block
  return block
end

local function but_for_numbers(told)
  return (told:gsub("[0-9][0-9.,]*", "0"))
end

function M.notice(view, event)
  view.model = event.model or view.model
  local last = view.blocks[#view.blocks]
  local same = last and last.type == "notice" and last.level == event.level and last.step == view.steps + 1
  if same and but_for_numbers(last.text) == but_for_numbers(event.text) then
    last.text = event.text
    last.rev = last.rev + 1
  else
    M.add(view, { type = "notice", level = event.level, text = event.text })
  end
end

function M.retry(view, event)
  if event.discards == "thinking" then -- that of a reply that broke off does not count
    for at = #view.blocks, 1, -1 do
      if view.blocks[at].type == "thinking" and view.blocks[at].step == view.steps + 1 then
        table.remove(view.blocks, at)
      end
    end
  end
  local last = view.blocks[#view.blocks]
  local block = last and last.type == "retry" and last or M.add(view, { type = "retry" })
  block.attempt, block.delayMs, block.reason, block.text = event.attempt, event.delayMs, event.reason, event.text
  block.step = view.steps + 1
  block.rev = block.rev + 1
end

---The beginning of the step's text was thinking: other blocks take the place of the text's.
function M.reclassified(view, event)
  local left = event.from == "text" and event.to == "thinking" and event.length or 0
  local blocks = {}
  for _, block in ipairs(view.blocks) do
    if left == 0 or block.type ~= "text" or block.step ~= view.steps + 1 then
      blocks[#blocks + 1] = block
    else
      local thinking, rest, taken = text.split(text.joined(block.text), left)
      left = left - taken
      blocks[#blocks + 1] = { type = "thinking", step = block.step, rev = 1, text = text.new(thinking) }
      blocks[#blocks + 1] = rest ~= "" and { type = "text", step = block.step, rev = 1, text = text.new(rest) } or nil
    end
  end
  view.blocks = blocks
end

function M.steered(view, event)
  local words = {}
  for _, block in ipairs(event.content) do
    words[#words + 1] = block.type == "text" and block.text or nil
  end
  M.add(view, { type = "steered", text = table.concat(words, "\n") })
end

function M.compact_start(view, event)
  M.add(view, { type = "compaction", reason = event.reason, before = event.tokens })
end

function M.compact_end(view, event)
  for at = #view.blocks, 1, -1 do
    local block = view.blocks[at]
    if block.type == "compaction" and not block.after then
      block.before, block.after, block.summary = event.before, event.after, event.summary
      block.rev = block.rev + 1
      return
    end
  end
end

function M.context_usage(view, event)
  view.context = { tokens = event.tokens, window = event.window, exact = event.exact }
end

return M
