-- Read when Neovim starts: makes the commands, and loads nothing else.

if vim.g.loaded_chatls then
  return
end
vim.g.loaded_chatls = true

if vim.fn.has("nvim-0.10") == 0 then
  vim.notify("chatls needs Neovim 0.10 or newer", vim.log.levels.ERROR)
  return
end

require("chatls.commands").create()
