"""Doors of the process that speak HTTP: the receiver, health and metrics."""

import os

# Granian brings an allocator (jemalloc) that keeps what was freed for ten seconds: 20 MB under a flood, up and down.
# It is told otherwise before granian is imported, here or not at all; what an administrator sets counts.
os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:500")
