-- A question whose answer is written: the proposed text beside what the file holds now, as Neovim's own diff, or a command in a
-- small window. `:w` accepts it. Leaving answers nothing.

local keys = require("chatls.chat.keys")
local proposal_of = require("chatls.asking.proposal")

local api = vim.api

local M = {}

---@class chatls.Editing
---@field asked chatls.Asked
---@field buf integer
---@field tab? integer
---@field win integer

---@type chatls.Editing?
local open

---@param text string
---@return string[] lines
---@return boolean whether the last one ends
local function lines_of(text)
  local lines = vim.split(text, "\n", { plain = true })
  local ended = #lines > 1 and lines[#lines] == ""
  if ended then
    table.remove(lines)
  end
  return lines, ended
end

---@param what string
---@param lines string[]
---@param name string Of the file.
---@return integer buf
local function scratch(what, lines, name)
  local buf = require("chatls.chat.scratch")()
  vim.bo[buf].bufhidden, vim.bo[buf].swapfile = "wipe", false
  api.nvim_buf_set_lines(buf, 0, -1, false, lines)
  pcall(api.nvim_buf_set_name, buf, ("chatls://%s/%d/%s"):format(what, buf, name))
  vim.bo[buf].modified = false
  return buf
end

---@param proposal chatls.Proposal
---@return string
local function name_of(proposal)
  return proposal.uri and vim.fn.fnamemodify(vim.uri_to_fname(proposal.uri), ":t") or "command"
end

---Colours as the file has them, and its indents; nothing of what else a filetype may start.
---@param buf integer
---@param uri string
local function look_like(buf, uri)
  local path = vim.uri_to_fname(uri)
  local filetype = vim.filetype.match({ filename = path, buf = buf })
  local language = filetype and vim.treesitter.language.get_lang(filetype)
  if filetype and not (language and pcall(vim.treesitter.start, buf, language)) then
    vim.bo[buf].syntax = filetype
  end
  local real = vim.fn.bufnr(vim.fn.fnameescape(path))
  if real > 0 and api.nvim_buf_is_loaded(real) then
    for _, option in ipairs({ "expandtab", "shiftwidth", "softtabstop", "tabstop" }) do
      vim.bo[buf][option] = vim.bo[real][option]
    end
  end
end

---Take the windows away.
---@param editing chatls.Editing
local function close(editing)
  if open == editing then
    open = nil
  end
  if editing.tab and api.nvim_tabpage_is_valid(editing.tab) and #api.nvim_list_tabpages() > 1 then
    vim.cmd(("tabclose! %d"):format(api.nvim_tabpage_get_number(editing.tab)))
  elseif api.nvim_win_is_valid(editing.win) then
    pcall(api.nvim_win_close, editing.win, true)
  end
end

---@param win integer
---@param text string
local function bar(win, text)
  vim.wo[win].winbar = "%#ChatlsWaiting#" .. text:gsub("%%", "%%%%") .. "%<" -- the end is cut, not the beginning
end

---@param proposal chatls.Proposal
---@param buf integer
---@return integer win
---@return integer tab
local function beside(proposal, buf)
  vim.cmd("tabnew")
  vim.bo.bufhidden = "wipe" -- of what it began with
  local tab, win = api.nvim_get_current_tabpage(), api.nvim_get_current_win()
  api.nvim_win_set_buf(win, buf)
  look_like(buf, assert(proposal.uri))
  local name = name_of(proposal)
  if not proposal.old then
    bar(win, (" %s, a new file   :w accepts it   :q! decides later"):format(name))
    return win, tab
  end
  local before = scratch("before", (lines_of(proposal.old)), name)
  look_like(before, proposal.uri)
  vim.bo[before].modifiable = false
  local left = api.nvim_open_win(before, false, { split = "left", win = win })
  for _, it in ipairs({ left, win }) do
    api.nvim_win_call(it, function()
      vim.cmd("diffthis")
    end)
  end
  bar(left, (" %s as it is"):format(name))
  local leave = keys.shown("edit_leave")
  local leaves = leave and ("   %s leaves a hunk"):format(leave) or ""
  bar(win, (" :w accepts this%s   :q! decides later"):format(leaves))
  if leave then
    vim.keymap.set("n", leave, function()
      pcall(vim.cmd.diffget, tostring(before)) -- where there is no hunk, it is an error
    end, { buffer = buf, nowait = true, desc = "chatls: leave this hunk" })
  end
  vim.cmd("silent! normal! gg]c")
  return win, tab
end

---@param buf integer
---@param lines string[]
---@return integer win
local function below(buf, lines)
  vim.cmd("botright split")
  local win = api.nvim_get_current_win()
  vim.wo[win].winfixbuf = false
  api.nvim_win_set_buf(win, buf)
  vim.bo[buf].syntax = "sh"
  api.nvim_win_set_height(win, math.min(math.max(#lines + 1, 3), 12))
  bar(win, " the command   :w accepts it   :q! decides later")
  return win
end

---Open what a question proposes, to be changed.
---@param asked chatls.Asked
---@param accept fun(arguments: chatls.JsonObject)
---@param left fun() The person left it, and has answered nothing.
function M.open(asked, accept, left)
  if open and open.asked == asked and api.nvim_win_is_valid(open.win) then
    return api.nvim_set_current_win(open.win)
  end
  local proposal = assert(proposal_of.of(asked.question))
  local lines, ended = lines_of(proposal.text)
  local buf = scratch("proposal", lines, name_of(proposal))
  vim.bo[buf].buftype = "acwrite"
  local win, tab
  if proposal.member == "command" then
    win = below(buf, lines)
  else
    win, tab = beside(proposal, buf)
  end
  local editing = { asked = asked, buf = buf, win = win, tab = tab }
  open = editing
  api.nvim_create_autocmd("BufWipeout", {
    buffer = buf,
    callback = vim.schedule_wrap(function()
      local waits = open == editing
      close(editing)
      if waits then
        left()
      end
    end),
  })
  api.nvim_create_autocmd("BufWriteCmd", {
    buffer = buf,
    desc = "chatls: the answer as it is written",
    callback = function()
      local text = table.concat(api.nvim_buf_get_lines(buf, 0, -1, false), "\n") .. (ended and "\n" or "")
      local arguments, complaint = proposal_of.call(proposal, text)
      if not arguments or open ~= editing then
        local why = complaint or "the question was taken away: nothing waits for this"
        return vim.notify("chatls: " .. why, vim.log.levels.WARN)
      end
      vim.bo[buf].modified = false
      open = nil
      -- Not while it is being written.
      vim.schedule(function()
        close(editing)
        accept(arguments)
      end)
    end,
  })
end

---The question is over. What was changed for it is left where it stands.
---@param asked chatls.Asked
function M.over(asked)
  local editing = open
  if editing and editing.asked == asked then
    open = nil
    if api.nvim_buf_is_valid(editing.buf) and not vim.bo[editing.buf].modified then
      return close(editing)
    end
    if api.nvim_win_is_valid(editing.win) then
      bar(editing.win, " the question was taken away   :q! leaves")
    end
  end
end

return M
