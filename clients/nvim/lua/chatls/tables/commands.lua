-- The commands, as data: commands.lua makes them, doc/chatls.txt is written from them.

---@class chatls.Command
---@field name string
---@field args? string As the help shows them: "[text]".
---@field nargs string As in `:command-nargs`.
---@field range? boolean
---@field bang? boolean
---@field complete? string As in `:command-complete`.
---@field doc string

---@type chatls.Command[]
return {
  {
    name = "Chat",
    args = "[text]",
    nargs = "*",
    range = true,
    doc = "Open the chat; with {text}, ask it. With a range (`:'<,'>Chat explain`) those lines go along, with their "
      .. "file; after a charwise selection exactly the characters.",
  },
  { name = "ChatNew", args = "[text]", nargs = "*", doc = "Begin a new chat; with {text}, ask it. Others go on." },
  { name = "ChatToggle", nargs = "0", doc = "Show or hide the chat. What runs goes on." },
  { name = "ChatCancel", nargs = "0", doc = "Cancel the turn that runs in the chat that is shown." },
  {
    name = "ChatCompact",
    args = "[what matters]",
    nargs = "*",
    doc = "Have the chat summarised, so that its model is sent less; with words, on what the summary must hold. What you "
      .. "see stays. It happens by itself when the model's window is almost full: the gauge beside its name.",
  },
  {
    name = "ChatModel",
    args = "[model]",
    nargs = "?",
    doc = "Choose the model for this chat and for new ones, from those that the daemon knows, or by its name. The last "
      .. "choice sets one up: `chatls setup` in a terminal.",
  },
  {
    name = "ChatEdit",
    args = "[what]",
    nargs = "*",
    range = true,
    doc = "Have the lines of the range changed by the model: `:'<,'>ChatEdit make it async`. What comes back is previewed "
      .. "in the buffer, and taken or left by hunks (|chatls-edit|). No chat shows it, and nothing of it is kept.",
  },
  {
    name = "ChatMode",
    args = "[mode]",
    nargs = "?",
    doc = "How this chat works from its next prompt on: `ask` (as the rules say), `plan` (what only reads runs, all else is "
      .. "denied), `edits` (ordinary edits run unasked). Without {mode} the next one.",
  },
  {
    name = "ChatHistory",
    args = "[words]",
    nargs = "*",
    bang = true,
    doc = "Choose a chat of before, and go on with it; with {words}, one in which they were said. With ! also those of "
      .. "other folders, and what |:ChatRewind| took back. In |chatls-history| stands how.",
  },
  {
    name = "ChatRewind",
    nargs = "0",
    doc = "Take back a turn and all behind it: the one under the cursor of the transcript, else one that you choose. What "
      .. "would become of which file is shown first; then the prompt stands where it was written, to be asked otherwise.",
  },
  {
    name = "ChatFork",
    nargs = "0",
    doc = "Begin a chat with all that was said in this one, from the transcript up to the turn under its cursor. This one "
      .. "stays as it is.",
  },
  {
    name = "ChatRename",
    args = "[title]",
    nargs = "*",
    doc = "Call this chat otherwise.",
  },
  {
    name = "ChatExport",
    args = "[file]",
    nargs = "?",
    bang = true,
    complete = "file",
    doc = "All of this chat as Markdown, in a buffer or in {file}; as JSON where its name ends in `.json`. With ! also over "
      .. "a file that is there.",
  },
  { name = "ChatDelete", nargs = "0", doc = "Delete this chat for good, when you have said so once more." },
  { name = "ChatList", nargs = "0", doc = "Choose which chat is shown." },
  {
    name = "ChatPermission",
    args = "[key]",
    nargs = "?",
    doc = "Show the question, or the form of an MCP server, that waits for you again; with {key}, answer the question "
      .. "that is shown, from any window: `:ChatPermission y`.",
  },
  {
    name = "ChatPermissions",
    args = "[id]",
    nargs = "?",
    doc = "Show what is allowed and forbidden without a question, this folder's answers first; with {id}, take an "
      .. "answer back.",
  },
  {
    name = "ChatYank",
    args = "[x]",
    nargs = "?",
    doc = "Yank the code block under the transcript's cursor, else the last one above it, into register {x}.",
  },
  { name = "ChatInsert", nargs = "0", doc = "Put that code block below the cursor of your file; `u` takes it back." },
  { name = "ChatChanges", nargs = "0", doc = "What the last turn changed, as a quickfix list." },
  { name = "ChatRestart", nargs = "0", doc = "End the daemon and start it anew. The chats go on." },
}
