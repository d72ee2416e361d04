-- Writes the generated sections of clients/nvim/doc/chatls.txt from the tables of the plugin's config.lua:
--
-- nvim --clean -l docs/generation/help.lua            write what is stale
-- nvim --clean -l docs/generation/help.lua --check    write nothing; exit code 1 if it is stale

local WIDTH = 78

local here = vim.fn.fnamemodify(arg[0], ":p:h")
local plugin = vim.fs.normalize(here .. "/../../clients/nvim")
package.path = plugin .. "/lua/?.lua;" .. package.path
local config = require("chatls.config")
local letters = require("chatls.letters")

---Words in lines, none longer than the page. What stands between backticks is not torn apart.
---@param text string
---@param indent string
local function wrapped(text, indent)
  local lines, line = {}, ""
  local words = vim.split(
    text:gsub("`[^`]+`", function(code)
      return (code:gsub(" ", "\1"))
    end),
    "%s+",
    { trimempty = true }
  )
  for _, word in ipairs(words) do
    word = word:gsub("\1", " ")
    if line ~= "" and #indent + #line + 1 + #word > WIDTH then
      lines[#lines + 1] = indent .. line
      line = word
    else
      line = line == "" and word or line .. " " .. word
    end
  end
  lines[#lines + 1] = indent .. line
  return lines
end

---A name on the left, its tags on the right.
local function headed(name, ...)
  local tags = table.concat({ ... }, " ")
  if #name + #tags + 1 > WIDTH then
    return { (" "):rep(WIDTH - #tags) .. tags, name }
  end
  return { name .. (" "):rep(WIDTH - #name - #tags) .. tags }
end

local function literal(value)
  return value == nil and "not set" or "`" .. vim.inspect(value, { newline = " ", indent = "" }) .. "`"
end

local sections = {}

function sections.commands(lines)
  for _, command in ipairs(config.COMMANDS) do
    local range = command.range and "[range]" or ""
    local bang = command.bang and "[!]" or ""
    local shown = (":%s%s%s %s"):format(range, command.name, bang, command.args or ""):gsub("%s+$", "")
    lines[#lines + 1] = ""
    vim.list_extend(lines, headed(shown, ("*:%s*"):format(command.name)))
    vim.list_extend(lines, wrapped(command.doc, "    "))
  end
end

local function is_key(option)
  return vim.startswith(option.name, "keys.")
end

function sections.options(lines)
  for _, option in
    ipairs(vim
      .iter(config.OPTIONS)
      :filter(function(it)
        return not is_key(it)
      end)
      :totable())
  do
    lines[#lines + 1] = ""
    vim.list_extend(lines, headed(option.name, ("*chatls-option-%s*"):format(option.name)))
    local kinds = table.concat(option.type, " or ")
    local values = option.values and (": `%s`"):format(table.concat(vim.tbl_map(vim.inspect, option.values), "` `"))
      or ""
    vim.list_extend(lines, wrapped(("(%s%s; default: %s)"):format(kinds, values, literal(option.default)), "    "))
    vim.list_extend(lines, wrapped(option.doc, "    "))
  end
end

function sections.keys(lines)
  local intro = "They are options, too: `keys.send`, `keys.cancel` and so on, each a key, a list of keys, or false for none. "
    .. "n, i and x are the modes in which they count."
  lines[#lines + 1] = ""
  vim.list_extend(lines, wrapped(intro, ""))
  lines[#lines + 1] = ""
  for _, key in ipairs(config.KEYS) do
    local typed = type(key.default) == "table" and table.concat(key.default, " ") or key.default
    local where = table.concat(key.where, ", ") .. " (" .. table.concat(key.modes, "") .. ")"
    local row = ("    %-16s %-14s %s"):format(key.name, typed, where)
    vim.list_extend(lines, { row, "        " .. key.doc })
  end
end

function sections.answers(lines)
  lines[#lines + 1] = ""
  local rows = {}
  for _, letter in ipairs(letters.rows) do
    table.insert(rows, { letter.key, letter.doc })
    if letter.key == "y" then
      table.insert(rows, { letters.edits, "change what is proposed, then allow it once: `:w` accepts" })
    end
    if letter.key == "n" then
      table.insert(rows, { letters.with_words, "no, and say what to do instead" })
    end
  end
  table.insert(rows, { "1-9", "answers that have no letter, by their place" })
  table.insert(rows, { "q <Esc>", "decide later: the question stays open" })
  table.insert(rows, { "?", "show the keys of this question" })
  for _, it in ipairs(rows) do
    lines[#lines + 1] = ("    %-9s %s"):format(it[1], it[2])
  end
  lines[#lines + 1] = ""
  local rest = "`chatls ask` has the same. Only those count that the question offers; which they are stands in it."
  vim.list_extend(lines, wrapped(rest, ""))
end

function sections.colours(lines)
  lines[#lines + 1] = ""
  local groups = require("chatls.chat.highlights").GROUPS
  local names = vim.tbl_keys(groups)
  table.sort(names)
  for _, name in ipairs(names) do
    vim.list_extend(lines, headed(("    %-20s %s"):format(name, groups[name]), ("*hl-%s*"):format(name)))
  end
end

---The text with its generated sections made anew: each from the line behind its heading to the next rule.
local function filled(text)
  local lines, skipping = {}, false
  for line in vim.gsplit(text, "\n", { plain = true }) do
    if skipping and line:match("^===") then
      skipping = false
      lines[#lines + 1] = ""
    end
    if not skipping then
      lines[#lines + 1] = line
    end
    local write = sections[line:match("%*chatls%-(%l+)%*$")]
    if write then
      write(lines)
      skipping = true
    end
  end
  return table.concat(lines, "\n")
end

local path = plugin .. "/doc/chatls.txt"
local file = assert(io.open(path))
local before = file:read("*a")
file:close()
local after = filled(before)
if after ~= before then
  io.stdout:write("clients/nvim/doc/chatls.txt\n")
  if arg[1] == "--check" then
    os.exit(1)
  end
  file = assert(io.open(path, "w"))
  file:write(after)
  file:close()
end
