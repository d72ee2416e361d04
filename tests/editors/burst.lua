-- How long does a burst of 20,000 chunks hold up the editor? Starts a Neovim on a screen (a pseudo terminal), feeds it,
-- and tells the longest time between two ticks of its main loop.
--
--   nvim --clean -l tests/editors/burst.lua [CHUNKS] [DAEMON COMMAND...]
--
-- Without a command the chunks come from within: each as an event of the main loop, as vim.lsp passes notifications on,
-- as fast as the loop takes them. With one they come from that daemon and its scripted provider.

local HERE = vim.fs.dirname(vim.fn.fnamemodify(arg[0], ":p"))
local PLUGIN = vim.fs.normalize(HERE .. "/../../clients/nvim")
local DEADLINE_MS = 60000

local CHILD = [==[
local plugin, chunks, command = ...
vim.opt.rtp:prepend(plugin)

-- About 80 characters a line, with what markdown has: lists, code, emphasis.
local function chunk(number)
  if number % 400 == 0 then
    return "\n\n```lua\nlocal x = " .. number .. "\n```\n\n"
  elseif number % 60 == 0 then
    return "\n\n- **point** `" .. number .. "` "
  end
  return number % 15 == 0 and "word\n" or "word "
end

local function all()
  local pieces = {}
  for number = 1, chunks do
    pieces[number] = chunk(number)
  end
  return pieces
end

local ticks = { longest = 0, count = 0, over = 0, first = vim.uv.hrtime() }
function ticks.start()
  local timer, last = vim.uv.new_timer(), vim.uv.hrtime()
  ticks.timer = timer
  timer:start(1, 1, function()
    local now = vim.uv.hrtime()
    local gap = (now - last) / 1e6
    last, ticks.longest, ticks.count = now, math.max(ticks.longest, gap), ticks.count + 1
    ticks.over = ticks.over + (gap > 50 and 1 or 0)
  end)
end

if #command == 0 then
  package.preload["chatls.daemon"] = function()
    local fake = { state = function() return "ready" end, on_state = function() end, on_question = function() end }
    function fake.folders() return {} end
    function fake.prompt(_, on_event, on_done)
      local pieces, at = all(), 0
      local source = vim.uv.new_check()
      local busy = vim.uv.new_idle()
      vim.schedule(function() on_event({ kind = "turnStart", sessionId = "session-1", model = "fake/burst" }) end)
      local function feed()
        for _ = 1, 100 do
          at = at + 1
          local text = pieces[at]
          if not text then
            busy:close()
            source:close()
            return vim.schedule(function()
              on_event({ kind = "stepEnd", text = table.concat(pieces), stopReason = "end_turn" })
              local result = { sessionId = "session-1", turnId = "turn-1", stopReason = "end_turn", steps = 1 }
              on_done(vim.tbl_extend("force", result, { chunks = chunks, tools = {}, durationMs = 1 }))
            end)
          end
          vim.schedule(function() on_event({ kind = "textChunk", text = text }) end)
        end
      end
      busy:start(function() end)
      source:start(feed)
      return { cancel = function() end }
    end
    return fake
  end
else
  local script = vim.fn.tempname()
  local file = assert(io.open(script, "w"))
  local actions = vim.tbl_map(function(text) return { text = text } end, all())
  file:write(vim.json.encode({ replies = { actions }, chunkChars = 1000000, chunkDelay = 0 }))
  file:close()
  require("chatls").setup({
    cmd = command,
    settings = { model = "burst/any", providers = { burst = { kind = "scripted", script = script } } },
  })
end

local panel = require("chatls.chat.panel")
panel.open()
ticks.start()
panel.send("go", {})

-- What it came to, once the turn has ended.
function _G.outcome()
  local chat = panel.list()[1]
  if chat.running then
    return vim.NIL
  end
  local buf = vim.fn.bufnr("chatls://chat/1")
  local text = table.concat(vim.api.nvim_buf_get_lines(buf, 0, -1, false), "\n")
  local words = select(2, text:gsub("word", ""))
  return { longest = ticks.longest, ticks = ticks.count, over = ticks.over, took = (vim.uv.hrtime() - ticks.first) / 1e6,
    words = words, lines = vim.api.nvim_buf_line_count(buf), memory = vim.uv.resident_set_memory() / 1e6 }
end
]==]

local function words_in(chunks)
  local words = 0
  for number = 1, chunks do
    words = words + ((number % 400 == 0 or number % 60 == 0) and 0 or 1)
  end
  return words
end

local function main()
  local chunks = tonumber(arg[1]) or 20000
  local command = vim.list_slice(arg, 2)
  local address = vim.fn.tempname()
  local job = vim.fn.jobstart({ vim.v.progpath, "--clean", "-n", "--listen", address }, {
    pty = true,
    width = 120,
    height = 40,
    env = { TERM = "xterm-256color" },
  })
  vim.wait(10000, function()
    return vim.uv.fs_stat(address) ~= nil
  end, 20)
  local child = vim.fn.sockconnect("pipe", address, { rpc = true })
  vim.rpcrequest(child, "nvim_exec_lua", CHILD, { PLUGIN, chunks, command })
  local result
  vim.wait(DEADLINE_MS, function()
    result = vim.rpcrequest(child, "nvim_exec_lua", "return outcome()", {})
    return result ~= vim.NIL
  end, 50)
  if result == vim.NIL then
    local tail =
      'return table.concat(vim.api.nvim_buf_get_lines(vim.fn.bufnr("chatls://chat/1"), -10, -1, false), "\\n")'
    io.stderr:write(
      vim.rpcrequest(child, "nvim_exec_lua", tail, {}),
      "\n",
      vim.rpcrequest(child, "nvim_exec2", "messages", { output = true }).output,
      "\n"
    )
  end
  vim.fn.jobstop(job)
  assert(result and result ~= vim.NIL, "it did not end in time")
  assert(result.words == words_in(chunks), ("%d words came of %d"):format(result.words, words_in(chunks)))
  local told = "%d chunks from %s: %.0f ms, longest block of the main loop %.0f ms (%d over 50 ms), %d lines, %.0f MB\n"
  io.stdout:write(
    told:format(
      chunks,
      command[1] and "the daemon" or "within",
      result.took,
      result.longest,
      result.over,
      result.lines,
      result.memory
    )
  )
end

main()
