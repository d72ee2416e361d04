"""Tool calls and thinking that models write into their text: the tool-call parser, and tools told in the prompt."""
