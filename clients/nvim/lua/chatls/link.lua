-- The pipe to the daemon: Neovim's own JSON-RPC, with two things noted on the way: which version of each document the
-- daemon was told last, and how the process ended.

local M = {}

---@class chatls.Link
---@field versions table<string, integer> By URI, of the documents that are open for the daemon.
---@field rpc? vim.lsp.rpc.PublicClient

---@param link chatls.Link
---@param method string
---@param params any
local function note(link, method, params)
  local document = type(params) == "table" and params.textDocument
  if method == "textDocument/didOpen" or method == "textDocument/didChange" then
    link.versions[document.uri] = document.version
  elseif method == "textDocument/didClose" then
    link.versions[document.uri] = nil
  end
end

---@param command string[]
---@param extra { cwd?: string, env?: table<string, string> }
---@param on_exit fun(code: integer, signal: integer) On the main loop, after all messages.
---@return chatls.Link link
---@return fun(dispatchers: table): vim.lsp.rpc.PublicClient cmd For `vim.lsp.start`.
function M.new(command, extra, on_exit)
  ---@type chatls.Link
  local link = { versions = {} }
  return link,
    function(dispatchers)
      local default = dispatchers.on_exit
      dispatchers.on_exit = function(code, signal)
        -- Neovim would say something of its own about a code that is not 0; daemon.lua says it better.
        default(0, 0)
        vim.schedule(function()
          on_exit(code, signal)
        end)
      end
      link.rpc = vim.lsp.rpc.start(command, dispatchers, extra)
      local notify = link.rpc.notify
      link.rpc.notify = function(method, params)
        note(link, method, params)
        return notify(method, params)
      end
      return link.rpc
    end
end

return M
