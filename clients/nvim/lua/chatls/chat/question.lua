-- How a question of permission reads: all of what would be done, and the answers on single keys. Pure.

local format = require("chatls.chat.format")

local M = {}

---The letters for each meaning; each option has its number, too.
local LETTERS = {
  allow_once = { "y" },
  allow_always = { "s", "a", "w" },
  reject_once = { "n" },
  reject_always = { "d", "D" },
}
local WORDS = { allow_once = "yes", allow_always = "always", reject_once = "no", reject_always = "never" }

---@param question chatls.Question
---@return { key: string, option: chatls.PermissionOption }[]
function M.answers(question)
  local used, found = {}, {}
  for at, option in ipairs(question.options) do
    local letters = LETTERS[option.kind] or {}
    used[option.kind] = (used[option.kind] or 0) + 1
    table.insert(found, { key = letters[used[option.kind]] or tostring(at), option = option })
  end
  return found
end

---@param drawing chatls.Drawing
---@param text string
---@param group? string|fun(line: string): string?
local function add(drawing, text, group)
  for _, line in ipairs(vim.split((text:gsub("\n+$", "")), "\n", { plain = true })) do
    table.insert(drawing.lines, line)
    local found = type(group) == "function" and group(line) or group
    if type(found) == "string" then
      table.insert(drawing.marks, { row = #drawing.lines - 1, from = 0, group = found })
    end
  end
end

---All of what would be done. Nothing is cut: who says yes has seen it.
---@param question chatls.Question
---@return chatls.Drawing
local function preview(question)
  local drawing = { lines = {}, marks = {} }
  local changes = vim.tbl_contains(question.preview, function(item)
    return item.type == "diff"
  end, { predicate = true })
  for _, item in ipairs(question.preview) do
    if item.type == "diff" then
      add(drawing, format.unified(item), format.diff_group)
    elseif item.type == "text" then
      add(drawing, item.text, changes and format.diff_group or nil)
    else
      add(drawing, item.uri or item.type, "ChatlsQuiet")
    end
  end
  return drawing
end

---@param question chatls.Question
---@return chatls.Drawing
function M.draw(question)
  local drawing = preview(question)
  add(drawing, "")
  for _, entry in ipairs(M.answers(question)) do
    local kind = entry.option.kind
    table.insert(drawing.lines, (" %s  %s"):format(entry.key, entry.option.label))
    local group = vim.startswith(kind, "allow") and "ChatlsCompleted" or "ChatlsFailed"
    table.insert(drawing.marks, { row = #drawing.lines - 1, from = 1, to = 1 + #entry.key, group = group })
  end
  add(drawing, " r  No, and say what to do instead")
  table.insert(drawing.marks, { row = #drawing.lines - 1, from = 1, to = 2, group = "ChatlsFailed" })
  return drawing
end

---Where the answers are out of sight: their keys.
---@param question chatls.Question
---@return string
function M.keys(question)
  local told = {}
  for _, entry in ipairs(M.answers(question)) do
    table.insert(told, ("%s %s"):format(entry.key, WORDS[entry.option.kind] or "?"))
  end
  return (" %s  q later "):format(table.concat(told, "  "))
end

return M
