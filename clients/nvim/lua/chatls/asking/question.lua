-- How a question of permission reads: all of what would be done, and the answers on single keys. Pure.

local format = require("chatls.chat.format")
local letters = require("chatls.letters")
local proposal_of = require("chatls.asking.proposal")

local M = {}

local WORDS = { allow_once = "yes", allow_always = "always", reject_once = "no", reject_always = "never" }

---For how long an answer holds. A daemon that does not say so says it in the id.
---@param option chatls.PermissionOption
---@return string
local function scope(option)
  if option.scope == "session" or option.scope == "workspace" then
    return option.scope
  end
  local id = option.id:lower()
  return id:find("session", 1, true) and "session" or id:find("workspace", 1, true) and "workspace" or ""
end

---@param row chatls.Letter
---@param option chatls.PermissionOption
---@return boolean
local function suits(row, option)
  local id = option.id:lower()
  local wide = id:find("wide", 1, true) or id:find("inside", 1, true)
  local held = row.scope == "" or row.scope == scope(option)
  return row.kind == option.kind and held and not (row.narrow and wide)
end

---The key of every option, in their order: the letter of the first row that suits it and is free, else its number.
---@param options chatls.PermissionOption[]
---@return string[]
function M.letters(options)
  local taken, found = {}, {}
  for place, option in ipairs(options) do
    local key = tostring(place)
    for _, row in ipairs(letters.rows) do
      if not taken[row.key] and suits(row, option) then
        key, taken[row.key] = row.key, true
        break
      end
    end
    table.insert(found, key)
  end
  return found
end

---@class chatls.Entry
---@field key string
---@field label string
---@field option chatls.PermissionOption
---@field words? boolean It goes with words.
---@field edits? boolean It goes with what the person makes of the proposal.

---The keys that answer. A tenth option has none: it is one key.
---@param question chatls.Question
---@return chatls.Entry[]
function M.answers(question)
  local found = {}
  for at, key in ipairs(M.letters(question.options)) do
    local option = question.options[at]
    if #key == 1 then
      table.insert(found, { key = key, label = option.label, option = option })
    end
    if key == "y" and proposal_of.of(question) then
      local label = "Change it first, then allow it once"
      table.insert(found, { key = letters.edits, label = label, option = option, edits = true })
    end
    if key == "n" then
      local label = "No, and say what to do instead"
      table.insert(found, { key = letters.with_words, label = label, option = option, words = true })
    end
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
  if question.sandbox then
    add(drawing, "It would run in the sandbox.", "ChatlsQuiet")
  end
  add(drawing, "")
  for _, entry in ipairs(M.answers(question)) do
    table.insert(drawing.lines, (" %s  %s"):format(entry.key, entry.label))
    local group = vim.startswith(entry.option.kind, "allow") and "ChatlsCompleted" or "ChatlsFailed"
    table.insert(drawing.marks, { row = #drawing.lines - 1, from = 1, to = 1 + #entry.key, group = group })
    local covers = entry.option.covers
    if not (entry.words or entry.edits) and covers and covers ~= "" and vim.endswith(entry.option.kind, "_always") then
      add(drawing, "    " .. covers, "ChatlsQuiet")
    end
  end
  return drawing
end

---Where the answers are out of sight: their keys.
---@param question chatls.Question
---@return string
function M.keys(question)
  local told = {}
  for _, entry in ipairs(M.answers(question)) do
    table.insert(
      told,
      ("%s %s"):format(
        entry.key,
        entry.words and "no, but" or entry.edits and "change" or WORDS[entry.option.kind] or "?"
      )
    )
  end
  return (" %s  q later "):format(table.concat(told, "  "))
end

---The keys alone: "y/s/n".
---@param question chatls.Question
---@return string
function M.choices(question)
  local keys = {}
  for _, entry in ipairs(M.answers(question)) do
    table.insert(keys, entry.key)
  end
  return table.concat(keys, "/")
end

return M
