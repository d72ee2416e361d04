-- Buffers of ours that hold no file.

---Unlisted and unnamed, to be written into: also where a person has 'nomodifiable' for all new buffers (`nvim -M`).
---@return integer buf
return function()
  local buf = vim.api.nvim_create_buf(false, true)
  vim.bo[buf].modifiable = true
  return buf
end
