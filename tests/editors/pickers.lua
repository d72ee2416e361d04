-- Stand-ins for plugins that pick, for test_pickers.py: as much of telescope.nvim, fzf-lua and snacks.nvim as the plugin calls,
-- in the shapes that these have. Each puts its lines into `shown`, where `look` previews one and `press` is a key on one.

local M = {}

---@type { lines?: string[], preview_buf?: integer, closed?: boolean, search?: string, look?: fun(at: integer),
---press?: fun(key: string, at: integer) }
M.shown = {}

---Whether the preview has these words.
---@param words string
---@return boolean
function M.previews(words)
  local buf = M.shown.preview_buf
  local lines = buf and vim.api.nvim_buf_get_lines(buf, 0, -1, false) or {}
  return table.concat(lines, "\n"):find(words, 1, true) ~= nil
end

---@param name string
---@param module table
local function provide(name, module)
  package.loaded[name] = module
end

function M.telescope()
  local closed, current, keys, selected
  local actions = { select_default = {} }
  function actions.select_default:replace(fn)
    keys["<CR>"] = fn
  end
  function actions.close()
    closed = true
  end
  local Picker = {}
  Picker.__index = Picker
  function Picker:refresh(finder, opts)
    assert(opts.reset_prompt == false)
    self.conf.finder = finder
    self:draw()
  end
  function Picker:draw()
    M.shown.lines = vim.tbl_map(function(entry)
      local line, marks = entry.display(entry)
      assert(line == entry.ordinal and marks[1][1][2] == #line)
      return line
    end, self.conf.finder.results)
  end
  function Picker:find()
    keys, current, closed = {}, self, false
    self:draw()
    local bufnr = vim.api.nvim_create_buf(false, true)
    assert(self.conf.attach_mappings(bufnr, function(modes, key, deed)
      assert(vim.deep_equal(modes, { "n", "i" }))
      keys[key] = deed
    end))
    M.shown.look = function(at)
      local previewer = { state = { bufnr = vim.api.nvim_create_buf(false, true) } }
      self.conf.previewer.define_preview(previewer, self.conf.finder.results[at])
      M.shown.preview_buf = previewer.state.bufnr
    end
    M.shown.press = function(key, at)
      selected = self.conf.finder.results[at]
      keys[key]()
      M.shown.closed = closed
    end
  end
  provide("telescope", {})
  provide("telescope.actions", actions)
  provide("telescope.actions.state", {
    get_selected_entry = function()
      return selected
    end,
    get_current_picker = function()
      return current
    end,
  })
  provide("telescope.config", { values = { generic_sorter = function() end } })
  provide("telescope.previewers", {
    new_buffer_previewer = function(opts)
      return opts
    end,
  })
  provide("telescope.finders", {
    new_table = function(opts)
      return { results = vim.tbl_map(opts.entry_maker, opts.results) }
    end,
  })
  provide("telescope.pickers", {
    new = function(_, conf)
      return setmetatable({ conf = conf }, Picker)
    end,
  })
end

function M.fzf()
  local base = {}
  function base:extend()
    local class = { super = self }
    class.__index = class
    return setmetatable(class, {
      __index = self,
      __call = function(it, ...)
        return it.new(setmetatable({}, it), ...)
      end,
    })
  end
  function base:new() end
  function base:get_tmp_buffer()
    return vim.api.nvim_create_buf(false, true)
  end
  function base:set_preview_buf(buf)
    M.shown.preview_buf = buf
  end
  provide("fzf-lua.previewer.builtin", { base = base })
  provide("fzf-lua", {
    fzf_exec = function(lines, opts)
      M.shown.lines = vim.tbl_map(function(line)
        return (line:gsub("^%d+\t", ""))
      end, lines)
      local names = { ["<CR>"] = "enter", ["<M-d>"] = "alt-d" }
      M.shown.look = function(at)
        opts.previewer({}, {}, {}):populate_preview_buf(lines[at])
      end
      M.shown.press = function(key, at)
        M.shown.closed = true
        opts.actions[names[key]]({ lines[at] }, opts)
      end
    end,
  })
end

function M.snacks()
  local names = { ["<CR>"] = "confirm", ["<M-d>"] = "chat_delete" }
  local picker = { closed = false, items = {} }
  function picker:close()
    self.closed, M.shown.closed = true, true
  end
  function picker:find()
    local items, co = {}, nil
    local async = {}
    function async.suspend()
      coroutine.yield()
    end
    function async.resume()
      assert(coroutine.resume(co))
    end
    local give = self.opts.finder(self.opts, { async = async, filter = { search = M.shown.search or "" } })
    co = coroutine.create(function()
      give(function(item)
        items[#items + 1] = item
      end)
      self.items = items
      M.shown.lines = vim.tbl_map(function(item)
        local parts = self.opts.format(item, self)
        return parts[1][1] .. parts[2][1]
      end, items)
    end)
    assert(coroutine.resume(co))
  end
  provide("snacks", {
    picker = {
      pick = function(opts)
        picker.opts = opts
        assert(opts.live and opts.supports_live and opts.win.input.keys["<a-d>"][1] == "chat_delete")
        M.shown.look = function(at)
          local item, preview = picker.items[at], {}
          preview.item = item
          function preview.reset() end
          function preview.highlight() end
          function preview:set_lines(lines)
            M.shown.preview_buf = vim.api.nvim_create_buf(false, true)
            vim.api.nvim_buf_set_lines(M.shown.preview_buf, 0, -1, false, lines)
          end
          opts.preview({ item = item, picker = picker, preview = preview })
        end
        M.shown.press = function(key, at)
          opts.actions[names[key]](picker, picker.items[at])
        end
        picker:find()
        return picker
      end,
    },
  })
end

return M
