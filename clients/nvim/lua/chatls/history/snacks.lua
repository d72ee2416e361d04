-- The chats that are kept, in the picker of snacks.nvim: with a preview, and with keys for what else can be done with one. What
-- is written is looked for in what was said.

local entry_of = require("chatls.history.entry")
local history = require("chatls.history")
local of = require("chatls.history.picker").of

local M = {}

---Asks the daemon while its own loop waits.
---@param wanted chatls.Wanted
local function finder(wanted)
  return function(_, context)
    return function(give)
      local async, found, over = context.async, nil, false
      local search = context.filter.search
      local asked = { query = search ~= "" and search or wanted.query, everywhere = wanted.everywhere }
      vim.schedule(function() -- its loop is one in which little may be called
        history.list(asked, function(entries, err)
          found, over = entries or {}, true
          if err then
            vim.notify("chatls: " .. err.message, vim.log.levels.ERROR)
          end
          async:resume()
        end)
      end)
      while not over do
        async:suspend()
      end
      for _, entry in ipairs(found) do
        give({ text = entry.title, entry = entry })
      end
    end
  end
end

local function preview(context)
  local entry = context.item.entry
  context.preview:reset()
  history.preview(entry, function(lines)
    if context.picker.closed or context.preview.item ~= context.item then
      return
    end
    context.preview:set_lines(lines)
    context.preview:highlight({ ft = "markdown" })
  end)
end

---@param wanted chatls.Wanted
local function actions(wanted)
  local function leaving(deed)
    return function(picker, item)
      picker:close()
      if item then
        vim.schedule(function()
          deed(item.entry)
        end)
      end
    end
  end
  local function staying(deed)
    return function(picker, item)
      if item then
        deed(item.entry, function()
          if not picker.closed then
            picker:find()
          end
        end)
      end
    end
  end
  return {
    confirm = leaving(history.open),
    chat_fork = leaving(history.fork),
    chat_export = leaving(history.export),
    chat_delete = staying(history.delete),
    chat_rename = staying(function(entry, done)
      history.rename(entry, nil, done)
    end),
    chat_everywhere = function(picker)
      wanted.everywhere = not wanted.everywhere
      picker:find()
    end,
  }
end

---@param wanted chatls.Wanted
function M.show(wanted)
  local both = { "n", "i" }
  local picker = of("snacks").picker.pick({
    source = "chatls",
    title = "Chats",
    live = true,
    supports_live = true,
    show_empty = true,
    finder = finder(wanted),
    format = function(item)
      local line, title = entry_of.line(item.entry, os.time(), wanted.everywhere)
      return { { line:sub(1, title) }, { line:sub(title + 1), "ChatlsQuiet" } }
    end,
    preview = preview,
    actions = actions(wanted),
    win = {
      input = {
        keys = {
          ["<a-f>"] = { "chat_fork", mode = both },
          ["<a-x>"] = { "chat_export", mode = both },
          ["<a-d>"] = { "chat_delete", mode = both },
          ["<a-r>"] = { "chat_rename", mode = both },
          ["<a-a>"] = { "chat_everywhere", mode = both },
        },
      },
    },
  })
  if picker then
    history.follow(function()
      return not picker.closed
    end, function()
      picker:find()
    end)
  end
end

return M
