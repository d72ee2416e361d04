-- What a prompt names with `@`: completing it, and sending it along. Files are known here, the rest by the daemon.

local offered = require("chatls.offered")
local roots = require("chatls.roots")

local M = {}

local MOST, DEEPEST, FRESH_MS, SHOWN = 20000, 12, 5000, 200
---What the daemon looks up for us.
local LOOKED_UP = { folder = true, diagnostics = true, diff = true, buffers = true }
local SKIPPED = { node_modules = true, __pycache__ = true, target = true, venv = true }

---@type { folder: string, at: integer, files: string[] }[]
local cache = {}

---@param folder string
---@return string[]? files nil: no repository, or no git.
local function from_git(folder)
  local git = require("chatls.program").on_path("git", { folder })
  if not git then
    return nil
  end
  -- A repository's own settings may name a program to run: not here.
  local command = { git, "-c", "core.fsmonitor=false", "-C", folder }
  vim.list_extend(command, { "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate" })
  local ok, done = pcall(function()
    return vim.system(command, { text = false, timeout = 1500 }):wait()
  end)
  if not ok or done.code ~= 0 then
    return nil
  end
  return vim.split(done.stdout, "\0", { plain = true, trimempty = true })
end

---@param folder string
---@return string[]
local function from_disk(folder)
  local files = {}
  local entries = vim.fs.dir(folder, {
    depth = DEEPEST,
    skip = function(name)
      local base = vim.fs.basename(name)
      return not (SKIPPED[base] or vim.startswith(base, "."))
    end,
  })
  for name, kind in entries do
    if kind == "file" then
      table.insert(files, name)
    end
    if #files >= MOST then
      break
    end
  end
  return files
end

---@param folder string
---@return string[]
local function files_of(folder)
  local now = vim.uv.now()
  local known = cache[folder]
  if not known or now - known.at > FRESH_MS then
    known = { at = now, files = from_git(folder) or from_disk(folder) }
    cache[folder] = known
  end
  return known.files
end

---@return string[]
local function folders()
  local known = require("chatls.daemon").folders()
  return #known > 0 and known or roots.current()
end

---The files that can be named, as they are named: relative to the root, with its name where there are several.
---@return string[]
function M.files()
  local all, known = {}, folders()
  for _, folder in ipairs(known) do
    local prefix = #known > 1 and vim.fs.basename(folder) .. "/" or ""
    for _, file in ipairs(files_of(folder)) do
      table.insert(all, prefix .. file)
    end
  end
  return all
end

---@param name string
---@return string? path Absolute, of what is there.
---@return string? kind "file" or "directory".
local function resolve(name)
  local known = folders()
  for _, folder in ipairs(known) do
    local inside = folder .. "/" .. name
    if #known > 1 and vim.startswith(name, vim.fs.basename(folder) .. "/") then
      inside = vim.fs.dirname(folder) .. "/" .. name
    end
    local found = vim.uv.fs_stat(inside)
    if found and (found.type == "file" or found.type == "directory") then
      return inside, found.type
    end
  end
end

---@param file string
---@return string
local function mention(file)
  return file:find("%s") and ('@"%s"'):format(file) or "@" .. file
end

---@param letters string With the `@`.
---@return string[] files The best first.
local function matching(letters)
  letters = letters:gsub('^@"?', "")
  local files = M.files()
  local found = letters == "" and files or vim.fn.matchfuzzy(files, letters, { limit = SHOWN })
  return vim.list_slice(found, 1, SHOWN)
end

---For the command line.
---@param letters string With the `@`.
---@return string[] mentions
function M.match(letters)
  return vim.tbl_map(mention, matching(letters))
end

---For 'omnifunc' and 'completefunc' of a prompt: `@` and the letters behind it; a slash at its beginning.
---@param findstart 0|1
---@param base string
---@return integer|table
function M.complete(findstart, base)
  if findstart == 1 then
    local before = vim.api.nvim_get_current_line():sub(1, vim.api.nvim_win_get_cursor(0)[2])
    if vim.api.nvim_win_get_cursor(0)[1] == 1 and before:find("^/[^%s/]*$") then
      return 0
    end
    local at = before:find('@"?[^%s"]*$')
    -- -3: leave completion, and say nothing.
    return at and at - 1 or -3
  end
  if vim.startswith(base, "/") then
    return offered.commands(base)
  end
  local files = vim.tbl_map(function(file)
    return { word = mention(file), abbr = file, menu = "[file]", icase = 1, dup = 0 }
  end, matching(base))
  return vim.list_extend(offered.mentions(base), files)
end

---@param word string Without the `@`.
---@return chatls.ContentBlock? block nil: it names nothing.
local function placed(word)
  local name, lines = word:match("^(.-)(#L%d+[-%dL]*)$")
  local path, kind = resolve(name or word)
  if not path then
    return nil
  elseif kind == "directory" then
    return { type = "mention", name = "folder", argument = vim.uri_from_fname(path) }
  elseif lines then
    return { type = "mention", name = "file", argument = vim.uri_from_fname(path) .. lines }
  end
  return { type = "resource_link", uri = vim.uri_from_fname(path) }
end

---@param word string Without the `@`.
---@return chatls.ContentBlock? block nil: it names nothing.
local function looked_up(word)
  local name, argument = word:match("^(%l+):(.+)$")
  name = name or word
  if word == "clipboard" then
    local picture, complaint = require("chatls.clipboard").picture()
    if complaint then
      vim.notify("chatls: " .. complaint, vim.log.levels.WARN)
    end
    return picture
  elseif word == "selection" then
    return require("chatls.context").selected()
  elseif LOOKED_UP[name] and (argument or name ~= "folder") then
    return { type = "mention", name = name, argument = argument }
  end
end

---What a person wrote, and a block for each thing that it names.
---@param text string
---@return chatls.ContentBlock[]
function M.expand(text)
  local blocks, seen = { { type = "text", text = text } }, {}
  local function add(block)
    if block and not vim.iter(blocks):any(function(one)
      return vim.deep_equal(one, block)
    end) then
      table.insert(blocks, block)
    end
    return block ~= nil
  end
  for name in (" " .. text):gmatch('[%s(]@"([^"\n]+)"') do
    add(placed(name))
  end
  for name in (" " .. text):gmatch('[%s(]@([^%s"]+)') do
    if not seen[name] then
      seen[name] = true
      -- A sentence may end behind a name.
      local plain = name:gsub("[,;:!?)]+%.?$", ""):gsub("([^%.])%.$", "%1")
      local _ = add(looked_up(plain)) or add(placed(name)) or add(placed((name:gsub("[%p]+$", ""))))
    end
  end
  return blocks
end

return M
