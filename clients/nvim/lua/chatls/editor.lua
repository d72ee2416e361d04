-- The editor's side of a chat: what a prompt tells of it, files by `@`, and what a turn changed.

local M = {}

M.blocks = require("chatls.context").blocks
M.label = require("chatls.context").label
M.complete = require("chatls.mentions").complete
M.expand = require("chatls.mentions").expand
M.changes = require("chatls.changes").entries
M.quickfix = require("chatls.changes").quickfix

return M
