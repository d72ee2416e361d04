"""The agent: sessions, turns, steps. Sees providers, tools and the editor only through their seams, and no wire."""
