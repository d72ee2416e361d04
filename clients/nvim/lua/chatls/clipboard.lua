-- The picture in the clipboard, read with whatever program this system has for it.

local M = {}

local MOST, PATIENCE_MS = 5000000, 3000
local KINDS = { "image/png", "image/jpeg", "image/webp", "image/gif" }

---@class chatls.ClipboardTool
---@field program string
---@field there fun(): boolean
---@field kinds? string[] Its arguments to list what there is; none: it knows pictures of one kind alone.
---@field read fun(kind: string): string[] Its arguments to read it.

---@type chatls.ClipboardTool[]
local TOOLS = {
  {
    program = "wl-paste",
    there = function()
      return (vim.env.WAYLAND_DISPLAY or "") ~= ""
    end,
    kinds = { "--list-types" },
    read = function(kind)
      return { "--no-newline", "--type", kind }
    end,
  },
  {
    program = "xclip",
    there = function()
      return (vim.env.DISPLAY or "") ~= ""
    end,
    kinds = { "-selection", "clipboard", "-t", "TARGETS", "-o" },
    read = function(kind)
      return { "-selection", "clipboard", "-t", kind, "-o" }
    end,
  },
  {
    program = "pngpaste",
    there = function()
      return vim.fn.has("mac") == 1
    end,
    read = function()
      return { "-" }
    end,
  },
}

---@param path string
---@param arguments string[]
---@return string? output
local function run(path, arguments)
  local ok, done = pcall(function()
    return vim.system(vim.list_extend({ path }, arguments), { text = false, timeout = PATIENCE_MS }):wait()
  end)
  return ok and done.code == 0 and done.stdout or nil
end

---@param tool chatls.ClipboardTool
---@param path string
---@return string? kind
local function kind_of(tool, path)
  if not tool.kinds then
    return KINDS[1]
  end
  local there = vim.split(run(path, tool.kinds) or "", "\n", { trimempty = true })
  return vim.iter(KINDS):find(function(kind)
    return vim.tbl_contains(there, kind)
  end)
end

---@return chatls.Image? picture
---@return string? complaint
function M.picture()
  local roots = require("chatls.roots").current()
  local looked = {}
  for _, tool in ipairs(TOOLS) do
    local path = tool.there() and require("chatls.program").on_path(tool.program, roots)
    local kind = path and kind_of(tool, path)
    local data = kind and run(path, tool.read(kind))
    if data and #data > MOST then
      return nil, "the picture in the clipboard is larger than 5 MB"
    elseif data and data ~= "" then
      return { type = "image", mimeType = kind, data = vim.base64.encode(data) }
    end
    table.insert(looked, path and tool.program or nil)
  end
  if #looked == 0 then
    return nil, "wl-paste (Wayland), xclip (X11) or pngpaste (macOS) is needed to read pictures from the clipboard"
  end
  return nil, "there is no picture in the clipboard"
end

return M
