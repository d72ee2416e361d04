-- Which model a chat asks: a list to choose from.

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

---Choose the model of the chat that is shown.
---@param result chatls.ModelsResult
---@param panel { get_model: (fun(): string?), set_model: fun(id: string) }
function M.choose(result, panel)
  if #result.models == 0 then
    local text =
      "chatls: the daemon knows no model: set a key in the environment, or start a server; see :checkhealth chatls"
    return vim.notify(text)
  end
  local default = type(result.default) == "string" and result.default or nil
  local current = panel.get_model()
  vim.ui.select(result.models, {
    prompt = "Model",
    kind = "chatls.model",
    format_item = function(model)
      return model_line(model, current, default)
    end,
  }, function(model)
    if model then
      panel.set_model(model.id)
    end
  end)
end

return M
