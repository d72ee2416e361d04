-- The statusline component, and who must be told when it changes. Starts nothing.

local M = {}

---@return string "" while nothing is worth a word.
function M.text()
  local daemon = package.loaded["chatls.daemon"]
  if not daemon then
    return ""
  end
  local questions, running = require("chatls.questions").count(), daemon.running()
  if questions > 0 then
    return questions == 1 and "chat: asks you" or ("chat: %d questions"):format(questions)
  elseif running > 0 and daemon.state() ~= "ready" then
    return "chat: starting"
  elseif running > 0 then
    return running == 1 and "chat: running" or ("chat: %d running"):format(running)
  end
  return daemon.state() == "crashed" and "chat: ended" or ""
end

local due = false

---Statuslines are drawn anew, once for all that changes at a time; `User ChatlsStatus` is for those that want to know.
function M.changed()
  if due then
    return
  end
  due = true
  vim.schedule(function()
    due = false
    vim.api.nvim_exec_autocmds("User", { pattern = "ChatlsStatus", modeline = false })
    vim.cmd.redrawstatus({ bang = true })
  end)
end

return M
