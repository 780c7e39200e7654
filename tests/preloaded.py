"""What forked processes find imported; no search for garbage goes through it."""

import gc
import importlib

for _name in ("lib.runs", "lib.speed", "lib.studies", "ipykernel.kernelapp", "vl_convert"):
    importlib.import_module(_name)
gc.freeze()
