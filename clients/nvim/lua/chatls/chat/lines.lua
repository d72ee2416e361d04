-- How each thing in a transcript reads: lines of text, and which parts of them stand out. Pure; view.lua puts them into a
-- buffer.

local call = require("chatls.chat.call")
local format = require("chatls.chat.format")
local keys = require("chatls.chat.keys")

local M = {}

local function notice(block)
  local icon = block.level == "warning" and "! " or "· "
  local group = block.level == "warning" and "ChatlsWarning" or "ChatlsNotice"
  local drawing = { lines = {}, marks = {} }
  format.section(drawing, icon .. block.text, group)
  return drawing
end

local function retry(block)
  local drawing = { lines = {}, marks = {} }
  local when = block.delayMs > 0 and (" (in %s)"):format(format.duration(block.delayMs)) or ""
  format.section(drawing, ("↻ try %d%s: %s"):format(block.attempt + 1, when, block.text), "ChatlsWarning")
  return drawing
end

---What the person said meanwhile, where the model was told.
local function steered(block)
  local drawing = { lines = {}, marks = {} }
  format.section(drawing, "▸ " .. block.text:gsub("\n", "\n  "), "ChatlsSteered")
  return drawing
end

---What the model is sent was made shorter: the summary lies in a fold.
local function compaction(block)
  local drawing = { lines = {}, marks = {}, bar = true }
  local head = "✂ the conversation is long: its earlier part is being summarised…"
  if block.after then
    local tokens = "✂ the earlier part was summarised: %s tokens are %s now"
    head = tokens:format(format.grouped(block.before), format.grouped(block.after))
  end
  format.section(drawing, head, "ChatlsNotice")
  if block.summary and block.summary ~= "" then
    format.section(drawing, block.summary, "ChatlsThinking")
  end
  return drawing
end

local DRAWN = { notice = notice, retry = retry, steered = steered, compaction = compaction }

---How a block that is not simply text reads.
---@param block chatls.Block
---@param elapsed? integer Milliseconds since it stands as it does.
---@param width integer Of the window, in cells.
---@return chatls.Drawing
function M.block(block, elapsed, width)
  if block.type == "tool" then
    return call.draw(block, elapsed, width)
  end
  return DRAWN[block.type](block)
end

---What a person asked, and what went along.
---@param text string
---@param attachments string[]
---@return chatls.Drawing
function M.prompt(text, attachments)
  local drawing = { lines = vim.split((text:gsub("\r", "")), "\n", { plain = true }), marks = {} }
  for _, name in ipairs(attachments) do
    table.insert(drawing.lines, "@ " .. (name:gsub("%c", " ")))
    table.insert(drawing.marks, { row = #drawing.lines - 1, from = 0, group = "ChatlsAttachment" })
  end
  return drawing
end

---A line of ours.
---@param text string
---@return chatls.Drawing
function M.remark(text)
  local drawing = { lines = {}, marks = {} }
  format.section(drawing, text, "ChatlsNotice")
  return drawing
end

---Before the first turn that is shown, where others are kept.
---@return chatls.Drawing
function M.earlier()
  return M.remark(("⋯ earlier turns: %s here shows them"):format(keys.shown("act") or ":ChatHistory"))
end

local ENDS = {
  interrupted = "■ Interrupted: chatls or the editor ended before the turn did.",
  max_tokens = "■ The reply was longer than allowed, and was cut.",
  max_turn_requests = "■ Ended: as many steps as the settings allow (limits.maxSteps).",
  refusal = "■ The model refused.",
}

---@param view chatls.View
local function tally(view)
  local told, runs = {}, 0
  for _, count in pairs(view.tools) do
    runs = runs + count
  end
  if runs > 0 then
    table.insert(told, runs == 1 and "1 tool call" or runs .. " tool calls")
  end
  if view.usage then
    local tokens = "%s → %s tokens"
    table.insert(told, tokens:format(format.grouped(view.usage.inputTokens), format.grouped(view.usage.outputTokens)))
  end
  if view.durationMs then
    table.insert(told, format.duration(view.durationMs))
  end
  return table.concat(told, " · ")
end

---The last line of a turn: how it ended.
---@param view chatls.View
---@return chatls.Drawing
function M.ending(view)
  local drawing = { lines = {}, marks = {} }
  local sum = tally(view)
  if view.stopReason == "error" then
    local error = view.error or { kind = "internal", message = "no word on why" }
    format.section(drawing, ("✗ Failed: %s"):format(error.message), "ChatlsFailed")
    if error.retryable then
      format.section(drawing, "  The same prompt may succeed later.", "ChatlsQuiet")
    end
  elseif view.stopReason == "cancelled" then
    format.section(drawing, "■ Cancelled" .. (sum ~= "" and " · " .. sum or ""), "ChatlsCancelled")
  else
    local word = ENDS[view.stopReason]
    if word then
      format.section(drawing, word, "ChatlsCancelled")
    end
    format.section(drawing, "─ " .. (sum ~= "" and sum or "done"), "ChatlsQuiet")
  end
  return drawing
end

return M
