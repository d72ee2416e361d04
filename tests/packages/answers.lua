-- In a Neovim that has the packed plugin and nothing else: help is there, the daemon starts and says which tools it has.

local function fail(words)
  io.stderr:write(words .. "\n")
  vim.cmd("cquit 1")
end

local answered, tools
local ok, complaint = pcall(function()
  vim.cmd("helptags ALL")
  vim.cmd("help chatls")
  assert(vim.fn.exists(":Chat") == 2, ":Chat is missing")
  local place = vim.api.nvim_get_runtime_file("lua/chatls/init.lua", false)[1]
  assert(vim.startswith(place, vim.fn.stdpath("data")), "another plugin was loaded: " .. place)
  require("chatls.daemon").request("chat/tools", {}, function(result, err)
    answered, tools = err or "ok", result and result.tools
  end)
end)
if not ok then
  return fail(tostring(complaint))
end
vim.wait(60000, function()
  return answered ~= nil
end)
if answered ~= "ok" or not tools or #tools == 0 then
  return fail("chat/tools: " .. vim.inspect(answered))
end
vim.cmd("quitall!")
