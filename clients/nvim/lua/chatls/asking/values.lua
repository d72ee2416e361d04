-- The fields of a form: how they read, and what a typed text is in one. Pure.

local M = {}

local MOST_DIGITS = 14 -- more do not survive the way to the daemon
local LONGEST = 10000
local KINDS = { integer = "a whole number", number = "a number" }

---On one line.
---@param text any
---@return string
function M.line(text)
  return (tostring(text):gsub("%c", " "))
end

---@param value any
---@return string
local function words(value)
  return value == nil and "(left out)" or value == true and "yes" or value == false and "no" or M.line(value)
end

---@param field chatls.FormField
---@return any
local function default(field)
  local given = field.default
  if given == vim.NIL then
    return nil
  end
  return given
end

---@param field chatls.FormField
---@return string
function M.title(field)
  local notes = { KINDS[field.type] }
  if not field.required then
    table.insert(notes, "may be left out")
  end
  return M.line(field.title) .. (#notes > 0 and (" (%s)"):format(table.concat(notes, ", ")) or "")
end

---@class chatls.FormChoice
---@field value? string|boolean
---@field usual? boolean

---What there is to choose from; nil: it is to be written. `known` is what was chosen before.
---@param field chatls.FormField
---@param known any
---@return chatls.FormChoice[]?
function M.choices(field, known)
  local given = field.type == "boolean" and { true, false } or field.type == "choice" and field.choices or nil
  if not given then
    return nil
  end
  local usual = known
  if usual == nil then
    usual = default(field)
  end
  local found = {}
  for _, value in ipairs(given) do
    local item = { value = value, usual = value == usual }
    table.insert(found, item.usual and 1 or #found + 1, item)
  end
  if not field.required and default(field) == nil then
    table.insert(found, {})
  end
  return found
end

---@param choice chatls.FormChoice
---@return string
function M.label(choice)
  return words(choice.value) .. (choice.usual and " (default)" or "")
end

---What stands in the line before anything is typed.
---@param field chatls.FormField
---@param known any
---@return string?
function M.text(field, known)
  local value = known
  if value == nil then
    value = default(field)
  end
  return value ~= nil and M.line(value) or nil
end

---@param field chatls.FormField
---@param text string
---@return number? value
---@return string? wrong
local function number(field, text)
  local value = tonumber(text)
  local whole = text:match("^[+-]?%d+$") ~= nil
  if not value or text:find("[xX]") or value ~= value or math.abs(value) == math.huge then
    return nil, "not " .. KINDS[field.type]
  elseif field.type == "integer" and not whole then
    return nil, "not a whole number"
  elseif whole and #text:gsub("^[+-]?0*", "") > MOST_DIGITS then
    return nil, ("at most %d digits"):format(MOST_DIGITS)
  end
  return value
end

---What a text is in a field; nil and no complaint: it is left out.
---@param field chatls.FormField
---@param text string
---@return string|number? value
---@return string? wrong
function M.of(field, text)
  local typed = vim.trim(text)
  if typed == "" then
    local cleared = field.type == "string" and default(field) ~= nil
    if field.required or (default(field) ~= nil and not cleared) then
      return nil, "it has to be filled in"
    end
    return cleared and "" or nil
  elseif field.type ~= "string" then
    return number(field, typed)
  elseif vim.fn.strchars(text) > LONGEST then
    return nil, ("at most %d characters"):format(LONGEST)
  end
  return text
end

---What is asked, and of a whole form what would be sent.
---@param form chatls.Elicitation
---@param given? table<string, any>
---@return string
function M.summary(form, given)
  local server = M.line(form.server)
  if not given or #form.fields == 0 then
    return ("%s (an MCP server; tell it no secret) asks: %s"):format(server, M.line(form.message))
  end
  local told = {}
  for _, field in ipairs(form.fields) do
    table.insert(told, ("%s: %s"):format(M.line(field.title), words(given[field.name])))
  end
  return ("To %s: %s"):format(server, table.concat(told, ", "))
end

return M
