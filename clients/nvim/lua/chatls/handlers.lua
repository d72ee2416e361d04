-- What the daemon sends unasked: events of turns, questions, edits, what is to be read anew or saved, problems, and what
-- language servers are to be asked.

local M = {}

---What this client can do.
---@return table
function M.capabilities()
  local capabilities = vim.lsp.protocol.make_client_capabilities()
  local chat = {
    version = 1,
    permission = true,
    elicit = true,
    diagnostics = true,
    reload = true,
    save = true,
    language = true,
    sessionsChanged = true,
  }
  capabilities.experimental = { chat = chat }
  capabilities.workspace.applyEdit = true
  capabilities.workspace.workspaceEdit.documentChanges = true
  capabilities.workspace.workspaceEdit.resourceOperations = { "rename", "delete" }
  -- What nearly all other servers use: 0.10 cannot have two encodings in one buffer without warnings.
  capabilities.general.positionEncodings = { "utf-16" }
  capabilities.window.workDoneProgress = require("chatls.config").options.lsp_progress
  return capabilities
end

---Events of our turns must not reach the default handler: each would push another server's progress out of its list of
---fifty, and fire an autocommand.
local function on_progress(err, params, ctx, conf)
  if not require("chatls.turns").event(params.token, params.value) then
    return vim.lsp.handlers["$/progress"](err, params, ctx, conf)
  end
end

---@param link chatls.Link
---@return table<string, function>
function M.new(link)
  return {
    ["$/progress"] = on_progress,
    -- Matched by the turn's own events (questions.lua); Neovim has no handler of its own.
    ["$/cancelRequest"] = function() end,
    ["chat/requestPermission"] = function(_, question)
      return require("chatls.questions").ask(question)
    end,
    ["chat/elicit"] = function(_, form)
      return require("chatls.asking.form").ask(form)
    end,
    ["chat/diagnostics"] = function(_, request)
      return require("chatls.problems").answer(request)
    end,
    ["chat/reload"] = function(_, request, ctx)
      return require("chatls.reload").answer(assert(vim.lsp.get_client_by_id(ctx.client_id)), request)
    end,
    ["chat/save"] = function(_, request, ctx)
      return require("chatls.save").answer(assert(vim.lsp.get_client_by_id(ctx.client_id)), request)
    end,
    ["chat/language"] = function(_, request, ctx)
      return require("chatls.language.servers").answer(link, assert(vim.lsp.get_client_by_id(ctx.client_id)), request)
    end,
    ["chat/sessionsChanged"] = function()
      require("chatls.daemon").sessions_changed()
    end,
    ["workspace/applyEdit"] = function(err, params, ctx, conf)
      return require("chatls.edits").apply(link, err, params, ctx, conf)
    end,
  }
end

return M
