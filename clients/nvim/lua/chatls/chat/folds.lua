-- The windows that show a transcript: their folds, and whether they follow its end. Folds belong to windows, and `foldexpr`
-- is not looked at while somebody types; so they are made by hand.

local api = vim.api

local M = {}

---@param buf integer
---@return integer[]
local function windows(buf)
  return vim.fn.win_findbuf(buf)
end

---@param item chatls.Item
local function fold(item)
  vim.cmd(("silent! %d,%dfold"):format(item.row + 1, item.row + #item.lines))
end

---Fold an item in every window, closed.
---@param buf integer
---@param item chatls.Item
function M.add(buf, item)
  for _, win in ipairs(windows(buf)) do
    api.nvim_win_call(win, function()
      fold(item)
    end)
  end
end

---@param item chatls.Item
---@return boolean right, boolean closed
local function look(item)
  local first, last = item.row + 1, item.row + #item.lines
  local closed = vim.fn.foldclosed(first) ~= -1
  if closed then
    return vim.fn.foldclosed(first) == first and vim.fn.foldclosedend(first) == last, true
  end
  return vim.fn.foldlevel(first) > 0 and vim.fn.foldlevel(last) > 0, false
end

---Lines came or went inside of an item: its folds should have followed. (In 0.12 they do not where a line comes before
---their last one.)
---@param buf integer
---@param item chatls.Item
function M.mend(buf, item)
  for _, win in ipairs(windows(buf)) do
    api.nvim_win_call(win, function()
      local right, closed = look(item)
      if right then
        return
      end
      local seen = vim.fn.winsaveview()
      api.nvim_win_set_cursor(win, { item.row + 1, 0 })
      vim.cmd("silent! normal! zd")
      fold(item)
      if not closed then
        vim.cmd(("silent! %dfoldopen"):format(item.row + 1))
      end
      vim.fn.winrestview(seen)
    end)
  end
end

---@param item chatls.Item
local function folds(item)
  return #item.lines > 1 and (item.kind == "thinking" or (item.block and item.block.type == "tool"))
end

---Fold everything in a window that did not show the transcript before.
---@param win integer
---@param items chatls.Item[]
function M.restore(win, items)
  api.nvim_win_call(win, function()
    vim.cmd("normal! zE")
    for _, item in ipairs(items) do
      if folds(item) then
        fold(item)
      end
    end
  end)
end

---The width of the narrowest window.
---@param buf integer
---@return integer
function M.width(buf)
  local width = 100
  for _, win in ipairs(windows(buf)) do
    width = math.min(width, api.nvim_win_get_width(win))
  end
  return width
end

---The windows whose cursor is in the last line.
---@param buf integer
---@return integer[]
function M.following(buf)
  local last = api.nvim_buf_line_count(buf)
  return vim.tbl_filter(function(win)
    local line = api.nvim_win_get_cursor(win)[1]
    return line >= last or api.nvim_win_call(win, function()
      return vim.fn.foldclosedend(line) >= last
    end)
  end, windows(buf))
end

---@param buf integer
---@param wins integer[]
function M.follow(buf, wins)
  local last = api.nvim_buf_line_count(buf)
  local text = api.nvim_buf_get_lines(buf, last - 1, last, false)[1] or ""
  for _, win in ipairs(wins) do
    if api.nvim_win_get_cursor(win)[1] ~= last or not vim.wo[win].wrap then
      api.nvim_win_set_cursor(win, { last, 0 })
    end
    if #text > api.nvim_win_get_width(win) then
      api.nvim_win_set_cursor(win, { last, #text })
    end
  end
end

return M
