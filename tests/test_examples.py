"""The examples do what they say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"


def test_newton_agrees_with_scikit_learn_on_real_data():
    done = subprocess.run([sys.executable, str(EXAMPLES / "newton.py")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line for line in done.stdout.splitlines() if "agree" in line] == [
        "Ridge regression, diabetes: every coefficient agrees with scikit-learn's to 1e-06",
        "Logistic regression, breast cancer: every coefficient agrees with scikit-learn's to 1e-06",
    ]
