-- Runs luacheck in Neovim's Lua: nvim --clean -l luacheck.lua WHERE_IT_WAS_UNPACKED ARGUMENTS...

local root = table.remove(arg, 1)
package.path = root .. "/usr/share/lua/5.1/?.lua;" .. root .. "/usr/share/lua/5.1/?/init.lua;" .. package.path
for _, folder in ipairs(vim.fn.glob(root .. "/usr/lib/*/lua/5.1", true, true)) do
  package.cpath = folder .. "/?.so;" .. package.cpath
end
require("luacheck.main")
