"""The calls of Zammad's API that the sandbox answers, one module per kind of record."""
