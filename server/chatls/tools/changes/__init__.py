"""How files are changed: what is planned, shown, made, saved and told. Shared by the tools that change some."""
