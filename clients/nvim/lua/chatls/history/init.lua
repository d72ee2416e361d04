-- The chats that are kept: which there are, what is in them, and what can be done with one. Knows no window; a picker shows them
-- (picker.lua).

local daemon = require("chatls.daemon")
local entry_of = require("chatls.history.entry")
local replay = require("chatls.chat.replay")

local M = {}

local MOST = 200 -- chats in a list
local SHOWN = 3 -- turns in a preview

local function say(text, level)
  vim.notify("chatls: " .. text, level)
end

---@param err chatls.Error
local function complain(err)
  say(err.message, vim.log.levels.ERROR)
end

---@class chatls.Wanted
---@field query string Words that are in it.
---@field everywhere boolean Also those of other folders, and what was taken back.

---Which chats there are, the last one first.
---@param wanted chatls.Wanted
---@param cb fun(entries?: chatls.SessionEntry[], err?: chatls.Error)
function M.list(wanted, cb)
  local all = wanted.everywhere or nil
  local params = { query = wanted.query ~= "" and wanted.query or nil, everywhere = all, branches = all, limit = MOST }
  daemon.session("list", params, function(result, err)
    cb(result and result.sessions, err)
  end)
end

---Have a list that is shown follow what becomes of chats, for as long as it is there.
---@param is_there fun(): boolean
---@param refresh fun()
function M.follow(is_there, refresh)
  local forget
  forget = daemon.on_sessions(function()
    if is_there() then
      refresh()
    else
      forget()
    end
  end)
end

---@type table<string, string[]>
local previews = {}

---What a chat is about, to look at: its last turns.
---@param entry chatls.SessionEntry
---@param cb fun(lines: string[])
function M.preview(entry, cb)
  local key = entry.sessionId .. entry.updatedAt .. entry.title
  if previews[key] then
    return cb(previews[key])
  end
  local turns = {}
  daemon.load({ sessionId = entry.sessionId, last = SHOWN }, function(event)
    replay.take(turns, event)
  end, function(result, err)
    if not result then
      return cb({ assert(err).message })
    end
    if vim.tbl_count(previews) > 50 then
      previews = {}
    end
    previews[key] = entry_of.preview(result, turns, entry.turns, os.time())
    cb(previews[key])
  end)
end

---Ask something of one chat, and say what went wrong.
---@param what string
---@param params table
---@param done fun(result: any)
local function asked(what, params, done)
  daemon.session(what, params, function(result, err)
    if err then
      return complain(err)
    end
    done(result)
  end)
end

---@param entry { sessionId: string }
function M.open(entry)
  require("chatls.chat.panel").open_session(entry.sessionId)
end

---@param entry { sessionId: string, title: string }
---@param done? fun()
function M.delete(entry, done)
  vim.ui.select({ "Keep it", "Delete it for good" }, {
    prompt = ("Delete the chat %q?"):format(entry.title),
    kind = "chatls.delete",
  }, function(_, choice)
    if choice ~= 2 then
      return
    end
    asked("delete", { sessionId = entry.sessionId }, function()
      require("chatls.chat.panel").drop_session(entry.sessionId)
      say(("deleted %q"):format(entry.title))
      if done then
        done()
      end
    end)
  end)
end

---@param entry { sessionId: string, title: string }
---@param title? string Without it the person is asked.
---@param done? fun()
function M.rename(entry, title, done)
  if not title then
    return vim.ui.input({ prompt = "Title: ", default = entry.title }, function(written)
      if written and vim.trim(written) ~= "" then
        M.rename(entry, written, done)
      end
    end)
  end
  asked("rename", { sessionId = entry.sessionId, title = title }, function()
    require("chatls.chat.panel").renamed(entry.sessionId, title)
    if done then
      done()
    end
  end)
end

---A chat of its own that begins with what was said in this one.
---@param entry { sessionId: string }
---@param turn? string The last turn that both share; without it all that ended.
function M.fork(entry, turn)
  asked("fork", { sessionId = entry.sessionId, turnId = turn }, function(result)
    require("chatls.chat.panel").open_session(result.sessionId)
    say("this is the fork; the other chat is as it was")
  end)
end

---@param title string
---@param text string
local function show_export(title, text)
  vim.cmd("botright new")
  local buf = vim.api.nvim_get_current_buf()
  vim.bo[buf].buftype, vim.bo[buf].swapfile, vim.bo[buf].modifiable = "nofile", false, true
  vim.bo[buf].filetype = "markdown"
  pcall(vim.api.nvim_buf_set_name, buf, ("chatls://export/%d/%s.md"):format(buf, (title:gsub("[/%c]", " "))))
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, vim.split(text, "\n", { plain = true }))
end

---All of a chat as one text: in a buffer, or in a file.
---@param entry { sessionId: string, title: string }
---@param path? string JSON where it ends so, else Markdown.
---@param over? boolean Write over a file that is there.
function M.export(entry, path, over)
  path = path and path ~= "" and vim.fn.fnamemodify(vim.fn.expand(path), ":p") or nil
  if path and not over and vim.uv.fs_stat(path) then
    return say(("%s is there already: :ChatExport! writes over it"):format(path), vim.log.levels.WARN)
  end
  local format = path and path:match("%.json$") and "json" or "markdown"
  asked("export", { sessionId = entry.sessionId, format = format }, function(result)
    if not path then
      return show_export(entry.title, result.text)
    end
    local file, problem = io.open(path, "w")
    if not file then
      return say(("cannot be written: %s"):format(problem), vim.log.levels.ERROR)
    end
    file:write(result.text)
    file:close()
    say(("written to %s"):format(vim.fn.fnamemodify(path, ":~:.")))
  end)
end

---Show the chats that are kept, to choose one.
---@param wanted chatls.Wanted
function M.show(wanted)
  require("chatls.history.picker").show(wanted)
end

return M
