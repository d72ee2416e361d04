-- `:checkhealth chatls`: what is needed, what was found, and what to do. Shows no key.

local config = require("chatls.config")
local daemon = require("chatls.daemon")
local program = require("chatls.program")
local roots = require("chatls.roots")

local M = {}

-- Where the known providers look for their keys (docs/configuration.md). Only whether one is there is told.
local KEYS = {
  "ANTHROPIC_API_KEY",
  "OPENAI_API_KEY",
  "GEMINI_API_KEY",
  "GOOGLE_API_KEY",
  "OPENROUTER_API_KEY",
  "GROQ_API_KEY",
  "MISTRAL_API_KEY",
  "DEEPSEEK_API_KEY",
  "TOGETHER_API_KEY",
  "XAI_API_KEY",
  "AZURE_OPENAI_API_KEY",
}

local function check_neovim()
  if vim.fn.has("nvim-0.10") == 1 then
    vim.health.ok("Neovim " .. tostring(vim.version()))
  else
    vim.health.error("Neovim " .. tostring(vim.version()) .. " is too old", "chatls needs 0.10 or newer")
  end
  if pcall(vim.treesitter.language.add, "markdown") then
    vim.health.ok("treesitter's markdown is there: chats are highlighted")
  else
    vim.health.warn("treesitter has no markdown: chats are plain text")
  end
end

-- What `chatls doctor` finds of this machine. What the editor itself knows better is left out.
---@param daemon_command string[]
local function check_machine(daemon_command)
  local command = vim.list_extend(vim.deepcopy(daemon_command), { "doctor", "--json" })
  local ok, done = pcall(function()
    local opts = { text = true, timeout = 30000, cwd = vim.uv.os_homedir(), env = config.options.env }
    return vim.system(command, opts):wait()
  end)
  local decoded, found = pcall(vim.json.decode, ok and done.stdout or "")
  if not decoded or type(found) ~= "table" then
    vim.health.warn("`chatls doctor` says nothing", "run it in a terminal to see why")
    return
  end
  local tells = { good = vim.health.ok, warning = vim.health.warn, bad = vim.health.error }
  local area
  for _, finding in ipairs(found.findings) do
    if not vim.list_contains({ "Models", "MCP servers", "Editors" }, finding.area) then
      if finding.area ~= area then
        area = finding.area
        vim.health.start("chatls doctor: " .. area)
      end
      local tell = tells[finding.mark] or vim.health.info
      tell(finding.text, finding.advice ~= "" and finding.advice or nil)
    end
  end
end

---@return string[]? command
local function check_program()
  local found, complaint = program.find(config.options.cmd, roots.current())
  if not found then
    vim.health.error(assert(complaint))
    return nil
  end
  vim.health.ok(("program: %s (from %s)"):format(table.concat(found.command, " "), found.source))
  local command = vim.list_extend(vim.deepcopy(found.command), { "--version" })
  local ok, done = pcall(function()
    local opts = { text = true, timeout = 10000, cwd = vim.uv.os_homedir(), env = config.options.env }
    return vim.system(command, opts):wait()
  end)
  if ok and done.code == 0 then
    vim.health.ok("version: " .. vim.trim(done.stdout))
    return found.command
  end
  vim.health.error("it does not run", ok and vim.trim(done.stderr) or tostring(done))
  return nil
end

---@param result chatls.ModelsResult
local function tell_models(result)
  if type(result.default) == "string" then
    vim.health.ok("the daemon's choice of model: " .. result.default)
  else
    vim.health.warn("the daemon has no model to choose", {
      "run `chatls setup` in a terminal: it finds what is there, and writes the settings",
      "or set the key of a provider in the environment (docs/providers.md), or start Ollama or another local server",
      "or name one with the option `model`",
    })
  end
  local chosen = config.options.model
  if chosen then
    vim.health.info("the option `model`: " .. chosen)
  end
  vim.health.info(("models to choose from with :ChatModel: %d"):format(#result.models))
end

local PATIENCE_MS = 20000

-- Ask the daemon, and wait for its answer.
---@param method string
---@return any result, any err
local function ask(method)
  local answered, result, err = false, nil, nil
  daemon.request(method, {}, function(answer, failed)
    answered, result, err = true, answer, failed
  end)
  vim.wait(PATIENCE_MS, function()
    return answered
  end, 20)
  return result, err
end

---@param server chatls.ServerEntry
local function check_server(server)
  local why = type(server.why) == "string" and server.why or "no reason was told"
  local name = ("the MCP server %s"):format(server.name)
  if server.state == "ready" then
    vim.health.ok(("%s runs (%s), with %d tools"):format(name, server.where, server.tools))
  elseif server.state == "starting" then
    vim.health.info(("%s is starting (%s)"):format(name, server.where))
  else
    vim.health.warn(("%s does not run (%s): %s"):format(name, server.where, why), "chatls mcp test " .. server.name)
  end
end

local function check_tools()
  local tools = ask("chat/tools")
  for _, server in ipairs(type(tools) == "table" and type(tools.servers) == "table" and tools.servers or {}) do
    check_server(server)
  end
  local sandbox = type(tools) == "table" and tools.sandbox or nil
  if type(sandbox) ~= "table" then
    return
  end
  if sandbox.setting == "off" then
    vim.health.info("the sandbox for commands is switched off (`commands.sandbox`)")
  elseif sandbox.works then
    vim.health.ok(sandbox.note)
  else
    local tell = sandbox.setting == "required" and vim.health.error or vim.health.warn
    tell(sandbox.note, "SECURITY.md says what it is; on Linux it is made with bubblewrap")
  end
end

local function check_models()
  local result, err = ask("chat/models")
  if result then
    vim.health.ok("the daemon runs")
    tell_models(result)
  else
    local why = err and ": " .. err.message or (" within %d seconds"):format(PATIENCE_MS / 1000)
    local log = "its log is in " .. require("vim.lsp.log").get_filename()
    vim.health.error("the daemon did not answer" .. why, err and log or { "on a busy machine: try again", log })
  end
end

local function check_keys()
  local there = vim.tbl_filter(function(name)
    return (config.options.env[name] or vim.env[name] or "") ~= ""
  end, KEYS)
  if #there > 0 then
    vim.health.ok("keys in the environment: " .. table.concat(there, ", "))
  else
    vim.health.info("no provider's key is in the environment; models on this machine need none")
  end
end

function M.check()
  vim.health.start("chatls: editor")
  check_neovim()
  vim.health.start("chatls: daemon")
  vim.health.info("roots: " .. table.concat(roots.current(), ", "))
  local command = check_program()
  if command then
    check_models()
    check_tools()
  end
  check_keys()
  if command then
    check_machine(command)
  end
end

return M
