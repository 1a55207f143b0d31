"""The examples of the API guide, run in their order, answer what it says; so does the quickstart's."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.support.server import serve

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "api-guide.md"
MARK = "---- next example ----"

pytestmark = pytest.mark.embedded


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What each example of the guide printed."""
    if shutil.which("curl") is None:
        pytest.skip("the examples use curl: sudo apt-get install curl")
    examples = re.findall(r"^```sh\n(.*?)^```", GUIDE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    script = "set -eu\n" + f"\necho; echo '{MARK}'\n".join(examples)
    with serve(tmp_path_factory.mktemp("guide") / "data") as server:
        finished = subprocess.run(
            ["bash", "-c", script],
            env={"VENUE": server.url, "PATH": "/usr/local/bin:/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    assert finished.stderr == ""
    return finished.stdout.split(MARK)


def answer_with(answers: list[str], text: str) -> str:
    """The one answer that holds a text."""
    [found] = [answer for answer in answers if text in answer]
    return found


def test_only_the_two_examples_of_errors_are_refused(answers: list[str]) -> None:
    codes = re.findall(r'"code":"(\w+)"', "".join(answers))
    assert codes == ["off_tick", "insufficient_shares"]


def test_validate_only_cuts_to_the_wallet(answers: list[str]) -> None:
    assert json.loads(answer_with(answers, '"holds"')) == {"quantity": 100, "holds": "10000.00"}


def test_a_deposit_sent_twice_with_one_key_is_made_once(answers: list[str]) -> None:
    totals = [found for answer in answers for found in re.findall(r'"total":"([\d.]+)"', answer)]
    assert totals[-2:] == ["10500.00", "10500.00"]


def test_bob_pays_1350_for_ten_of_adas_shares(answers: list[str]) -> None:
    answer = answer_with(answers, '"quantity_owned"')
    assert '"balance":8650}' in answer
    assert '"quantity_owned":10}' in answer


def test_the_python_of_the_quickstart_places_an_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = GUIDE.with_name("quickstart.md").read_text("utf-8")
    [example] = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    with serve(tmp_path / "data") as server:
        exec(example.replace("http://127.0.0.1:8080", server.url))
    assert capsys.readouterr().out == "open 0\n"
