-- Lets a test drive this Neovim: `nvim --headless -S driver.lua`. A line of stdin holds one JSON object, and so does the
-- line of stdout that answers it.
--
-- {"lua": CODE, "args": [...]} -> {"ok": true, "value": what it returned} or {"error": TEXT}. What the code waits for
-- happens in Neovim's own loop, as it does when a person looks on.

local channel

local function answer(line)
  local request = vim.json.decode(line, { luanil = { object = true, array = true } })
  local ok, value = pcall(function()
    return assert(loadstring(request.lua, "=test"))(unpack(request.args))
  end)
  local told = ok and { ok = true, value = value } or { error = tostring(value) }
  local encoded, text = pcall(vim.json.encode, told)
  vim.fn.chansend(channel, (encoded and text or vim.json.encode({ error = "no JSON: " .. text })) .. "\n")
end

local read = ""

local function on_stdin(_, data)
  if #data == 1 and data[1] == "" then
    return vim.cmd("qall!")
  end
  data[1] = read .. data[1]
  read = table.remove(data)
  for _, line in ipairs(data) do
    answer(line)
  end
end

---Waits in Neovim's own loop until the function gives something true, which is given back.
---@param given fun(): any
---@param seconds number
function _G.wait_for(given, seconds)
  local value
  local done = vim.wait(seconds * 1000, function()
    value = given()
    return value ~= nil and value ~= false
  end, 5)
  return done, value
end

channel = vim.fn.stdioopen({ on_stdin = on_stdin })
