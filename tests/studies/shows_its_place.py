"""What `lib.process.run_process` starts in a test: it says where it runs."""

import os

from lib.process import parents_message

parents_message()
print(sorted(os.sched_getaffinity(0)), os.environ["OWN_VARIABLE"])
