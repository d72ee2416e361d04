"""The sandbox at work: not collected where it does not work, but for one test that says so."""
