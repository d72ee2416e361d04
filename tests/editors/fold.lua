-- Folds transcripts and prints their views: nvim --clean -l fold.lua PLUGIN TRANSCRIPTS NAME...

local plugin, folder = arg[1], arg[2]
package.path = plugin .. "/lua/?.lua;" .. package.path
local state = require("chatls.chat.state")

---Lua cannot tell {} from []: these members are objects, also when they are empty.
local OBJECTS = { tools = true, arguments = true, usage = true }

local function marked(value)
  if type(value) ~= "table" then
    return value
  end
  for key, item in pairs(value) do
    local empty = type(item) == "table" and next(item) == nil
    value[key] = empty and OBJECTS[key] and vim.empty_dict() or marked(item)
  end
  return value
end

local function folded(name)
  local view = state.new()
  for line in io.lines(("%s/%s.jsonl"):format(folder, name)) do
    local item = vim.json.decode(line)
    if item.result then
      view = state.finish(view, item.result)
    elseif item.error then
      view = state.fail(view, vim.tbl_extend("force", { message = item.error.message }, item.error.data))
    else
      view = state.fold(view, item)
    end
  end
  return marked(state.to_wire(view))
end

local views = {}
for at = 3, #arg do
  views[arg[at]] = folded(arg[at])
end
io.stdout:write(vim.json.encode(views))
