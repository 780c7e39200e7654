"""What stands for `lib.runs.once` where a test is of the sweep alone: it trains nothing.

It does what is written for its seed in `plan.json`, beside its folder of runs, which the test has
filled, together with the record that the run would make.
"""

import json
import os
import shutil
import sys
import time
from pathlib import Path

from lib.process import parents_message

message = parents_message()
out_dir, folder = Path(message["out_dir"]), Path(message["folder"])
told = json.loads((out_dir.parent / "plan.json").read_text())[str(message["config"]["seed"])]
with (out_dir.parent / "begun").open("a") as begun:
    begun.write(f"{message['config']['seed']} {os.getpid()}\n")
if told["does"] == "raise":
    raise RuntimeError("this run fails")
if told["does"] == "hang":
    print("hanging", flush=True)
    time.sleep(600)
if told["does"] == "wait":
    while not (out_dir.parent / "go").exists():
        time.sleep(0.02)
file = folder / told["file"]
if file.exists():
    sys.exit()
folder.mkdir(parents=True, exist_ok=True)
shutil.copy(out_dir.parent / told["file"], file)
with (out_dir.parent / "made").open("a") as made:
    made.write(f"{message['config']['seed']}\n")
