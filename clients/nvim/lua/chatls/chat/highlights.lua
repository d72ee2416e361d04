-- The colours of the chat: groups that lead to ones which every colour scheme has. Set a group yourself to change it.

local M = {}

M.namespace = vim.api.nvim_create_namespace("chatls")

---@type table<string, string>
M.GROUPS = {
  ChatlsPrompt = "CursorLine",
  ChatlsPromptBar = "Function",
  ChatlsAttachment = "Comment",
  ChatlsSteered = "Function",
  ChatlsMode = "DiagnosticInfo",
  ChatlsInlineAdded = "DiffAdd",
  ChatlsInlineAsked = "Visual",
  ChatlsInlineRemoved = "DiffDelete",
  ChatlsThinking = "Comment",
  ChatlsTool = "Function",
  ChatlsArgument = "Normal",
  ChatlsQuiet = "Comment",
  ChatlsBar = "NonText",
  ChatlsCodeEdge = "Comment",
  ChatlsKey = "Identifier",
  ChatlsWaiting = "DiagnosticWarn",
  ChatlsRunning = "DiagnosticInfo",
  ChatlsCompleted = "DiagnosticOk",
  ChatlsFailed = "DiagnosticError",
  ChatlsCancelled = "DiagnosticWarn",
  ChatlsNotice = "DiagnosticHint",
  ChatlsWarning = "DiagnosticWarn",
  ChatlsAdded = "Added",
  ChatlsRemoved = "Removed",
  ChatlsHunk = "Comment",
}

function M.define()
  for name, target in pairs(M.GROUPS) do
    vim.api.nvim_set_hl(0, name, { link = target, default = true })
  end
end

---Define the groups now, and again when the colour scheme changes.
function M.setup()
  M.define()
  vim.api.nvim_create_autocmd("ColorScheme", {
    group = vim.api.nvim_create_augroup("chatls_highlights", { clear = true }),
    callback = M.define,
  })
end

---A buffer that shows a drawing, and goes with its window.
---@param drawing chatls.Drawing
---@param filetype string
---@return integer buf
function M.show(drawing, filetype)
  local api = vim.api
  local buf = require("chatls.chat.scratch")()
  vim.bo[buf].bufhidden, vim.bo[buf].filetype = "wipe", filetype
  vim.bo[buf].undolevels = -1
  api.nvim_buf_set_lines(buf, 0, -1, false, drawing.lines)
  for _, mark in ipairs(drawing.marks) do
    api.nvim_buf_set_extmark(buf, M.namespace, mark.row, mark.from, {
      end_col = mark.to or #drawing.lines[mark.row + 1],
      hl_group = mark.group,
    })
  end
  vim.bo[buf].modifiable = false
  return buf
end

return M
