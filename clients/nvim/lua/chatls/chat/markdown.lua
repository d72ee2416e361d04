-- Markdown in a transcript: treesitter reads the answers, and nothing else in the buffer; each for itself, so that code which
-- one leaves open ends with it.
--
-- A region must hold one range only: the parser dies of a region of several when its text grows, and Neovim with it (seen in
-- 0.10.4 and 0.12.4; tests/editors/stress.lua).

local M = {}

---Without a parser a chat is plain text.
---@param buf integer Of the filetype "chatls".
function M.start(buf)
  vim.treesitter.language.register("markdown", "chatls")
  pcall(vim.treesitter.start, buf, "markdown")
end

---@param buf integer
---@param items chatls.Item[]
function M.read_only_answers(buf, items)
  local ok, parser = pcall(vim.treesitter.get_parser, buf, "markdown")
  if not ok or not parser then
    return
  end
  local regions = {}
  for _, item in ipairs(items) do
    if item.kind == "text" and #item.lines > 0 then
      table.insert(regions, { { item.row, 0, item.row + #item.lines, 0 } })
    end
  end
  if #regions == 0 then
    regions[1] = { { 0, 0, 0, 0 } }
  end
  parser:set_included_regions(regions)
end

return M
