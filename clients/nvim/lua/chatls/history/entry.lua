-- How a chat that is kept reads in a list, and what is shown of it beside the list. Pure.

local M = {}

local DAY = 86400

---Of "2026-11-30T08:00:00.123Z", in UTC.
---@param text string
---@return integer? seconds
local function seconds_of(text)
  local year, month, day, hour, minute, second = text:match("^(%d+)-(%d+)-(%d+)T(%d+):(%d+):(%d+)")
  if not year then
    return nil
  end
  local date = { year = year, month = month, day = day, hour = hour, min = minute, sec = second, isdst = false }
  local there = os.time(date)
  local utc = os.date("!*t", there) --[[@as osdate]]
  utc.isdst = false
  return there + os.difftime(there, os.time(utc))
end

---How long ago something was, as people say it.
---@param text string ISO 8601, UTC.
---@param now integer
---@return string
function M.ago(text, now)
  local at = seconds_of(text)
  if not at then
    return ""
  end
  local age = math.max(now - at, 0)
  if age < 60 then
    return "just now"
  elseif age < 3600 then
    return ("%d min ago"):format(age / 60)
  elseif age < DAY then
    return ("%d h ago"):format(age / 3600)
  elseif age < 7 * DAY then
    return age < 2 * DAY and "yesterday" or ("%d days ago"):format(age / DAY)
  end
  return os.date("%Y-%m-%d", at) --[[@as string]]
end

local function count(number, word)
  return number == 1 and "1 " .. word or ("%d %ss"):format(number, word)
end

---@param text string
local function one_line(text)
  return vim.trim((text:gsub("[%c%s]+", " ")))
end

---What stands beside the title.
---@param entry chatls.SessionEntry
---@param now integer
---@return string
function M.facts(entry, now)
  local facts = { M.ago(entry.updatedAt, now), count(entry.turns, "turn") }
  if entry.running then
    table.insert(facts, entry.running == "here" and "runs" or "runs elsewhere")
  end
  if entry.branch then
    table.insert(facts, "taken back")
  elseif entry.parent then
    table.insert(facts, "a fork")
  end
  return table.concat(facts, " · ")
end

---The names of the folders that it is about.
---@param entry chatls.SessionEntry
---@return string
function M.folders(entry)
  return table.concat(
    vim.tbl_map(function(uri)
      return vim.fs.basename((vim.uri_to_fname(uri):gsub("(.)/$", "%1")))
    end, entry.folders),
    ", "
  )
end

---What stands below the title: where it was found, and whose it is.
---@param entry chatls.SessionEntry
---@param everywhere boolean Of all folders: name them.
---@return string
function M.about(entry, everywhere)
  local told = {}
  if everywhere and #entry.folders > 0 then
    table.insert(told, M.folders(entry))
  end
  if entry.snippet then
    table.insert(told, one_line(entry.snippet))
  end
  return table.concat(told, ": ")
end

---Why a list is empty.
---@param wanted chatls.Wanted
---@return string
function M.none(wanted)
  if wanted.query ~= "" then
    return ("no chat has the words %q"):format(wanted.query)
  end
  return wanted.everywhere and "there is no chat yet" or "there is no chat yet in these folders; :ChatHistory! has all"
end

---A line of a list.
---@param entry chatls.SessionEntry
---@param now integer
---@param everywhere boolean Of all folders: name them.
---@return string line
---@return integer title bytes of it
function M.line(entry, now, everywhere)
  local title, about = one_line(entry.title), M.about(entry, everywhere)
  local line = ("%s  %s"):format(title, M.facts(entry, now))
  return about ~= "" and line .. "  " .. about or line, #title
end

local ENDS = { cancelled = "cancelled", error = "failed", interrupted = "interrupted" }

---A chat as a person looks it over: each question, and what came of it.
---@param result chatls.LoadResult
---@param turns chatls.ReplayedTurn[] The last ones, of which the result tells.
---@param all integer How many there are.
---@param now integer
---@return string[] lines Markdown.
function M.preview(result, turns, all, now)
  local lines = { "# " .. one_line(result.title), "" }
  local facts = { M.ago(result.updatedAt, now), result.model }
  vim.list_extend(lines, { table.concat(facts, " · ") .. "  ", M.folders(result), "" })
  local left = all - #turns
  if left > 0 then
    vim.list_extend(lines, { ("⋯ %s before"):format(count(left, "turn")), "" })
  end
  for at, turn in ipairs(turns) do
    local entry = result.turns[at] or {}
    vim.list_extend(lines, { "## " .. one_line(turn.text), "" })
    for _, block in ipairs(turn.view.blocks) do
      if block.type == "text" then
        local text = table.concat(block.text.pieces):gsub("\r", "")
        vim.list_extend(lines, vim.split(vim.trim(text), "\n", { plain = true }))
        table.insert(lines, "")
      elseif block.type == "tool" then
        table.insert(lines, ("- `%s`"):format((one_line(block.title or block.name):gsub("`", "'"))))
      end
    end
    if ENDS[entry.stopReason or ""] then
      vim.list_extend(lines, { "", ("_%s_"):format(ENDS[entry.stopReason or ""]) })
    end
    table.insert(lines, "")
  end
  return lines
end

return M
