-- The life of the daemon: started on first use, started again after a crash, gone with the editor. Knows nothing of what it
-- is asked (daemon.lua), and of documents only who tells it of them.

local config = require("chatls.config")
local handlers = require("chatls.handlers")
local link = require("chatls.link")
local program = require("chatls.program")
local questions = require("chatls.questions")
local roots = require("chatls.roots")
local settings_file = require("chatls.settings_file")
local status = require("chatls.status")
local turns = require("chatls.turns")

local M = {}

---@alias chatls.State "stopped"|"starting"|"ready"|"crashed"

local RESTARTS, WITHIN_MS = 3, 180000

---@type chatls.State
local state = "stopped"
---@type vim.lsp.Client?
local client
---@type chatls.Link?
local current
---@type string[]
local folders = {}
---@type (fun(err?: chatls.Error))[]
local waiting = {}
---@type integer[]
local crashes = {}
---@type fun(state: chatls.State, text?: string)[]
local listeners = {}

---Requests that wait for an answer: what ends them.
---@type table<fun(result?: any, err?: chatls.Error), true>
M.pending = {}

---@param method "request"|"notify"|"stop"
function M.call(method, ...)
  local of = assert(client)
  -- 0.11 made them methods; with a dot it warns.
  if vim.fn.has("nvim-0.11") == 1 then
    return of[method](of, ...)
  end
  return of[method](...)
end

---@param new chatls.State
---@param text? string
local function become(new, text)
  state = new
  status.changed()
  for _, listener in ipairs(listeners) do
    local ok, err = xpcall(listener, debug.traceback, new, text)
    if not ok then
      vim.notify("chatls: " .. tostring(err), vim.log.levels.ERROR)
    end
  end
end

---@return chatls.State
function M.state()
  return state
end

---@param fn fun(state: chatls.State, text?: string)
function M.on_state(fn)
  table.insert(listeners, fn)
end

---@return vim.lsp.Client?
function M.client()
  return client
end

---The folders that the daemon knows of.
---@return string[]
function M.folders()
  return folders
end

---@param err? chatls.Error
local function release(err)
  local called = waiting
  waiting = {}
  for _, fn in ipairs(called) do
    fn(err)
  end
end

---End everything that waits for the daemon: it will not answer.
---@param err chatls.Error
local function settle(err)
  questions.withdraw(function()
    return true
  end)
  turns.finish_all(err)
  for _, finish in ipairs(vim.tbl_keys(M.pending)) do
    finish(nil, err)
  end
  release(err)
end

---@param now integer
---@return boolean whether it may be started again
local function count_crash(now)
  crashes = vim.tbl_filter(function(at)
    return now - at < WITHIN_MS
  end, crashes)
  table.insert(crashes, now)
  return #crashes <= RESTARTS
end

---@param code integer
---@param signal integer
local function how(code, signal)
  return signal ~= 0 and ("by signal %d"):format(signal) or ("with exit code %d"):format(code)
end

---@param code integer
---@param signal integer
---@param was chatls.State
local function exited(code, signal, was)
  client, current, folders = nil, nil, {}
  local what = ("the daemon ended %s"):format(how(code, signal))
  if vim.v.exiting ~= vim.NIL or (was == "ready" and code == 0 and signal == 0) then
    -- Somebody asked it to.
    become("stopped", "the daemon was ended")
    return settle({ message = "the daemon was ended" })
  end
  if was ~= "ready" then
    local text = what .. " before it was ready; :checkhealth chatls says more"
    become("stopped", text)
    return settle({ message = text })
  end
  become("crashed", what)
  settle({ message = what .. ". Ask again: the chat goes on" })
  if count_crash(vim.uv.now()) then
    vim.notify(("chatls: %s, and was started again. The chats go on."):format(what), vim.log.levels.WARN)
    return M.start()
  end
  local text = "%s for the %dth time within three minutes, and is not started again until you ask something. "
  vim.notify(
    ("chatls: " .. text .. "Its log: %s"):format(what, #crashes, require("vim.lsp.log").get_filename()),
    vim.log.levels.ERROR
  )
end

---@param of chatls.Link
---@return table
local function client_config(of, cmd)
  local settings = config.options.settings
  return {
    name = "chatls",
    cmd = cmd,
    root_dir = folders[1],
    workspace_folders = roots.as_folders(folders),
    -- Not an empty object: the user's own settings count.
    init_options = next(settings) and settings or nil,
    capabilities = handlers.capabilities(),
    handlers = handlers.new(of),
    on_init = function(started)
      client = started
      require("chatls.documents").follow(started, folders)
      become("ready")
      release()
    end,
  }
end

---@param settings table
---@return integer? id
local function launch(settings)
  if vim.fn.has("nvim-0.11") == 1 then
    local function never()
      return false
    end
    return vim.lsp.start(settings, { attach = false, reuse_client = never, silent = true })
  end
  -- 0.10 has no `attach`, and would attach whatever buffer is shown.
  return (vim.lsp.start_client(settings))
end

---@param message string
local function fail_start(message)
  -- Later: a caller must have its handle before it hears of the end.
  vim.schedule(function()
    release({ message = message })
  end)
end

---A folder to run in that no workspace has a say in: `python -m` would look for modules there.
---@return string
local function neutral()
  local home = vim.uv.os_homedir()
  return home and vim.fn.isdirectory(home) == 1 and home or "/"
end

---Start the daemon, if it does not run.
function M.start()
  if state == "starting" or state == "ready" then
    return
  end
  folders = roots.current()
  local found, complaint = program.find(config.options.cmd, folders)
  if not found then
    return fail_start(assert(complaint))
  end
  local extra = { cwd = neutral(), env = config.options.env }
  local this, cmd
  this, cmd = link.new(found.command, extra, function(code, signal)
    if current == this then
      exited(code, signal, state)
    end
  end)
  current = this
  settings_file.note()
  become("starting")
  if not launch(client_config(this, cmd)) then
    current = nil
    become("stopped", "the daemon cannot be started")
    fail_start(("%s cannot be started; :checkhealth chatls says more"):format(found.command[1]))
  end
end

---End the daemon. Turns that run are cancelled.
function M.stop()
  local ending = client
  if not current or not ending then
    return
  end
  local rpc = assert(current.rpc)
  M.call("stop")
  vim.defer_fn(function()
    if not rpc.is_closing() then
      rpc.terminate()
    end
  end, 3000)
  client, current, folders = nil, nil, {}
  become("stopped", "it was ended")
  settle({ message = "the daemon was ended", kind = "cancelled" })
end

---Start the daemon if it does not run, and go on when it listens. One that runs reads a settings file again that somebody
---mended meanwhile.
---@param fn fun(err?: chatls.Error) Called once.
function M.when_ready(fn)
  if state == "ready" then
    if settings_file.changed() then
      M.reconfigure()
    end
    return fn()
  end
  table.insert(waiting, fn)
  M.start()
end

---Tell the daemon where the person works by now.
---@param now string[]
function M.follow_roots(now)
  if vim.deep_equal(now, folders) then
    return
  end
  local function missing(from, to)
    return roots.as_folders(vim.tbl_filter(function(folder)
      return not vim.tbl_contains(to, folder)
    end, from))
  end
  local event = { added = missing(now, folders), removed = missing(folders, now) }
  folders = now
  assert(client).workspace_folders = roots.as_folders(now)
  M.call("notify", "workspace/didChangeWorkspaceFolders", { event = event })
  require("chatls.documents").follow(client, folders)
end

---Tell a daemon that runs of settings that were set anew.
function M.reconfigure()
  if state == "ready" then
    local settings = config.options.settings
    local params = { settings = { chatls = next(settings) and settings or vim.empty_dict() } }
    M.call("notify", "workspace/didChangeConfiguration", params)
  end
end

return M
