"""The demo: a story of some ten tickets, played against the sandbox Zammad on a clock that runs days in seconds."""
