-- Checks what `setup` was given against the table of config.lua. What does not fit is told, and keeps its default.

local config = require("chatls.config")

local M = {}

---@param name string
---@return chatls.Option?, boolean whether it is the name of a table of options
local function find(name)
  local inside = false
  for _, option in ipairs(config.OPTIONS) do
    if option.name == name then
      return option, false
    end
    inside = inside or vim.startswith(option.name, name .. ".")
  end
  return nil, inside
end

---How many letters have to be put in, taken out or changed to make one word of another.
---@param one string
---@param other string
---@return integer
local function distance(one, other)
  local before = {}
  for at = 0, #other do
    before[at] = at
  end
  for row = 1, #one do
    local now = { [0] = row }
    for at = 1, #other do
      local changed = before[at - 1] + (one:byte(row) == other:byte(at) and 0 or 1)
      now[at] = math.min(before[at] + 1, now[at - 1] + 1, changed)
    end
    before = now
  end
  return before[#other]
end

---@param name string
---@return string
local function nearest(name)
  local best, least = nil, math.max(3, #name / 3)
  for _, option in ipairs(config.OPTIONS) do
    local far = distance(name, option.name)
    if far < least then
      best, least = option.name, far
    end
  end
  return best and (" (did you mean `%s`?)"):format(best) or ""
end

---@param option chatls.Option
---@param value any
---@return string? complaint
local function misfit(option, value)
  if not vim.tbl_contains(option.type, type(value)) then
    return ("`%s` must be a %s, not a %s"):format(option.name, table.concat(option.type, " or a "), type(value))
  end
  if option.values and not vim.tbl_contains(option.values, value) then
    return ("`%s` must be one of %s, not %q"):format(option.name, table.concat(option.values, ", "), value)
  end
end

---@param given table
---@param prefix string
---@param into table
---@param complaints string[]
local function take(given, prefix, into, complaints)
  for key, value in pairs(given) do
    local name = prefix .. tostring(key)
    local option, inside = find(name)
    if inside and type(value) == "table" then
      into[key] = into[key] or {}
      take(value, name .. ".", into[key], complaints)
    elseif not option then
      table.insert(complaints, ("there is no option `%s`%s"):format(name, nearest(name)))
    else
      local complaint = misfit(option, value)
      table.insert(complaints, complaint)
      if not complaint then
        into[key] = vim.deepcopy(value)
      end
    end
  end
end

---Set options. What does not fit keeps its default.
---@param given? table<string, any>
---@return string[] complaints For people, one for each option that cannot be used.
function M.apply(given)
  local values, complaints = config.defaults(), {}
  take(given or {}, "", values, complaints)
  table.sort(complaints)
  config.options = values
  return complaints
end

return M
