-- Neovim's Lua: LuaJIT, and the one global `vim`, whose options and variables are written to.
std = "luajit"
read_globals = {
  vim = {
    other_fields = true,
    fields = {
      bo = { read_only = false, other_fields = true },
      wo = { read_only = false, other_fields = true },
      o = { read_only = false, other_fields = true },
      go = { read_only = false, other_fields = true },
      g = { read_only = false, other_fields = true },
      b = { read_only = false, other_fields = true },
      w = { read_only = false, other_fields = true },
      t = { read_only = false, other_fields = true },
      v = { read_only = false, other_fields = true },
      env = { read_only = false, other_fields = true },
      opt = { read_only = false, other_fields = true },
      opt_local = { read_only = false, other_fields = true },
    },
  },
}
max_line_length = 130
max_cyclomatic_complexity = 18
unused_args = true
self = false
