-- Which model a chat asks: a list to choose from.

local config = require("chatls.config")
local roots = require("chatls.roots")

local M = {}

---@param model chatls.ModelEntry
---@param current? string
---@param default? string
---@return string
local function model_line(model, current, default)
  local marks = {}
  if model.id == current then
    table.insert(marks, "in use")
  end
  if model.id == default then
    table.insert(marks, "default")
  end
  if model["local"] then
    table.insert(marks, "on this machine")
  end
  local name = model.name ~= "" and model.name ~= model.id and ("  %s"):format(model.name) or ""
  return model.id .. name .. (#marks > 0 and (" (%s)"):format(table.concat(marks, ", ")) or "")
end

-- `chatls setup` in a terminal of its own. The daemon reads what it wrote with the next prompt.
local function set_up()
  local found, complaint = require("chatls.program").find(config.options.cmd, roots.current())
  if not found then
    return vim.notify("chatls: " .. complaint, vim.log.levels.ERROR)
  end
  vim.cmd("botright new")
  local command = vim.list_extend(vim.deepcopy(found.command), { "setup" })
  local open = vim.fn.has("nvim-0.11") == 1 and vim.fn.jobstart or vim.fn.termopen
  local env = vim.tbl_extend("force", vim.empty_dict(), config.options.env)
  open(command, { term = true, cwd = vim.uv.os_homedir(), env = env })
  vim.cmd.startinsert()
end

---Choose the model of the chat that is shown, or set one up.
---@param result chatls.ModelsResult
---@param panel { get_model: (fun(): string?), set_model: fun(id: string) }
function M.choose(result, panel)
  local default = type(result.default) == "string" and result.default or nil
  local current = panel.get_model()
  local setup = {} -- no model: the last choice
  local items = vim.list_extend({}, result.models)
  table.insert(items, setup)
  vim.ui.select(items, {
    prompt = "Model",
    kind = "chatls.model",
    format_item = function(model)
      return model == setup and "Set up a model: chatls setup, in a terminal" or model_line(model, current, default)
    end,
  }, function(model)
    if model == setup then
      set_up()
    elseif model then
      panel.set_model(model.id)
    end
  end)
end

return M
