-- How a tool call reads: one line with its true state, and behind it what it was asked and what came of it. Pure.

local format = require("chatls.chat.format")
local text_of = require("chatls.chat.text")

local M = {}

---@type table<string, { icon: string, group: string, word?: string, short?: string }>
M.STATUS = {
  streaming = { icon = "…", group = "ChatlsRunning", word = "writing" },
  ready = { icon = "○", group = "ChatlsRunning", word = "ready" },
  awaiting_permission = { icon = "?", group = "ChatlsWaiting", word = "waits for your permission", short = "waits" },
  running = { icon = "▶", group = "ChatlsRunning", word = "running" },
  completed = { icon = "✓", group = "ChatlsCompleted" },
  failed = { icon = "✗", group = "ChatlsFailed", word = "failed" },
  denied = { icon = "⊘", group = "ChatlsCancelled", word = "denied" },
  cancelled = { icon = "■", group = "ChatlsCancelled", word = "cancelled" },
  timed_out = { icon = "✗", group = "ChatlsFailed", word = "timed out" },
}

---@param text string
---@param width integer Cells, about.
local function one_line(text, width)
  return width < 6 and "" or format.cut((text:gsub("%c+", " ")), width)
end

---Of arguments that are still being written: the first text among them, as far as it goes.
---@param raw string
---@return string
local function telling(raw)
  local value = raw:match('^[^"]*"[^"]*"%s*:%s*"(.*)') or ""
  local closed = value:find('[^\\]"') or (value:sub(1, 1) == '"' and 0)
  value = closed and value:sub(1, closed) or value
  return (value:gsub("\\[nrt]", " "):gsub('\\(["\\/])', "%1"))
end

---What is told behind the name: how it stands, and for how long.
---@param block chatls.Block
---@param elapsed? integer
---@param short boolean In one word.
---@return string
local function standing(block, elapsed, short)
  local told = {}
  local look = M.STATUS[block.status] or { word = block.status }
  table.insert(told, look.word)
  if short and look.short then
    return "  " .. look.short
  elseif block.status == "streaming" then
    table.insert(told, format.amount(text_of.size(block.argumentsText)))
  elseif block.durationMs and block.durationMs > 0 then
    table.insert(told, format.duration(block.durationMs))
  elseif elapsed and elapsed >= 1000 then
    table.insert(told, ("%d s"):format(elapsed / 1000))
  end
  return #told > 0 and "  " .. table.concat(told, " · ") or ""
end

---@param block chatls.Block
---@return string
function M.argument(block)
  if not block.title then
    return telling(text_of.head(block.argumentsText, 1000))
  end
  return vim.startswith(block.title, block.name) and block.title:sub(#block.name + 2) or block.title
end

---The argument in so many cells: of a path the end counts.
---@param block chatls.Block
---@param cells integer
local function fitted(block, cells)
  local text = (M.argument(block):gsub("%c+", " "))
  if #(block.locations or {}) > 0 and not text:find(" ", 1, true) then
    return cells < 2 and "" or format.cut_front(text, cells)
  end
  return one_line(text, cells)
end

---The line of a call: its state, its name, the most telling argument, and how it stands. It fits the width.
---@param block chatls.Block
---@param elapsed? integer Milliseconds since it stands so.
---@param width integer
---@return string, chatls.Mark[]
function M.line(block, elapsed, width)
  local look = M.STATUS[block.status] or { icon = "·", group = "ChatlsQuiet", word = block.status }
  local name, after = look.icon .. " " .. block.name, standing(block, elapsed, false)
  local function room()
    return width - vim.fn.strdisplaywidth(name .. after) - 3
  end
  if vim.fn.strdisplaywidth(M.argument(block)) > room() then
    after = standing(block, elapsed, true)
  end
  local rest = fitted(block, room())
  local middle = name .. (rest ~= "" and " " .. rest or "")
  return middle .. after,
    {
      { row = 0, from = 0, to = #look.icon, group = look.group },
      { row = 0, from = #look.icon + 1, to = #name, group = "ChatlsTool" },
      { row = 0, from = #name, to = #middle, group = "ChatlsArgument" },
      { row = 0, from = #middle, group = look.word and look.group or "ChatlsQuiet" },
    }
end

---The members in the order in which the model wrote them.
---@param block chatls.Block
---@return string[]
local function argument_names(block)
  local raw = text_of.joined(block.argumentsText)
  local names = vim.tbl_keys(block.arguments or {})
  local place = {}
  for _, name in ipairs(names) do
    place[name] = raw:find('"' .. name .. '"', 1, true) or math.huge
  end
  table.sort(names, function(one, other)
    return place[one] == place[other] and one < other or place[one] < place[other]
  end)
  return names
end

local function arguments(drawing, block)
  if not block.arguments then
    format.section(drawing, text_of.head(block.argumentsText, 100000), "ChatlsQuiet")
    return
  end
  for _, name in ipairs(argument_names(block)) do
    local value = block.arguments[name]
    local text = type(value) == "string" and value or vim.json.encode(value)
    format.section(drawing, name .. (text:find("\n") and ":\n" or ": ") .. text, function(line)
      return vim.startswith(line, name .. ":") and "ChatlsQuiet" or nil
    end)
  end
end

---@param content chatls.ToolContent[]
---@param type string
local function first(content, type)
  for _, item in ipairs(content) do
    if item.type == type then
      return item
    end
  end
end

local function result(drawing, block)
  local changed = first(block.content, "diff")
  for _, item in ipairs(block.content) do
    if item.type == "text" then
      format.section(drawing, item.text, changed and format.diff_group or nil)
    elseif item.type == "resource_link" then
      format.section(drawing, item.uri, "ChatlsKey")
    end
  end
  local text = first(block.content, "text")
  if changed and not (text and text.text:find("\n@@ ", 1, true)) then
    format.section(drawing, format.unified(changed), format.diff_group)
  end
end

---@param block chatls.Block
---@param elapsed? integer Milliseconds since it stands as it does.
---@param width integer Of the window, in cells.
---@return chatls.Drawing
function M.draw(block, elapsed, width)
  local line, marks = M.line(block, elapsed, width)
  local drawing = { lines = { line }, marks = marks, bar = true }
  if not first(block.content, "diff") and text_of.size(block.argumentsText) > 2 then
    arguments(drawing, block)
  end
  if block.argumentsError then
    format.section(drawing, block.argumentsError, "ChatlsFailed")
  end
  if #block.content > 0 then
    result(drawing, block)
  elseif #block.output.pieces > 0 then
    format.section(drawing, text_of.tail(block.output, 100000))
  end
  return drawing
end

return M
