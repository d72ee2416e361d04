-- The small parts that drawings are made of: durations, amounts, sections, diffs. Pure.

local M = {}

---A part of a line that stands out. `to` is exclusive; without it, to the end of the line.
---@class chatls.Mark
---@field row integer Zero-based, of the lines.
---@field from integer Bytes.
---@field to? integer
---@field group string

---@class chatls.Drawing
---@field lines string[]
---@field marks chatls.Mark[]
---@field bar? boolean All lines but the first have a bar before them.

local SECTION = 400 -- lines of one section; of a longer one the middle is left out
local WIDTH = 2000 -- bytes of one line of a tool's output

---@param ms number
---@return string
function M.duration(ms)
  if ms < 1000 then
    return ("%d ms"):format(ms)
  elseif ms < 60000 then
    return ("%.1f s"):format(ms / 1000)
  end
  return ("%d min %02d s"):format(math.floor(ms / 60000), math.floor(ms / 1000) % 60)
end

---@param bytes integer
---@return string
function M.amount(bytes)
  return bytes < 1000 and ("%d bytes"):format(bytes) or ("%.1f kB"):format(bytes / 1000)
end

---@param count integer
---@return string
function M.grouped(count)
  local text = tostring(math.floor(count)):reverse():gsub("(%d%d%d)", "%1,"):reverse()
  return (text:gsub("^,", ""))
end

---At most so many bytes, never half a character.
---@param text string
---@param bytes integer
---@return string
function M.cut(text, bytes)
  if #text <= bytes then
    return text
  end
  while bytes > 0 and text:byte(bytes + 1) >= 0x80 and text:byte(bytes + 1) < 0xC0 do
    bytes = bytes - 1
  end
  return text:sub(1, bytes) .. "…"
end

---One line of at most so many cells.
---@param text string
---@param cells integer
---@return string
function M.cut_cells(text, cells)
  text = vim.trim((text:gsub("[%c%s]+", " ")))
  if vim.fn.strdisplaywidth(text) <= cells then
    return text
  end
  local count = math.min(vim.fn.strchars(text), cells)
  while count > 0 and vim.fn.strdisplaywidth(vim.fn.strcharpart(text, 0, count)) > cells - 1 do
    count = count - 1
  end
  return vim.fn.strcharpart(text, 0, count) .. "…"
end

---At most so many cells: of a path the end stays, and with it the file's name.
---@param text string
---@param cells integer
---@return string
function M.cut_front(text, cells)
  if vim.fn.strdisplaywidth(text) <= cells then
    return text
  end
  local from, count = 0, vim.fn.strchars(text)
  while from < count and vim.fn.strdisplaywidth(vim.fn.strcharpart(text, from)) > cells - 1 do
    from = from + 1
  end
  return "…" .. vim.fn.strcharpart(text, from)
end

---Adds a section; of one that is too long the middle is left out.
---@param drawing chatls.Drawing
---@param text string
---@param group? string|fun(line: string): string?
function M.section(drawing, text, group)
  local lines = vim.split((text:gsub("\r", ""):gsub("\n+$", "")), "\n", { plain = true })
  local skipped = #lines - SECTION
  for at, line in ipairs(lines) do
    local middle = skipped > 0 and at > SECTION / 2 and at <= SECTION / 2 + skipped
    if not middle then
      table.insert(drawing.lines, M.cut(line, WIDTH))
      local found = type(group) == "function" and group(line) or group
      if type(found) == "string" then
        table.insert(drawing.marks, { row = #drawing.lines - 1, from = 0, group = found })
      end
    elseif at == SECTION / 2 + 1 then
      table.insert(drawing.lines, ("⋯ %s lines are not shown"):format(M.grouped(skipped)))
      table.insert(drawing.marks, { row = #drawing.lines - 1, from = 0, group = "ChatlsQuiet" })
    end
  end
end

---Which colour a line of a unified diff has.
---@param line string
---@return string?
function M.diff_group(line)
  local first = line:sub(1, 1)
  if vim.startswith(line, "--- ") or vim.startswith(line, "+++ ") or vim.startswith(line, "@@ ") then
    return "ChatlsHunk"
  end
  return first == "+" and "ChatlsAdded" or first == "-" and "ChatlsRemoved" or nil
end

---A diff as people read it.
---@param diff chatls.Diff
---@return string
function M.unified(diff)
  local compare = vim.text and vim.text.diff or vim.diff
  local function name(uri)
    return vim.fn.fnamemodify(vim.uri_to_fname(uri), ":.")
  end
  local before = diff.change == "new" and "/dev/null" or name(diff.from or diff.uri)
  local after = diff.change == "deleted" and "/dev/null" or name(diff.uri)
  local hunks = compare(diff.oldText, diff.newText, { ctxlen = 3 }) --[[@as string]]
  return ("--- %s\n+++ %s\n%s"):format(before, after, hunks)
end

return M
