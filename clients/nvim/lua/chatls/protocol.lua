-- What can be said between a client and chatls. Generated from the daemon's sources by `make docs`: do not edit.
-- Enums and objects are open: ignore the members, kinds and values that you do not know. JSON's null is `vim.NIL`, a
-- userdata.

---The value of a `$/progress` notification on the turn's `partialResultToken`.
---@class chatls.ProgressValue
---@field seq integer Counts up by one within a turn, from 1.
---@field turnId string

---What went wrong in a turn, as a program can tell it (docs/protocol.md, section 7).
---@alias chatls.ErrorKind
---| "unauthorized"
---| "forbidden"
---| "not_found"
---| "bad_request"
---| "context_window_exceeded"
---| "rate_limited"
---| "quota_exceeded"
---| "overloaded"
---| "network"
---| "timeout"
---| "stream_interrupted"
---| "bad_response"
---| "content_filtered"
---| "internal"

---A JSON object from outside: a model's arguments, a schema, a client's parameters.
---@alias chatls.JsonObject table<string, any>

---A place in a text, as in LSP.
---@class chatls.Position
---@field line integer Zero-based.
---@field character integer Zero-based, in the units of the negotiated `positionEncoding`.

---A stretch of text, as in LSP: the end is exclusive.
---@class chatls.Range
---@field start chatls.Position
---@field end chatls.Position

---A change of a stretch of text, as in LSP.
---@class chatls.TextEdit
---@field range chatls.Range
---@field newText string

---A file, or a part of one.
---@class chatls.Location
---@field uri string
---@field range? chatls.Range

---Plain text.
---@class chatls.TextContent
---@field type "text"
---@field text string

---A file by its address. In a prompt the daemon reads it, an open document's text first.
---@class chatls.ResourceLink
---@field type "resource_link"
---@field uri string
---@field range? chatls.Range

---A file whose text the client sends along.
---@class chatls.Resource
---@field type "resource"
---@field uri string
---@field text string
---@field range? chatls.Range

---A picture, in a prompt or in what a tool gave.
---@class chatls.Image
---@field type "image"
---@field mimeType string
---@field data string base64.

---The document that a person looks at.
---@class chatls.ActiveDocument
---@field uri string
---@field selection? chatls.Range What is selected there; empty (start and end are the same) it is the cursor.

---What a person has before them, in a prompt: the model is told the names, and the text that is selected.
---@class chatls.EditorContext
---@field type "editor_context"
---@field active? chatls.ActiveDocument
---@field open? string[] The addresses of the documents that are open, the last used first.

---What may be mentioned: a file, the names of the files in a folder, what is selected, the problems that the editor shows, what has changed since the last commit, the documents that are open.
---@alias chatls.MentionName
---| "file"
---| "folder"
---| "selection"
---| "diagnostics"
---| "diff"
---| "buffers"

---Something that a person mentions in a prompt: the daemon looks it up, and puts it there.
---@class chatls.Mention
---@field type "mention"
---@field name chatls.MentionName
---@field argument? string `file`, `folder`: its path or address, with `#L10-20` behind it for these lines of a file. `selection`: the same address; without it, what an `editor_context` of this prompt says. `diagnostics`: of this file or folder only. `diff`: `staged`, or a commit to compare with. `buffers` has none.

---What becomes of a file. A new one has no text before, a deleted one none after; a moved one may change as well.
---@alias chatls.FileChangeKind
---| "new"
---| "changed"
---| "deleted"
---| "moved"

---A change of a file, in a tool's result or in a preview.
---@class chatls.Diff
---@field type "diff"
---@field uri string Of a moved file: where it is now.
---@field oldText string
---@field newText string
---@field change chatls.FileChangeKind
---@field from? string Of a moved file: its `uri` before.

---What a prompt is made of.
---@alias chatls.ContentBlock
---| chatls.TextContent
---| chatls.ResourceLink
---| chatls.Resource
---| chatls.Image
---| chatls.EditorContext
---| chatls.Mention

---What a tool's result is made of.
---@alias chatls.ToolContent
---| chatls.TextContent
---| chatls.ResourceLink
---| chatls.Diff
---| chatls.Image

---Tokens, as the provider counted them.
---@class chatls.Usage
---@field inputTokens integer All input, cached tokens included.
---@field outputTokens integer All output, thinking included.
---@field cacheReadTokens integer Of the input: read from the provider's cache.
---@field cacheWriteTokens integer Of the input: written to it.

---Why a turn ended with the stop reason `error`.
---@class chatls.TurnError
---@field kind chatls.ErrorKind
---@field message string For people: what happened, at which host, what to do. Never holds a key.
---@field retryable boolean Whether the same prompt may succeed later.
---@field retryAfterMs? integer How long the provider asks to wait.
---@field provider? string Its name in the settings.
---@field httpStatus? integer
---@field requestId? string The provider's own name for the request, for its support.

---What a tool does, as the Agent Client Protocol spells it.
---@alias chatls.ToolKind
---| "read"
---| "edit"
---| "delete"
---| "move"
---| "search"
---| "execute"
---| "think"
---| "fetch"
---| "other"

---How a call ended.
---@alias chatls.ToolStatus
---| "completed"
---| "failed"
---| "denied"
---| "cancelled"
---| "timed_out"

---How a turn ended.
---@alias chatls.StopReason
---| "end_turn"
---| "max_tokens"
---| "max_turn_requests"
---| "refusal"
---| "cancelled"
---| "error"

---How one model reply ended.
---@alias chatls.StepStopReason
---| "end_turn"
---| "tool_calls"
---| "max_tokens"
---| "refusal"

---Why a history is made shorter: it is about to be too long, the provider said that it is, or a person wants it.
---@alias chatls.CompactionReason
---| "threshold"
---| "refused"
---| "asked"

---What a stretch of a reply is.
---@alias chatls.ReplyPart
---| "text"
---| "thinking"

---How much a notice matters.
---@alias chatls.NoticeLevel
---| "info"
---| "warning"

---How a session works. `ask`: as the rules say. `plan`: what only reads runs, all else is denied without a question. `edits`: ordinary edits run unasked, commands too where they can run in the sandbox.
---@alias chatls.WorkingMode
---| "ask"
---| "plan"
---| "edits"

---Always the first event of a turn.
---@class chatls.TurnStart : chatls.ProgressValue
---@field kind "turnStart"
---@field sessionId string Also where the daemon chose the name.
---@field model string "provider/model".
---@field mode chatls.WorkingMode
---@field title? string What the session is called.

---A piece of the answer.
---@class chatls.TextChunk : chatls.ProgressValue
---@field kind "textChunk"
---@field text string

---A piece of the model's thinking.
---@class chatls.ThinkingChunk : chatls.ProgressValue
---@field kind "thinkingChunk"
---@field text string

---The beginning of the reply's text is something else: the prompt had opened the model's thinking, and it ends.
---@class chatls.Reclassified : chatls.ProgressValue
---@field kind "reclassified"
---@field from chatls.ReplyPart What it was shown as: `text`.
---@field to chatls.ReplyPart What it is: `thinking`.
---@field length integer Code points, from the beginning of the reply's text (since the last `stepEnd`).

---The model began to write a call.
---@class chatls.ToolCallStart : chatls.ProgressValue
---@field kind "toolCallStart"
---@field toolCallId string
---@field name string
---@field toolKind chatls.ToolKind

---A raw fragment of the arguments' JSON text.
---@class chatls.ToolCallDelta : chatls.ProgressValue
---@field kind "toolCallDelta"
---@field toolCallId string
---@field argumentsDelta string

---The arguments are complete; the call has not run yet. Either `arguments` or `argumentsError` is present.
---@class chatls.ToolCallEnd : chatls.ProgressValue
---@field kind "toolCallEnd"
---@field toolCallId string
---@field name string
---@field title string One line for people: "read_file server/app.py 1-40".
---@field arguments? chatls.JsonObject
---@field argumentsError? string No JSON object, or one that does not fit the tool's schema.
---@field locations chatls.Location[] The files that the call is about, for a client that follows along.

---The tool runs.
---@class chatls.ToolRunStart : chatls.ProgressValue
---@field kind "toolRunStart"
---@field toolCallId string
---@field startedEarly boolean While the model still streams its reply.

---Output of a tool that still runs.
---@class chatls.ToolRunOutput : chatls.ProgressValue
---@field kind "toolRunOutput"
---@field toolCallId string
---@field text string

---How a call ended; the last event of every call, also of one that never ran.
---@class chatls.ToolRunEnd : chatls.ProgressValue
---@field kind "toolRunEnd"
---@field toolCallId string
---@field status chatls.ToolStatus
---@field content chatls.ToolContent[] What the model reads of it is the text.
---@field durationMs integer Of the run; 0 if there was none.
---@field truncated boolean Something was left out of `content`, which says what.

---A call waits for a person's word.
---@class chatls.PermissionRequested : chatls.ProgressValue
---@field kind "permissionRequested"
---@field toolCallId string

---The word was given.
---@class chatls.PermissionResolved : chatls.ProgressValue
---@field kind "permissionResolved"
---@field toolCallId string
---@field outcome string allow_once, allow_always, reject_once, reject_always or cancelled.

---One model reply is whole. There is none after an error or a cancel.
---@class chatls.StepEnd : chatls.ProgressValue
---@field kind "stepEnd"
---@field stopReason chatls.StepStopReason
---@field usage chatls.Usage|userdata
---@field text string All text of the reply.

---Words that were said while the turn ran reach the model, with its next request.
---@class chatls.Steered : chatls.ProgressValue
---@field kind "steered"
---@field content chatls.ContentBlock[] As they were sent.

---How full the model's window is, behind each `stepEnd`.
---@class chatls.ContextUsage : chatls.ProgressValue
---@field kind "contextUsage"
---@field tokens integer What was sent, and the reply.
---@field window? integer Tokens that the model can read; not there where nobody knows.
---@field exact boolean The provider counted; else it is an estimate, rather too high.

---The history is made shorter: the model writes a summary, which is no step.
---@class chatls.CompactStart : chatls.ProgressValue
---@field kind "compactStart"
---@field reason chatls.CompactionReason
---@field tokens integer

---It is shorter; as it was if that was cancelled.
---@class chatls.CompactEnd : chatls.ProgressValue
---@field kind "compactEnd"
---@field before integer Tokens, as in `compactStart`.
---@field after integer By the same measure.
---@field summary string What the model goes on with; "" where there is none.

---The provider is asked again. Also a delta: providers report it, the turn passes it on.
---@class chatls.Retry : chatls.ProgressValue
---@field kind "retry"
---@field attempt integer 1 for the first try after the original one.
---@field delayMs integer How long until then.
---@field reason chatls.ErrorKind
---@field text string For people.
---@field discards? "thinking" The thinking of the reply that broke off does not count: it begins anew.

---Something a person should know. Also a delta: providers report it, the turn passes it on.
---@class chatls.Notice : chatls.ProgressValue
---@field kind "notice"
---@field text string
---@field level chatls.NoticeLevel
---@field model? string "provider/model": another one than before answers from here on.

---What a person asked; before all else that happens in a turn. Clients know it, so they get it in replays only.
---@class chatls.Prompt : chatls.ProgressValue
---@field kind "prompt"
---@field content chatls.ContentBlock[] As it was sent: nothing is attached yet.
---@field at string ISO 8601, UTC.

---Anything that happens in a turn.
---@alias chatls.Event
---| chatls.Prompt
---| chatls.TurnStart
---| chatls.TextChunk
---| chatls.ThinkingChunk
---| chatls.Reclassified
---| chatls.ToolCallStart
---| chatls.ToolCallDelta
---| chatls.ToolCallEnd
---| chatls.ToolRunStart
---| chatls.ToolRunOutput
---| chatls.ToolRunEnd
---| chatls.PermissionRequested
---| chatls.PermissionResolved
---| chatls.StepEnd
---| chatls.ContextUsage
---| chatls.CompactStart
---| chatls.CompactEnd
---| chatls.Steered
---| chatls.Retry
---| chatls.Notice

---What an answer means, as the Agent Client Protocol spells it.
---@alias chatls.OptionKind
---| "allow_once"
---| "allow_always"
---| "reject_once"
---| "reject_always"

---One answer that a person may choose.
---@class chatls.PermissionOption
---@field id string
---@field label string What its button says: "Always allow `git status` in this workspace".
---@field kind chatls.OptionKind
---@field scope "once"|"session"|"workspace" How long it holds.
---@field covers string One line for people: all that it covers.

---A call that waits for a person's word.
---@class chatls.Question
---@field sessionId string
---@field turnId string
---@field toolCallId string
---@field title string One line: what would be done.
---@field toolKind chatls.ToolKind
---@field arguments chatls.JsonObject Under the names that the tool's schema has for them; else as the model wrote them.
---@field preview chatls.ToolContent[] All of what would be done; nothing in it is hidden or invisible.
---@field options chatls.PermissionOption[]
---@field sandbox boolean It would run in the sandbox.
---@field changed? string It was answered before, and is asked once more: the file that decides what runs and that the agent has changed since, relative to its root. Its diff is in `preview`.

---@alias chatls.FormFieldKind
---| "string"
---| "number"
---| "integer"
---| "boolean"
---| "choice"

---@alias chatls.FormValue
---| string
---| integer
---| number
---| boolean

---One thing that is asked.
---@class chatls.FormField
---@field name string
---@field title string For people.
---@field type chatls.FormFieldKind
---@field required boolean
---@field choices? string[] With `choice`: what there is to choose from.
---@field default? chatls.FormValue

---What the tool of a server asks a person while it runs. Its words are the server's; never for secrets.
---@class chatls.Elicitation
---@field sessionId string
---@field turnId string
---@field toolCallId string
---@field server string Who asks: its name in the settings.
---@field message string
---@field fields chatls.FormField[]

---What a rule wants.
---@alias chatls.Action
---| "allow"
---| "ask"
---| "deny"

---How long a rule holds: for a session, for a folder from now on, as long as the settings say so.
---@alias chatls.Scope
---| "session"
---| "workspace"
---| "settings"

---A rule that holds.
---@class chatls.PermissionEntry
---@field id string Its name for `revoke`; stays the same for as long as the rule holds.
---@field scope chatls.Scope
---@field tool string A tool's name, `NAME__*` for all of an MCP server, or `*`.
---@field action chatls.Action
---@field path? string A glob, relative to a folder of the workspace.
---@field command? string The words that a command begins with, or the whole line.
---@field covers string One line for people: all that it covers.
---@field workspace? string The folder that it holds for, links resolved; null: for all.
---@field sessionId? string The session that it holds for.

---The sandbox for commands, as it is on this machine for these roots.
---@class chatls.SandboxState
---@field setting "auto"|"off"|"required" `commands.sandbox`.
---@field works boolean
---@field note string What it is made with, or why it does not work; a sentence for people.

---A progress token; 0 and "" are tokens like any other, and 1 is not "1".
---@alias chatls.Token
---| integer
---| string

---Nothing.
---@class chatls.NoParams

---Where a slash command comes from: chatls, the folder of your `config.toml`, a folder of the workspace.
---@alias chatls.CommandSource
---| "built-in"
---| "user"
---| "workspace"

---What becomes of a cell's text.
---@class chatls.CellText
---@field uri string Of the cell's text document.
---@field version integer The one that the edits are for.
---@field edits chatls.TextEdit[] All by the positions of the text as it is.

---A cell that is put in.
---@class chatls.NewCell
---@field kind "code"|"markdown"|"raw" Code is in the notebook's own language.
---@field text string
---@field id? string What the file is to call it, where its format has such names.

---Cells that go, and such that stand in their place.
---@class chatls.CellSplice
---@field start integer The number of the first one, from 0, as the cells are before any change.
---@field deleteCount integer
---@field cells chatls.NewCell[]

---A change of an open notebook: all of it, or nothing, and one step of its undo.
---@class chatls.EditCellsRequest
---@field label string What the undo list calls it.
---@field uri string
---@field version integer The notebook's, that it is for.
---@field texts chatls.CellText[]
---@field splices chatls.CellSplice[] In their order, apart from each other.

---Whether it was done. The `notebookDocument/didChange` with it comes before or right behind this answer.
---@class chatls.EditCellsAnswer
---@field applied boolean
---@field failureReason? string Why it was not, for the model.

---What is asked.
---@alias chatls.LanguageKind
---| "definition"
---| "references"
---| "implementation"
---| "hover"
---| "documentSymbols"
---| "workspaceSymbols"
---| "callers"
---| "rename"

---A question for the language servers of the editor.
---@class chatls.LanguageRequest
---@field kind chatls.LanguageKind
---@field uri? string Of the document, which need not be open. Not with `workspaceSymbols`.
---@field position? chatls.Position Where the symbol's name begins. Not with `documentSymbols` and `workspaceSymbols`.
---@field symbol? string With `workspaceSymbols`: what is looked for.
---@field newName? string With `rename`.

---A place that a language server names.
---@class chatls.LanguagePlace
---@field uri string
---@field range chatls.Range Of the name, or of the call (`callers`).
---@field name? string Of the symbol; of the one that calls (`callers`).
---@field symbolKind? integer LSP's `SymbolKind`.
---@field container? string What the symbol is in.
---@field level? integer With `documentSymbols`: how deep it lies in others, from 0. Those inside stand behind the one that holds them.
---@field whole? chatls.Range With `documentSymbols`: from its first line to its last.

---What a renaming does to one document.
---@class chatls.DocumentEdits
---@field uri string
---@field edits chatls.TextEdit[] All by the positions of the text as it is, apart from each other.
---@field version? integer Of the document that they are for, where it is open.

---A person's prompt, and where its events go.
---@class chatls.PromptParams
---@field sessionId? string Continue this session; unknown: error 1001.
---@field newSessionId? string Begin a session under this name; taken: error 1007. With neither, a session is begun under a name of the daemon's own; with both: error -32602.
---@field content string|chatls.ContentBlock[] What the person says.
---@field model? string "provider/model", split at the first slash; default from the settings.
---@field toolChoice? "auto"|"none"|"required" `required`: for the first step only.
---@field tools? string[] Only these tools; unknown: error 1006.
---@field keep? boolean False: nothing of a session that begins is on the disk or in lists, and it ends with this client.
---@field mode? chatls.WorkingMode How the session works from now on, until another is given; a new session begins with `ask`.
---@field workDoneToken? chatls.Token LSP work-done progress goes here.
---@field partialResultToken? chatls.Token The turn's events go here. Without it the result carries the last reply's text.

---What to wait for.
---@class chatls.ToolsParams
---@field settled? boolean Answer when no MCP server is starting any more, or after two minutes.

---Which turn, or which call of it, is to end.
---@class chatls.CancelParams
---@field sessionId string
---@field turnId? string Only if this very turn runs.
---@field toolCallId? string Only this call: the model is told, the turn goes on.

---The argument of the command `chatls.cancel`.
---@class chatls.CancelCommand
---@field sessionId? string The turn of this session; without it, the turn that started last.

---What to list, and what to forget before.
---@class chatls.PermissionsParams
---@field sessionId? string Of the answers that sessions remember only this one's; without it those of all.
---@field revoke? string[] Ids of remembered answers to forget. Unknown ids and those of settings are passed over.

---How a turn ended. A turn that was accepted always ends with this, cancelled and failed ones included.
---@class chatls.PromptResult
---@field sessionId string
---@field turnId string
---@field stopReason chatls.StopReason
---@field usage chatls.Usage|userdata The sum over the turn; null if the provider did not say.
---@field steps integer Model replies begun.
---@field chunks integer Text and thinking deltas as the provider sent them.
---@field tools table<string, integer> Calls that ran, by tool.
---@field durationMs integer From the moment the prompt was read.
---@field timeToFirstChunkMs integer|userdata The same to the first text or thinking; null if there was none.
---@field text? string Only without a partialResultToken: the last reply's text.
---@field error? chatls.TurnError Only with the stop reason `error`.
---@field unsent? chatls.ContentBlock[] What `chat/steer` queued and the model was not sent, because the turn ended before.
---@field title? string What the session is called.
---@field model? string The one that answered, the last of several; not there where the turn ended before one was known.

---What became of a cancel.
---@class chatls.CancelResult
---@field state "cancelling"|"idle"|"not_found" `idle`: no such turn runs. `not_found`: no such session, or no such open call.

---What became of `chatls.cancel` and `chatls.cancelAll`.
---@class chatls.CommandResult
---@field cancelled integer The turns that this call cancelled.

---A model that can be asked for.
---@class chatls.ModelEntry
---@field id string "provider/model".
---@field provider string
---@field name string For people.
---@field local boolean Runs on this machine.
---@field contextWindow? integer Tokens.

---The models that are known by now.
---@class chatls.ModelsResult
---@field models chatls.ModelEntry[]
---@field default string|userdata The id of the model that a prompt without one gets, one of `models`; null while that is not known.

---A tool that models are offered.
---@class chatls.ToolEntry
---@field name string
---@field description string What the model is told.
---@field kind chatls.ToolKind
---@field readOnly boolean It changes nothing, so it may run early and unasked.
---@field inputSchema chatls.JsonObject JSON Schema of the arguments.

---An MCP server, whose tools are called `NAME__tool`.
---@class chatls.ServerEntry
---@field name string
---@field state "starting"|"ready"|"failed"
---@field tools integer How many it has.
---@field where string The command that starts it, or its address.
---@field why? string Why it is not ready, or has no tools; for people.
---@field callsItself? string Its own name and version.
---@field version? string Of the Model Context Protocol, as it was agreed on.

---All tools that are not disabled and that the client can use.
---@class chatls.ToolsResult
---@field tools chatls.ToolEntry[]
---@field sandbox? chatls.SandboxState Whether commands can run in a sandbox here.
---@field servers? chatls.ServerEntry[] The MCP servers of the settings; not there where there are none.

---What counts by now, in no particular order.
---@class chatls.PermissionsResult
---@field permissions chatls.PermissionEntry[]

---A person's word.
---@class chatls.PermissionAnswer
---@field outcome "selected"|"cancelled" `cancelled`: the question was closed without a choice. Anything else counts as a no.
---@field optionId? string With `selected`: the id of the option.
---@field feedback? string With `selected`: words for the model, what to do instead. At most 10,000 characters count.
---@field arguments? chatls.JsonObject With an option that allows: the call's arguments as the person wants them. It is carried out so, once, if it is still about the same file, or a command.

---What a person made of a form.
---@class chatls.ElicitAnswer
---@field action "accept"|"decline"|"cancel" `decline`: they do not want to say it. `cancel`: the form was closed.
---@field values? table<string, chatls.FormValue> With `accept`: by the names of the fields. What does not fit its field cancels it all.

---Which problems are wanted.
---@class chatls.DiagnosticsRequest
---@field uri? string Of this document only, and under this very address; without it, of all that the editor knows of.
---@field changed? boolean True: the document was changed a moment ago. The client waits a little (a second or two) until whoever finds the problems has seen the change, and answers with what there is by then.

---LSP's `Diagnostic`, of which these members are read.
---@class chatls.Diagnostic
---@field range chatls.Range
---@field message string
---@field severity? integer 1 error, 2 warning, 3 information, 4 hint; an error where it is missing.
---@field source? string Who found it: "pyright".
---@field code? any A number or a string.

---The problems of one document.
---@class chatls.DocumentDiagnostics
---@field uri string
---@field diagnostics chatls.Diagnostic[]

---The problems that the editor shows. What does not fit is passed over; at most a thousand are read.
---@class chatls.DiagnosticsAnswer
---@field items chatls.DocumentDiagnostics[]

---Which documents are to be read anew.
---@class chatls.ReloadRequest
---@field uris string[] Open documents that the client told no change of since their files were changed. One that has changes by now must not be touched.

---Which documents were read anew. Their `didChange` comes before this answer.
---@class chatls.ReloadAnswer
---@field reloaded? string[]

---Which documents are to be written to the disk.
---@class chatls.SaveRequest
---@field uris string[] Open documents. One whose file was changed by somebody else must not be written.

---Which documents are on the disk now. Their `didChange`, if saving formats, and their `didSave` come before this answer.
---@class chatls.SaveAnswer
---@field saved? string[]

---`send`: what stands in a file that this command has opened, below its last line of ours; the session of that file goes on.
---@alias chatls.AskedFor
---| "explain"
---| "document"
---| "test"
---| "fix"
---| "send"

---The argument of the command `chatls.ask`, which begins a session. With neither `what` nor `text` it opens a file to write in.
---@class chatls.AskCommand
---@field what? chatls.AskedFor What is wanted of the lines that `range` touches, as the slash command of that name says.
---@field text? string A person's own words; with `fix` the problem.
---@field uri? string The document that it is about; with `send` that file.
---@field range? chatls.Range

---What was begun. The answer to come is shown, not given.
---@class chatls.AskResult
---@field sessionId string
---@field turnId string|userdata Null where a file was opened to write in.

---A slash command.
---@class chatls.CommandEntry
---@field name string Without the slash.
---@field description string For people, one line.
---@field source chatls.CommandSource
---@field hint? string What may stand behind its name: "[commit, branch or files]".

---Something that a block `mention` may name.
---@class chatls.MentionEntry
---@field name chatls.MentionName
---@field description string For people.
---@field hint? string What its `argument` is; in brackets where it may be missing. None: it takes none.

---What a client may offer behind `/` and `@`.
---@class chatls.CommandsResult
---@field commands chatls.CommandEntry[]
---@field mentions chatls.MentionEntry[]

---Words for the turn that runs.
---@class chatls.SteerParams
---@field sessionId string
---@field turnId? string Only if this very turn runs.
---@field content string|chatls.ContentBlock[] What the person says.

---Which history is to be made shorter.
---@class chatls.CompactParams
---@field sessionId string
---@field instructions? string What the summary must hold, in the person's words.
---@field partialResultToken? chatls.Token Its events go here: `compactStart`, `compactEnd`, and what happens meanwhile, with a `turnId` of their own.

---What became of the words.
---@class chatls.SteerResult
---@field state "queued"|"idle" `queued`: the event `steered` says when the model is told. `idle`: no such turn runs here, nothing was kept.

---What came of a compaction.
---@class chatls.CompactResult
---@field before integer Tokens of what the model is sent.
---@field after integer By the same measure; as before where nothing was changed.
---@field usage chatls.Usage|userdata What the summary cost; null if the provider did not say.
---@field error? chatls.TurnError Why there is no summary. Nothing was changed then.

---Which daemon runs a turn: this one, or another one.
---@alias chatls.RunningWhere
---| "here"
---| "elsewhere"

---What a rewind made of a file. `restored`: it is as it was before. `would_restore`: it would be (`dryRun`). Else it stays as it is. `conflict`: somebody else changed it; `gone`: it is no more; `not_kept`: what it was is not known.
---@alias chatls.Came
---| "restored"
---| "would_restore"
---| "conflict"
---| "gone"
---| "not_kept"

---Markdown for people, JSON for programs.
---@alias chatls.ExportForm
---| "markdown"
---| "json"

---Where a session was forked.
---@class chatls.ParentTurn
---@field sessionId string
---@field turnId? string The last turn that both share; none where they share nothing.

---A session in a list.
---@class chatls.SessionEntry
---@field sessionId string
---@field title string
---@field folders string[] Addresses of the folders that were open at its last prompt.
---@field createdAt string ISO 8601, UTC.
---@field updatedAt string
---@field turns integer
---@field model string The one that answered last.
---@field mode string
---@field running? chatls.RunningWhere A turn of it runs.
---@field parent? chatls.ParentTurn It is a fork.
---@field branch? boolean True: what a rewind took away lives on in it.
---@field snippet? string The words around what was searched for.

---A turn of a session.
---@class chatls.TurnEntry
---@field turnId string
---@field prompt string Its words, the first 500 characters.
---@field at string ISO 8601, UTC.
---@field files integer Files that its tools changed.
---@field commands integer Commands that ran in it.
---@field stopReason? string As in a prompt's result; `interrupted`: chatls ended before it did. None while it runs.

---A file that tools changed in turns that go.
---@class chatls.RewoundFile
---@field uri string
---@field state chatls.Came
---@field diff? chatls.Diff From what it is to what it was before; none where nothing is put back.

---Which sessions.
---@class chatls.ListParams
---@field query? string Words that all have to be there: in what was said, or in the title; each as the beginning of a word or, where it is not ASCII, anywhere.
---@field folder? string The address of a folder: sessions that were about it. Without it, those that have a folder with this client in common.
---@field everywhere? boolean All, whatever folders they are about.
---@field branches? boolean Also those that a rewind made.
---@field limit? integer At most so many; 500 at most.
---@field cursor? string The `nextCursor` of the list before.

---Sessions, the one that was changed last first.
---@class chatls.ListResult
---@field sessions chatls.SessionEntry[]
---@field nextCursor? string There are more behind it.

---Which session, and where its events go.
---@class chatls.LoadParams
---@field sessionId string
---@field partialResultToken? chatls.Token The transcript goes here before the answer: the events that a client would have seen, deltas merged, each with `replay: true`; each turn begins with `prompt`, and `seq` counts within it from 1. If a turn runs here, it goes on on this token as well.
---@field last? integer Only the last turns, so many.
---@field before? string Only turns before this one, by its `turnId`.

---A session and its turns.
---@class chatls.LoadResult
---@field sessionId string
---@field title string
---@field folders string[] Addresses of the folders that were open at its last prompt.
---@field createdAt string ISO 8601, UTC.
---@field updatedAt string
---@field model string The one that answered last.
---@field mode string
---@field turns chatls.TurnEntry[]
---@field usage chatls.Usage The sum over all turns.
---@field contextTokens? integer How full the model's window is: as in the last `contextUsage`, or behind the last compaction.
---@field contextWindow? integer As in the last `contextUsage`; not there where nobody knows it.
---@field running? chatls.RunningWhere A turn of it runs.
---@field parent? chatls.ParentTurn It is a fork.
---@field branch? boolean True: what a rewind took away lives on in it.

---What a new session begins with.
---@class chatls.ForkParams
---@field sessionId string
---@field turnId? string The last turn that is shared; without it all that ended.
---@field newSessionId? string Its name; taken: error 1007. Without it a name of the daemon's own.

---The new session.
---@class chatls.ForkResult
---@field sessionId string

---Before which turn a session is to be again.
---@class chatls.RewindParams
---@field sessionId string
---@field turnId string The first turn that goes.
---@field files? "keep"|"restore" `restore`: files that tools changed in the turns that go are put back as they were before them.
---@field dryRun? boolean Change nothing, and say what would be done.

---What became of a session and of files.
---@class chatls.RewindResult
---@field prompt chatls.ContentBlock[] What the person said in the turn that went, to be edited and asked again.
---@field files chatls.RewoundFile[]
---@field commands string[] Titles of the commands that ran in the turns that go: what they changed is not known.
---@field branch? string The session in which all of it lives on. None in a dry run.

---What a session is called from now on.
---@class chatls.RenameParams
---@field sessionId string
---@field title string

---Which session goes, for good.
---@class chatls.DeleteParams
---@field sessionId string

---It is done. An object without members.
---@class chatls.DoneResult

---Which session, in which form.
---@class chatls.ExportParams
---@field sessionId string
---@field format? chatls.ExportForm

---All of a session.
---@class chatls.ExportResult
---@field text string

---What they say. An answer without any of it: they know of nothing.
---@class chatls.LanguageAnswer
---@field places? chatls.LanguagePlace[] What does not fit is passed over; of more than 2000 the first are read.
---@field text? string With `hover`: what they tell of the symbol, plain or markdown; at most 10,000 characters count.
---@field edits? chatls.DocumentEdits[] With `rename`: all of it. What does not fit fails it.
---@field unserved? boolean There is no language server that could be asked this.
---@field failureReason? string Why there is nothing, in the words of a language server or of the client, for the model.

return {
  version = 1,
  methods = {
    prompt = "chat/prompt",
    steer = "chat/steer",
    cancel = "chat/cancel",
    models = "chat/models",
    tools = "chat/tools",
    commands = "chat/commands",
    permissions = "chat/permissions",
    session_list = "chat/session/list",
    session_load = "chat/session/load",
    session_fork = "chat/session/fork",
    session_rewind = "chat/session/rewind",
    session_rename = "chat/session/rename",
    session_delete = "chat/session/delete",
    session_export = "chat/session/export",
    session_compact = "chat/session/compact",
  },
  requests_to_client = {
    request_permission = "chat/requestPermission",
    elicit = "chat/elicit",
    diagnostics = "chat/diagnostics",
    reload = "chat/reload",
    save = "chat/save",
    edit_cells = "chat/editCells",
    language = "chat/language",
  },
  commands = {
    "chatls.cancel",
    "chatls.cancelAll",
  },
  event_kinds = {
    "prompt",
    "turnStart",
    "textChunk",
    "thinkingChunk",
    "reclassified",
    "toolCallStart",
    "toolCallDelta",
    "toolCallEnd",
    "toolRunStart",
    "toolRunOutput",
    "toolRunEnd",
    "permissionRequested",
    "permissionResolved",
    "stepEnd",
    "contextUsage",
    "compactStart",
    "compactEnd",
    "steered",
    "retry",
    "notice",
  },
  error_codes = {
    parse_error = -32700,
    invalid_request = -32600,
    method_not_found = -32601,
    invalid_params = -32602,
    internal_error = -32603,
    not_initialized = -32002,
    request_cancelled = -32800,
    session_not_found = 1001,
    turn_in_progress = 1002,
    overloaded = 1003,
    credentials_missing = 1004,
    model_not_found = 1005,
    tool_not_found = 1006,
    invalid_state = 1007,
  },
}
