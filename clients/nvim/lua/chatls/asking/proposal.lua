-- What a question would do, as one text that a person may change, and the call that their text makes of it. Pure.

local M = {}

---@class chatls.Proposal
---@field member "command"|"content"|"edits" What of the call's arguments the text is.
---@field text string
---@field old? string The file as it is.
---@field uri? string The file.
---@field arguments chatls.JsonObject

---@param question chatls.Question
---@return chatls.Diff?
local function only_diff(question)
  local found
  for _, item in ipairs(question.preview) do
    if item.type == "diff" then
      if found then
        return nil
      end
      found = item
    end
  end
  return found
end

---What may be changed of a question: the text of one file, or a command.
---@param question chatls.Question
---@return chatls.Proposal? nil: it is something else
function M.of(question)
  local arguments = question.arguments
  if type(arguments.command) == "string" and arguments.command ~= "" then
    return { member = "command", text = arguments.command, arguments = arguments }
  end
  local diff = only_diff(question)
  if not diff or type(question.changed) == "string" or (diff.change ~= "new" and diff.change ~= "changed") then
    return nil
  end
  local member = type(arguments.content) == "string" and "content"
    or type(arguments.edits) == "table" and "edits"
    or nil
  if member then
    local old = diff.change == "changed" and diff.oldText or nil
    return { member = member, text = diff.newText, old = old, uri = diff.uri, arguments = arguments }
  end
end

---The arguments of the call with another text.
---@param proposal chatls.Proposal
---@param text string
---@return chatls.JsonObject? arguments
---@return string? complaint
function M.call(proposal, text)
  if text == proposal.old then
    return nil, "that leaves the file as it is: answer no instead"
  end
  local value = text
  if proposal.member == "command" then
    value = vim.trim(text)
    if value == "" then
      return nil, "there is no command left: answer no instead"
    end
  elseif proposal.member == "edits" then
    value = { { old_text = proposal.old, new_text = text } }
  end
  return vim.tbl_extend("force", proposal.arguments, { [proposal.member] = value })
end

return M
