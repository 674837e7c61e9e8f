"""A process that writes a snapshot, slowly enough to be killed anywhere on the way."""

from __future__ import annotations

import sys
import time

from crmcore.stores.memory import MemoryBackend
from crmcore.testing.stores.samples import writes_of
from crmcore_duckdb import export

if __name__ == "__main__":
    store = MemoryBackend().scoped()
    store.append(writes_of(int(sys.argv[2]), 200))
    print("ready", flush=True)
    while True:
        export(store, sys.argv[1], force=True)
        print("done", flush=True)
        time.sleep(0.05)
