"""What a worker of the attacks runs in one test in place of the command: aborts, hangs, or answers."""

import json
import os
import sys
import time

if __name__ == "__main__":
    sys.stdout.write("warmed up\n")
    sys.stdout.flush()
    for line in sys.stdin:
        (wish,) = json.loads(line)
        if wish == "abort":
            os.abort()
        if wish == "hang":
            time.sleep(60)
        sys.stdout.write(json.dumps({"status": 7, "said": "", "seconds": 0.0}) + "\n")
        sys.stdout.flush()
