"""An outer runtime for the sender `external`: takes each message, gives it to a program, and says how that went.

    python3 outer_runtime.py FOLDER INBOX PROGRAM [ARGUMENT ...]

The program gets the message's subject and body on standard input; what it prints is the id under which it is stored.
"""

import json
import os
import subprocess
import sys
import time

folder, inbox, *program = sys.argv[1:]
for name in sorted(each for each in os.listdir(folder) if each.endswith(".json")):
    mine = os.path.join(folder, f".taken-{name}")
    os.rename(os.path.join(folder, name), mine)  # from here on it is ours alone; who comes second gets an error
    with open(mine, encoding="ascii") as file:
        message = json.load(file)
    if message["deadline_at"] < time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()):
        said = {"refused": "too late to be of use"}
    else:
        text = f"{message['subject']}\n\n{message['body']}\n"
        done = subprocess.run(program, input=text, text=True, capture_output=True, timeout=60, check=False)
        stored = done.stdout.strip()[:200]
        said = {"proof": "stored" if stored else "accepted", "evidence": {"id": stored}}
        if done.returncode != 0:
            said = {"refused": f"{program[0]} ended with {done.returncode}"}
    receipt = os.path.join(inbox, f"{message['attempt_id']}.tmp")
    with open(receipt, "w", encoding="ascii") as file:
        json.dump({"attempt_id": message["attempt_id"], "id": name, **said}, file)
    os.rename(receipt, receipt.removesuffix("tmp") + "json")
    os.unlink(mine)
