-- The problems that the editor shows, for the daemon's `chat/diagnostics`.

local documents = require("chatls.documents")
local positions = require("chatls.positions")

local M = {}

-- The daemon counts an answer after three seconds as none.
local LONGEST_MS, QUIET_MS = 1800, 250

---@param problem vim.Diagnostic
---@return chatls.Diagnostic
local function worded(problem)
  local bufnr, last = problem.bufnr, problem.end_lnum or problem.lnum
  return {
    range = {
      start = positions.position(bufnr, problem.lnum, problem.col),
      ["end"] = positions.position(bufnr, last, problem.end_col or problem.col),
    },
    message = problem.message,
    severity = problem.severity,
    source = problem.source,
    code = problem.code,
  }
end

---@param bufnr? integer nil: of all
---@return chatls.DocumentDiagnostics[]
local function problems_of(bufnr)
  local items, place = {}, {}
  for _, problem in ipairs(vim.diagnostic.get(bufnr)) do
    local at = problem.bufnr
    if vim.api.nvim_buf_is_loaded(at) and vim.startswith(vim.api.nvim_buf_get_name(at), "/") then
      if not place[at] then
        place[at] = { uri = vim.uri_from_bufnr(at), diagnostics = {} }
        table.insert(items, place[at])
      end
      table.insert(place[at].diagnostics, worded(problem))
    end
  end
  return items
end

---Whether anybody may yet say something about the buffer.
---@param bufnr integer
---@return boolean
local function is_watched(bufnr)
  for _, client in ipairs(vim.lsp.get_clients({ bufnr = bufnr })) do
    if client.name ~= "chatls" then
      return true
    end
  end
  return #vim.diagnostic.get(bufnr) > 0
end

---Wait until those who find problems have seen the change: something new, and then a moment of quiet.
---@param bufnr integer
local function settle(bufnr)
  local co, timer, done = coroutine.running(), assert(vim.uv.new_timer()), false
  local autocmd
  local function go_on()
    if not done then
      done = true
      timer:stop()
      timer:close()
      vim.api.nvim_del_autocmd(autocmd)
      assert(coroutine.resume(co))
    end
  end
  local started = vim.uv.now()
  local function within(ms)
    local left = math.max(LONGEST_MS - (vim.uv.now() - started), 0)
    timer:start(math.min(ms, left), 0, vim.schedule_wrap(go_on))
  end
  autocmd = vim.api.nvim_create_autocmd("DiagnosticChanged", {
    buffer = bufnr,
    callback = function()
      within(QUIET_MS)
    end,
  })
  within(LONGEST_MS)
  coroutine.yield()
end

---Call it in a coroutine.
---@param request chatls.DiagnosticsRequest
---@return chatls.DiagnosticsAnswer
function M.answer(request)
  if not request.uri then
    return { items = problems_of(nil) }
  end
  local bufnr = documents.loaded(request.uri)
  if not bufnr then
    return { items = {} }
  end
  if request.changed == true and is_watched(bufnr) then
    settle(bufnr)
  end
  return { items = vim.api.nvim_buf_is_loaded(bufnr) and problems_of(bufnr) or {} }
end

return M
