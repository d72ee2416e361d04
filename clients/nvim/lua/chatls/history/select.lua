-- The chats that are kept, in `vim.ui.select`: one is chosen, and opened.

local entry_of = require("chatls.history.entry")
local history = require("chatls.history")

local M = {}

---@param wanted chatls.Wanted
---@param entries chatls.SessionEntry[]
function M.show(wanted, entries)
  local now = os.time()
  vim.ui.select(entries, {
    prompt = "Chats",
    kind = "chatls.session",
    format_item = function(entry)
      return (entry_of.line(entry, now, wanted.everywhere))
    end,
  }, function(entry)
    if entry then
      history.open(entry)
    end
  end)
end

return M
