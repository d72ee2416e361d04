-- What a prompt tells of the editor: the file that the person looks at, what is selected, what else is open.

local config = require("chatls.config")
local documents = require("chatls.documents")
local positions = require("chatls.positions")
local roots = require("chatls.roots")

local M = {}

---Remember which file was looked at last: a prompt is written in another window.
local function watch()
  local function note(bufnr)
    if documents.is_file(bufnr) then
      roots.last_file = bufnr
    end
  end
  note(vim.api.nvim_get_current_buf())
  vim.api.nvim_create_autocmd("BufEnter", {
    group = vim.api.nvim_create_augroup("chatls.context", { clear = true }),
    desc = "chatls: the file that is looked at",
    callback = function(event)
      note(event.buf)
    end,
  })
end
watch()

---@return string[]
local function folders()
  local known = require("chatls.daemon").folders()
  return #known > 0 and known or roots.current()
end

---@param bufnr integer
---@return chatls.Range empty: the cursor
local function cursor(bufnr)
  local window = vim.fn.win_findbuf(bufnr)[1]
  local at = window and vim.api.nvim_win_get_cursor(window) or vim.api.nvim_buf_get_mark(bufnr, '"')
  local place = positions.position(bufnr, math.max(at[1] - 1, 0), at[2])
  return { start = place, ["end"] = vim.deepcopy(place) }
end

---The characters of the last visual selection, if these lines are it and it was charwise.
---@param bufnr integer
---@param first integer
---@param last integer
---@return chatls.Range?
local function charwise(bufnr, first, last)
  local from, to = vim.api.nvim_buf_get_mark(bufnr, "<"), vim.api.nvim_buf_get_mark(bufnr, ">")
  if vim.fn.visualmode() ~= "v" or from[1] ~= first or to[1] ~= last then
    return nil
  end
  local line = vim.api.nvim_buf_get_lines(bufnr, last - 1, last, false)[1] or ""
  -- The mark is the first byte of the last character, and the end of a range is behind it.
  local stop = math.min(to[2], #line)
  local width = vim.o.selection == "exclusive" and 0 or #(vim.fn.matchstr(line:sub(stop + 1), "."))
  return {
    start = positions.position(bufnr, first - 1, from[2]),
    ["end"] = positions.position(bufnr, last - 1, stop + width),
  }
end

---@param bufnr integer
---@param range chatls.Range
---@return chatls.Resource For a buffer that the daemon does not know: it has no file, or one outside of the roots.
local function attached(bufnr, range, first, last)
  local name = vim.api.nvim_buf_get_name(bufnr)
  return {
    type = "resource",
    uri = vim.startswith(name, "/") and vim.uri_from_fname(name) or ("untitled:buffer-%d"):format(bufnr),
    text = table.concat(vim.api.nvim_buf_get_lines(bufnr, first - 1, last, false), "\n"),
    range = range,
  }
end

---@param shown? integer
---@return string[]
local function open_documents(shown)
  local infos = vim.fn.getbufinfo({ buflisted = 1, bufloaded = 1 })
  table.sort(infos, function(a, b)
    return a.lastused > b.lastused
  end)
  local uris, known = {}, folders()
  for _, info in ipairs(infos) do
    if #uris < 50 and info.bufnr ~= shown and documents.is_shared(info.bufnr, known) then
      table.insert(uris, vim.uri_from_bufnr(info.bufnr))
    end
  end
  return uris
end

---@class chatls.BlocksOptions
---@field bufnr? integer The file looked at; default: the current one, else the last one.
---@field line1? integer Of what is selected, one-based.
---@field line2? integer Included.

---The content blocks that go before a person's words. Send those without a selection when they differ from the last ones.
---@param opts? chatls.BlocksOptions
---@return chatls.ContentBlock[]
function M.blocks(opts)
  opts = opts or {}
  local bufnr = (opts.bufnr or 0) ~= 0 and opts.bufnr or vim.api.nvim_get_current_buf()
  if not opts.line1 and not documents.is_file(bufnr) then
    bufnr = roots.last_file or -1
  end
  local shared = documents.is_shared(bufnr, folders())
  local range = opts.line1
    and (charwise(bufnr, opts.line1, opts.line2) or positions.lines(bufnr, opts.line1, opts.line2))
  if range and not shared then
    return { attached(bufnr, range, opts.line1, opts.line2) }
  end
  if not range and not config.options.context then
    return {}
  end
  local active = shared and { uri = vim.uri_from_bufnr(bufnr), selection = range or cursor(bufnr) } or nil
  local block = { type = "editor_context", active = active }
  if config.options.context then
    block.open = open_documents(bufnr)
  end
  return { block }
end

---What was selected last in the file that is looked at.
---@return chatls.ContentBlock? nil: nothing.
function M.selected()
  local current = vim.api.nvim_get_current_buf()
  local bufnr = documents.is_file(current) and current or roots.last_file
  if not bufnr or not vim.api.nvim_buf_is_valid(bufnr) then
    return nil
  end
  local first, last = vim.api.nvim_buf_get_mark(bufnr, "<")[1], vim.api.nvim_buf_get_mark(bufnr, ">")[1]
  if first < 1 or last < first or last > vim.api.nvim_buf_line_count(bufnr) then
    return nil
  end
  if not documents.is_shared(bufnr, folders()) then
    return attached(bufnr, positions.lines(bufnr, first, last), first, last)
  end
  local argument = ("%s#L%d-%d"):format(vim.uri_from_bufnr(bufnr), first, last)
  return { type = "mention", name = "selection", argument = argument }
end

---A selection in words, for the prompt: "greet.py 3-9".
---@param opts chatls.BlocksOptions
---@return string?
function M.label(opts)
  if not opts.line1 then
    return nil
  end
  local name = vim.api.nvim_buf_get_name(opts.bufnr or 0)
  local where = opts.line1 == opts.line2 and tostring(opts.line1) or ("%d-%d"):format(opts.line1, opts.line2)
  return ("%s %s"):format(name ~= "" and vim.fn.fnamemodify(name, ":t") or "[No Name]", where)
end

return M
