"""What the dashboard loads while it starts."""

import json
import subprocess
import sys

LOADED_BY_NOBODY_ELSE = """
import json, sys
import app
early = {"scipy.signal", "dtaidistance"} & set(sys.modules)
from pages.components.warm_up import begin_warm_up
begin_warm_up().join()
late = {"scipy.signal", "dtaidistance", "pandas", "pages.components.compared"} & set(sys.modules)
print(json.dumps([sorted(early), sorted(late)]))
"""


def test_comparing_finds_everything_loaded_and_starting_waits_for_none_of_it():
    command = [sys.executable, "-W", "ignore", "-c", LOADED_BY_NOBODY_ELSE]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    early, late = json.loads(done.stdout.splitlines()[-1])
    assert early == []
    assert late == ["dtaidistance", "pages.components.compared", "pandas", "scipy.signal"]
    assert "Traceback" not in done.stderr
