"""The provider `local`: llama.cpp in a child process, with the embedded model or one of your own."""
