-- How a chat works: its modes, in the order in which a key goes round. Pure.

local M = {}

---@type chatls.WorkingMode[]
M.ALL = { "ask", "plan", "edits" }

---@param mode? string nil: the first one, which counts where none was chosen.
---@return chatls.WorkingMode
function M.after(mode)
  for at, other in ipairs(M.ALL) do
    if other == mode then
      return M.ALL[at % #M.ALL + 1]
    end
  end
  return M.ALL[2]
end

---@param mode string
---@return string? complaint
function M.misfit(mode)
  if not vim.tbl_contains(M.ALL, mode) then
    return ("there is no mode %q: ask, plan, edits"):format(mode)
  end
end

return M
