-- What a prompt may begin with (`/review`) and name (`@diff`): as the daemon tells it, asked anew when a person begins
-- to write one.

local M = {}

---What was told last.
---@type chatls.CommandsResult
M.told = { commands = {}, mentions = {} }

---@param then_do? fun() When it was told; not where it cannot be.
function M.ask(then_do)
  -- Not at once: keys ask while nothing may be changed.
  vim.schedule(function()
    require("chatls.daemon").request("chat/commands", {}, function(result)
      if result then
        M.told = result
      end
      if result and then_do then
        then_do()
      end
    end)
  end)
end

---The same for the command line, which cannot wait for long.
function M.ask_now()
  local done = false
  M.ask(function()
    done = true
  end)
  vim.wait(4000, function()
    return done
  end, 10)
end

---@param name string
---@param letters string
---@return boolean
local function fits(name, letters)
  return vim.startswith(name:lower(), letters:lower())
end

---@param letters string With the slash.
---@return table[] items For `complete()`.
function M.commands(letters)
  local found = {}
  for _, it in ipairs(M.told.commands) do
    if fits(it.name, letters:sub(2)) then
      local from = it.source == "built-in" and "" or (" (%s)"):format(it.source == "user" and "yours" or it.source)
      local abbr = "/" .. it.name .. (it.hint and " " .. it.hint or "")
      table.insert(found, { word = "/" .. it.name, abbr = abbr, menu = it.description .. from, dup = 0 })
    end
  end
  return found
end

---@param letters string With the `@`.
---@return table[] items For `complete()`.
function M.mentions(letters)
  local found = {}
  for _, it in ipairs(M.told.mentions) do
    if it.name ~= "file" and fits(it.name, letters:sub(2)) then
      local needs = it.hint and not vim.startswith(it.hint, "[")
      local word = "@" .. it.name .. (needs and ":" or "")
      table.insert(found, { word = word, abbr = it.name, menu = it.description, dup = 0 })
    end
  end
  if fits("clipboard", letters:sub(2)) then
    table.insert(found, { word = "@clipboard", abbr = "clipboard", menu = "the picture in the clipboard", dup = 0 })
  end
  return found
end

return M
