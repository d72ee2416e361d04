-- The chats that are kept, in fzf-lua: with a preview, and with keys for what else can be done with one. What is written is
-- matched against titles; `:ChatHistory words` looks into what was said.

local entry_of = require("chatls.history.entry")
local history = require("chatls.history")
local of = require("chatls.history.picker").of

local M = {}

---Lines go through a program: a number in front of each says which chat it is.
---@param entries chatls.SessionEntry[]
---@param line? string
---@return chatls.SessionEntry?
local function chosen(entries, line)
  return entries[tonumber(line and line:match("^%s*(%d+)\t"))]
end

---@param entries chatls.SessionEntry[]
local function previewer(entries)
  local base = of("fzf-lua.previewer.builtin").base
  local Previewer = base:extend()
  function Previewer:new(...)
    Previewer.super.new(self, ...)
    setmetatable(self, Previewer)
    return self
  end
  function Previewer:populate_preview_buf(line)
    local entry = chosen(entries, line)
    local buf = self:get_tmp_buffer()
    self:set_preview_buf(buf)
    vim.bo[buf].filetype = "markdown"
    if entry then
      history.preview(entry, function(lines)
        if vim.api.nvim_buf_is_valid(buf) then
          vim.api.nvim_buf_set_lines(buf, 0, -1, false, lines)
        end
      end)
    end
  end
  return Previewer
end

---@param entries chatls.SessionEntry[]
---@param wanted chatls.Wanted
local function actions(entries, wanted)
  local function with(deed)
    return function(selected)
      local entry = chosen(entries, selected and selected[1])
      if entry then
        vim.schedule(function()
          deed(entry)
        end)
      end
    end
  end
  local function again()
    history.show(wanted)
  end
  return {
    enter = with(history.open),
    ["alt-f"] = with(history.fork),
    ["alt-x"] = with(history.export),
    ["alt-d"] = with(function(entry)
      history.delete(entry, again)
    end),
    ["alt-r"] = with(function(entry)
      history.rename(entry, nil, again)
    end),
  }
end

---@param wanted chatls.Wanted
---@param entries chatls.SessionEntry[]
function M.show(wanted, entries)
  local now, lines = os.time(), {}
  for at, entry in ipairs(entries) do
    lines[at] = ("%d\t%s"):format(at, (entry_of.line(entry, now, wanted.everywhere):gsub("\t", " ")))
  end
  of("fzf-lua").fzf_exec(lines, {
    prompt = "Chats> ",
    previewer = previewer(entries),
    actions = actions(entries, wanted),
    fzf_opts = { ["--delimiter"] = "\t", ["--with-nth"] = "2..", ["--no-multi"] = true },
  })
end

return M
