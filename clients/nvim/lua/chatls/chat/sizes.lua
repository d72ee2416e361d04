-- How large the chat's windows are: as large as they were opened, or as a person made them, whatever opens and closes beside
-- them and however large the screen is.

local config = require("chatls.config")

local api = vim.api

local M = {}

---@class chatls.Wish
---@field size number Below 1 a share of the screen, else columns or lines.
---@field prompt integer Lines of the prompt.
---@field seen string The layout around it when it was last looked at.

---@type table<chatls.Pair, chatls.Wish>
local wishes = {}

---How much of the screen a size is.
---@param size number
---@param whole integer
---@return integer
function M.share(size, whole)
  return math.max(10, math.floor(size < 1 and whole * size or size))
end

---@param pair chatls.Pair
---@return boolean
local function valid(pair)
  return api.nvim_win_is_valid(pair.transcript) and api.nvim_win_is_valid(pair.prompt)
end

---What changes when somebody else makes or takes room.
---@param pair chatls.Pair
---@return string
local function around(pair)
  local tab = api.nvim_win_get_tabpage(pair.transcript)
  local wins = vim.tbl_filter(function(win)
    return api.nvim_win_get_config(win).relative == ""
  end, api.nvim_tabpage_list_wins(tab))
  return table.concat({ vim.o.columns, vim.o.lines, vim.o.cmdheight, vim.o.laststatus, #wins }, " ")
end

---Beside other windows the width is the chat's own, above and below them the height.
---@param pair chatls.Pair
local function across(pair)
  return pair.layout == "left" or pair.layout == "right"
end

---How many lines of the prompt the screen has room for.
---@param wish chatls.Wish
---@return integer
local function lines_of(wish)
  return math.min(wish.prompt, math.max(1, math.floor(vim.o.lines / 3)))
end

---@param pair chatls.Pair
---@param wish chatls.Wish
local function note(pair, wish)
  local prompt = api.nvim_win_get_height(pair.prompt)
  wish.prompt = prompt == lines_of(wish) and wish.prompt or prompt
  if pair.layout == "tab" then
    return
  end
  local whole = across(pair) and vim.o.columns or vim.o.lines
  local now = across(pair) and api.nvim_win_get_width(pair.transcript)
    or api.nvim_win_get_height(pair.transcript) + prompt
  if now ~= M.share(wish.size, whole) then
    wish.size = wish.size < 1 and now / whole or now
  end
end

---@param pair chatls.Pair
---@param wish chatls.Wish
local function restore(pair, wish)
  local prompt = lines_of(wish)
  if across(pair) then
    api.nvim_win_set_width(pair.transcript, M.share(wish.size, vim.o.columns))
  elseif pair.layout ~= "tab" then
    api.nvim_win_set_height(pair.transcript, math.max(1, M.share(wish.size, vim.o.lines) - prompt))
  end
  api.nvim_win_set_height(pair.prompt, prompt)
end

---Look at a chat's windows: what a person did to them counts, what happened around them is made good.
---@param pair chatls.Pair
local function look(pair)
  local wish = wishes[pair]
  if not valid(pair) then
    wishes[pair] = nil
    return
  end
  if api.nvim_win_get_tabpage(pair.transcript) ~= api.nvim_get_current_tabpage() then
    return
  end
  local now = around(pair)
  if now == wish.seen then
    note(pair, wish)
  else
    wish.seen = now
    restore(pair, wish)
  end
end

---Others make room elsewhere. A window forgets this when it shows another buffer.
---@param pair chatls.Pair
function M.fix(pair)
  for _, win in ipairs({ pair.transcript, pair.prompt }) do
    vim.wo[win].winfixwidth = across(pair)
  end
  vim.wo[pair.prompt].winfixheight = true
end

local due = false

local function look_soon()
  if due then
    return
  end
  due = true
  vim.schedule(function()
    due = false
    for _, pair in ipairs(vim.tbl_keys(wishes)) do
      look(pair)
    end
  end)
end

---Keep the sizes of windows that were just opened.
---@param pair chatls.Pair
function M.keep(pair)
  M.fix(pair)
  wishes[pair] = { size = config.options.size, prompt = config.options.prompt_height, seen = around(pair) }
  api.nvim_create_autocmd({ "VimResized", "WinResized", "WinNew", "WinClosed", "TabEnter", "OptionSet" }, {
    group = api.nvim_create_augroup("chatls_sizes", { clear = true }),
    desc = "chatls: the chat's windows keep their size",
    callback = function(event)
      if event.event ~= "OptionSet" or event.match == "cmdheight" or event.match == "laststatus" then
        look_soon()
      end
    end,
  })
end

return M
