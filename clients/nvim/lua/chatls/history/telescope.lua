-- The chats that are kept, in telescope.nvim: with a preview, and with keys for what else can be done with one. What is written
-- is matched against titles; `:ChatHistory words` looks into what was said.

local entry_of = require("chatls.history.entry")
local history = require("chatls.history")
local of = require("chatls.history.picker").of

local M = {}

---@param entries chatls.SessionEntry[]
---@param wanted chatls.Wanted
local function finder(entries, wanted)
  local now = os.time()
  return of("telescope.finders").new_table({
    results = entries,
    entry_maker = function(entry)
      local line, title = entry_of.line(entry, now, wanted.everywhere)
      local function display()
        return line, { { { title, #line }, "ChatlsQuiet" } }
      end
      return { value = entry, ordinal = line, display = display }
    end,
  })
end

local function previewer()
  return of("telescope.previewers").new_buffer_previewer({
    title = "What it is about",
    define_preview = function(self, item)
      local buf = self.state.bufnr
      vim.bo[buf].filetype = "markdown"
      self.chatls = item.value
      history.preview(item.value, function(lines)
        if self.chatls == item.value and vim.api.nvim_buf_is_valid(buf) then
          vim.api.nvim_buf_set_lines(buf, 0, -1, false, lines)
        end
      end)
    end,
  })
end

---@param wanted chatls.Wanted
---@param bufnr integer Of its prompt.
---@param map fun(modes: string[], key: string, deed: fun())
local function mappings(wanted, bufnr, map)
  local actions, state = of("telescope.actions"), of("telescope.actions.state")
  local function chosen()
    local item = state.get_selected_entry()
    return item and item.value
  end
  local function leaving(deed)
    return function()
      local entry = chosen()
      actions.close(bufnr)
      if entry then
        deed(entry)
      end
    end
  end
  local function is_there()
    return vim.api.nvim_buf_is_valid(bufnr)
  end
  local function refresh()
    history.list(wanted, function(entries)
      local picker = is_there() and state.get_current_picker(bufnr)
      if entries and picker then
        picker:refresh(finder(entries, wanted), { reset_prompt = false })
      end
    end)
  end
  local function staying(deed)
    return function()
      local entry = chosen()
      if entry then
        deed(entry, refresh)
      end
    end
  end
  history.follow(is_there, refresh)
  actions.select_default:replace(leaving(history.open))
  local both = { "n", "i" }
  map(both, "<M-f>", leaving(history.fork))
  map(both, "<M-x>", leaving(history.export))
  map(both, "<M-d>", staying(history.delete))
  map(
    both,
    "<M-r>",
    staying(function(entry, done)
      history.rename(entry, nil, done)
    end)
  )
  return true
end

---@param wanted chatls.Wanted
---@param entries chatls.SessionEntry[]
function M.show(wanted, entries)
  of("telescope.pickers").new({}, {
    prompt_title = "Chats",
    finder = finder(entries, wanted),
    sorter = of("telescope.config").values.generic_sorter({}),
    previewer = previewer(),
    attach_mappings = function(bufnr, map)
      return mappings(wanted, bufnr, map)
    end,
  }):find()
end

return M
