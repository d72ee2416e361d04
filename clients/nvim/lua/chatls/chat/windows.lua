-- The windows of the chat: where they are, how they look. One pair to a tab page; panel.lua says what they show.

local config = require("chatls.config")
local sizes = require("chatls.chat.sizes")

local api = vim.api

local M = {}

---@class chatls.Pair
---@field transcript integer
---@field prompt integer
---@field layout string The option, when it was opened.

---@type table<integer, chatls.Pair> By tab page.
local pairs_by_tab = {}

local COMMON = {
  number = false,
  relativenumber = false,
  signcolumn = "no",
  foldcolumn = "0",
  statuscolumn = "",
  list = false,
  spell = false,
  wrap = true,
  linebreak = true,
  breakindent = true,
  cursorline = false,
  cursorcolumn = false,
  colorcolumn = "",
}

local TRANSCRIPT = {
  conceallevel = 2,
  concealcursor = "nc",
  foldmethod = "manual",
  foldenable = true,
  foldlevel = 0,
  foldminlines = 0,
  foldtext = "",
  fillchars = "fold: ,foldopen:▾,foldclose:▸,foldsep: ,eob: ",
  scrolloff = 0,
  smoothscroll = true,
  winhighlight = "Folded:Normal",
}

local PROMPT = { scrolloff = 0, fillchars = "eob: " }

local function set(win, options)
  for name, value in pairs(options) do
    api.nvim_set_option_value(name, value, { scope = "local", win = win })
  end
end

---A window forgets its options when it shows another buffer for the first time.
---@param win integer
---@param options table<string, any>
local function dress(win, options)
  set(win, COMMON)
  set(win, options)
  vim.wo[win].winfixbuf = true
end

---Shows a chat in our windows, in which nothing else is shown by accident.
---@param pair chatls.Pair
---@param transcript integer A buffer.
---@param prompt integer A buffer.
---@return boolean whether another one was shown
function M.put(pair, transcript, prompt)
  if api.nvim_win_get_buf(pair.transcript) == transcript and api.nvim_win_get_buf(pair.prompt) == prompt then
    return false
  end
  vim.wo[pair.transcript].winfixbuf, vim.wo[pair.prompt].winfixbuf = false, false
  api.nvim_win_set_buf(pair.transcript, transcript)
  api.nvim_win_set_buf(pair.prompt, prompt)
  dress(pair.transcript, TRANSCRIPT)
  dress(pair.prompt, PROMPT)
  sizes.fix(pair)
  return true
end

---The windows of this tab page, if they are open.
---@return chatls.Pair?
function M.current()
  local found = pairs_by_tab[api.nvim_get_current_tabpage()]
  if found and api.nvim_win_is_valid(found.transcript) and api.nvim_win_is_valid(found.prompt) then
    return found
  end
end

---@return chatls.Pair[]
function M.all()
  local found = {}
  for tab, pair in pairs(pairs_by_tab) do
    if api.nvim_win_is_valid(pair.transcript) and api.nvim_win_is_valid(pair.prompt) then
      table.insert(found, pair)
    else
      pairs_by_tab[tab] = nil
    end
  end
  return found
end

---@param layout string
local function is_beside(layout)
  return layout == "left" or layout == "right"
end

---@param buf integer
---@return integer win
local function split(buf)
  local layout = config.options.layout
  if layout == "tab" then
    vim.cmd("tab split")
    api.nvim_win_set_buf(0, buf)
    return api.nvim_get_current_win()
  end
  local beside = is_beside(layout)
  local size = config.options.size
  return api.nvim_open_win(buf, false, {
    split = layout == "top" and "above" or layout == "bottom" and "below" or layout,
    win = -1,
    width = beside and sizes.share(size, vim.o.columns) or nil,
    height = not beside and sizes.share(size, vim.o.lines) or nil,
  })
end

---One window closed is both closed.
---@param pair chatls.Pair
local function close_together(pair)
  api.nvim_create_autocmd("WinClosed", {
    pattern = { tostring(pair.transcript), tostring(pair.prompt) },
    once = true,
    nested = true,
    callback = function()
      vim.schedule(function()
        M.close(pair)
      end)
    end,
  })
end

---@param transcript integer A buffer.
---@param prompt integer A buffer.
---@return chatls.Pair
function M.open(transcript, prompt)
  local win = split(transcript)
  local below = api.nvim_open_win(prompt, false, { split = "below", win = win, height = config.options.prompt_height })
  local pair = { transcript = win, prompt = below, layout = config.options.layout }
  dress(win, TRANSCRIPT)
  dress(below, PROMPT)
  sizes.keep(pair)
  pairs_by_tab[api.nvim_win_get_tabpage(win)] = pair
  close_together(pair)
  return pair
end

---@param pair chatls.Pair
function M.close(pair)
  for _, win in ipairs({ pair.prompt, pair.transcript }) do
    if api.nvim_win_is_valid(win) and not pcall(api.nvim_win_close, win, true) then
      -- It is the last one, and an editor has at least one.
      vim.wo[win].winfixbuf = false
      api.nvim_win_call(win, function()
        vim.cmd("enew")
        vim.cmd("setlocal winbar< winhighlight< fillchars< conceallevel< foldmethod< number< relativenumber<")
      end)
    end
  end
end

---A line above a window.
---@param win integer
---@param parts [string, string][] Text and highlight group.
function M.bar(win, parts)
  local text = ""
  for at, part in ipairs(parts) do
    -- What does not fit is cut behind the first part.
    text = text .. (at == 2 and "%<" or "") .. ("%%#%s#%s"):format(part[2], (part[1]:gsub("%%", "%%%%")))
  end
  if vim.wo[win].winbar ~= text then
    vim.wo[win].winbar = text
  end
end

---The window to show files in: the last one that is not ours.
---@return integer?
function M.other()
  local ours = M.current() or {}
  local last = vim.fn.win_getid(vim.fn.winnr("#"))
  for _, win in ipairs({ last, unpack(api.nvim_tabpage_list_wins(0)) }) do
    local floats = api.nvim_win_is_valid(win) and api.nvim_win_get_config(win).relative ~= ""
    if win ~= 0 and win ~= ours.transcript and win ~= ours.prompt and not floats then
      return win
    end
  end
end

return M
