-- The prompt area: a small buffer to write in, with a history and completion of files.

local highlights = require("chatls.chat.highlights")
local keys = require("chatls.chat.keys")

local api = vim.api

local M = {}

---What was sent, the oldest first, in all chats.
---@type string[]
local history = {}

---@type table<integer, { at: integer, draft: string }> By buffer: where in the history it is.
local places = {}

---@param buf integer
---@return string
function M.text(buf)
  return table.concat(api.nvim_buf_get_lines(buf, 0, -1, false), "\n")
end

---@param buf integer
---@param text string
function M.set(buf, text)
  local lines = vim.split(text, "\n", { plain = true })
  api.nvim_buf_set_lines(buf, 0, -1, false, lines)
  for _, win in ipairs(vim.fn.win_findbuf(buf)) do
    api.nvim_win_set_cursor(win, { #lines, #lines[#lines] })
  end
  M.hint(buf)
end

---Take what is written, and remember it.
---@param buf integer
---@return string? nil: nothing but blanks
function M.take(buf)
  local text = vim.trim(M.text(buf))
  if text == "" then
    return nil
  end
  if history[#history] ~= text then
    table.insert(history, text)
  end
  places[buf] = nil
  M.set(buf, "")
  return text
end

---Go through what was sent.
---@param buf integer
---@param by -1|1
function M.browse(buf, by)
  local place = places[buf] or { at = #history + 1, draft = M.text(buf) }
  local at = place.at + by
  if at < 1 or at > #history + 1 then
    return
  end
  place.at, places[buf] = at, place
  M.set(buf, history[at] or place.draft)
end

---In an empty prompt, say what can be done.
---@param buf integer
function M.hint(buf)
  if not api.nvim_buf_is_valid(buf) then
    return
  end
  api.nvim_buf_clear_namespace(buf, highlights.namespace, 0, -1)
  if api.nvim_buf_line_count(buf) > 1 or M.text(buf) ~= "" then
    return
  end
  local typing = vim.startswith(api.nvim_get_mode().mode, "i")
  local text = ("Ask something: %s sends, @ names a file, / a command"):format(
    keys.shown(typing and "send_insert" or "send") or ":Chat"
  )
  api.nvim_buf_set_extmark(buf, highlights.namespace, 0, 0, {
    virt_text = { { text, "ChatlsQuiet" } },
    virt_text_pos = "overlay",
  })
end

---For 'omnifunc': asks anew with every letter.
---@param findstart 0|1
---@param base string
function M.complete(findstart, base)
  local found = require("chatls.mentions").complete(findstart, base)
  return findstart == 1 and found or { words = found, refresh = "always" }
end

---A slash at the very beginning shows the commands, as soon as the daemon has told them.
---@param buf integer
local function slash(buf)
  local at = api.nvim_win_get_cursor(0)
  if at[1] == 1 and at[2] == 0 then
    require("chatls.offered").ask(function()
      local begun = api.nvim_get_current_buf() == buf and api.nvim_get_current_line():find("^/[^%s/]*$")
      if begun and vim.startswith(api.nvim_get_mode().mode, "i") then
        api.nvim_feedkeys(vim.keycode("<C-x><C-o>"), "n", false)
      end
    end)
  end
  return "/"
end

---`@` where a word may begin shows what can be named.
local function at_sign()
  local before = api.nvim_get_current_line():sub(1, api.nvim_win_get_cursor(0)[2])
  if before:find("[%w%p]$") and not before:find("%($") then
    return "@"
  end
  require("chatls.offered").ask()
  return "@<C-x><C-o>"
end

local COMPLETEOPT = "menuone,noinsert,noselect"

---A completion that comes by itself must not write anything by itself.
---@param buf integer
local function complete_quietly(buf)
  if vim.fn.has("nvim-0.11") == 1 then
    api.nvim_set_option_value("completeopt", COMPLETEOPT, { buf = buf })
    return
  end
  local before
  api.nvim_create_autocmd("BufEnter", {
    buffer = buf,
    callback = function()
      before, vim.o.completeopt = vim.o.completeopt, COMPLETEOPT
    end,
  })
  api.nvim_create_autocmd("BufLeave", {
    buffer = buf,
    callback = function()
      vim.o.completeopt = before or vim.o.completeopt
    end,
  })
end

---@param name string
---@param actions table<string, fun()>
---@return integer buf
function M.new(name, actions)
  local buf = require("chatls.chat.scratch")()
  api.nvim_buf_set_name(buf, name)
  vim.bo[buf].filetype = "chatls-prompt"
  vim.bo[buf].omnifunc = "v:lua.require'chatls.chat.prompt'.complete"
  complete_quietly(buf)
  local all = vim.tbl_extend("keep", actions, {
    older = function()
      M.browse(buf, -1)
    end,
    newer = function()
      M.browse(buf, 1)
    end,
  })
  keys.map(buf, "prompt", all)
  vim.keymap.set("i", "@", at_sign, { buffer = buf, expr = true, desc = "chatls: name a file" })
  vim.keymap.set("i", "/", function()
    return slash(buf)
  end, { buffer = buf, expr = true, desc = "chatls: give a command" })
  api.nvim_create_autocmd({ "TextChanged", "TextChangedI", "TextChangedP", "InsertEnter", "InsertLeave" }, {
    buffer = buf,
    callback = vim.schedule_wrap(function()
      M.hint(buf)
    end),
  })
  M.hint(buf)
  return buf
end

return M
