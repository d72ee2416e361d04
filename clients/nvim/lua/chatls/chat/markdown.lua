-- Markdown in a transcript: treesitter reads the answers, and nothing else in the buffer. (All ranges are one region, so that
-- it is never parsed from the beginning because one more came.)

local M = {}

---@param buf integer Of the filetype "chatls".
function M.start(buf)
  vim.treesitter.language.register("markdown", "chatls")
  local ok = pcall(vim.treesitter.start, buf, "markdown")
  if not ok then
    vim.bo[buf].syntax = "markdown"
  end
end

---@param buf integer
---@param items chatls.Item[]
function M.read_only_answers(buf, items)
  local ok, parser = pcall(vim.treesitter.get_parser, buf, "markdown")
  if not ok or not parser then
    return
  end
  local ranges = {}
  for _, item in ipairs(items) do
    if item.kind == "text" and #item.lines > 0 then
      table.insert(ranges, { item.row, 0, item.row + #item.lines, 0 })
    end
  end
  if #ranges == 0 then
    ranges[1] = { 0, 0, 0, 0 }
  end
  parser:set_included_regions({ ranges })
end

---The fence that a text leaves open, if it does.
---@param lines string[]
---@return string?
function M.open_fence(lines)
  local open
  for _, line in ipairs(lines) do
    local fence, info = line:match("^ ? ? ?(```+)(.*)$")
    if not fence then
      fence, info = line:match("^ ? ? ?(~~~+)(.*)$")
    end
    if fence and not open then
      open = fence
    elseif fence and vim.startswith(fence, open) and not info:find("%S") then
      open = nil
    end
  end
  return open
end

return M
