"""The kit as a program that needs no installing: python kit.py daemon -- COMMAND, python kit.py client."""

import sys

from chatls_conformance.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
