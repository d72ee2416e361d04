-- What a configuration calls. `setup` is optional: without it the defaults of config.lua count.

local M = {}

---Set options (config.lua, |chatls-options|). What cannot be used is told, and keeps its default.
---@param options? table<string, any>
function M.setup(options)
  local complaints = require("chatls.settings").apply(options)
  if #complaints > 0 then
    vim.notify("chatls: setup: " .. table.concat(complaints, "\n"), vim.log.levels.ERROR)
  end
  if package.loaded["chatls.life"] then
    require("chatls.life").reconfigure()
  end
end

---For the statusline: "" while nothing is worth a word. Cheap, and starts nothing.
---@return string
function M.status()
  return require("chatls.status").text()
end

return M
