"""Where the session is kept and to whom it is shown."""

import stat
import threading

import pytest

from pricetime.cli.remote import (
    KeptSession,
    NoSuchStock,
    NotLoggedIn,
    find_stock,
    keep_session,
    kept_session,
    session_path,
    trader,
    url_of,
)
from pricetime.schema import Session, Stock

SESSION = Session(access_token="a", refresh_token="r", expires_in_s=900)
KEPT = KeptSession("http://one:8080", "ada", SESSION)


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def test_the_session_is_readable_by_its_owner_alone():
    keep_session(KEPT)
    assert kept_session() == KEPT
    assert stat.S_IMODE(session_path().stat().st_mode) == 0o600
    assert [each.name for each in session_path().parent.iterdir()] == ["session.json"]


def test_a_damaged_session_counts_as_none():
    keep_session(KEPT)
    session_path().write_text("{")
    assert kept_session() is None


def test_the_url_asked_for_wins_over_the_kept_one_and_that_over_the_default():
    assert url_of(None) == "http://127.0.0.1:8080"
    keep_session(KEPT)
    assert url_of(None) == "http://one:8080"
    assert url_of("http://two/") == "http://two"


def test_a_session_is_not_shown_to_another_venue():
    keep_session(KEPT)
    with trader(None) as client:
        assert client.session == SESSION
    belongs = pytest.raises(NotLoggedIn, match=r"belongs to http://one:8080.*login --url http://two")
    with belongs, trader("http://two"):
        pass


def test_verbs_that_use_the_session_wait_for_each_other():
    keep_session(KEPT)
    events, inside, go_on = [], threading.Event(), threading.Event()

    def first():
        with trader(None):
            inside.set()
            go_on.wait(5)
            events.append("first")

    def second():
        with trader(None):
            events.append("second")

    threads = [threading.Thread(target=verb) for verb in (first, second)]
    threads[0].start()
    assert inside.wait(5)
    threads[1].start()
    go_on.set()
    for thread in threads:
        thread.join()
    assert events == ["first", "second"]


class Stocks:
    """A client whose venue lists these names, numbered from 1."""

    def __init__(self, *names):
        self._names = names

    def every_stock(self):
        none = dict.fromkeys(
            ("last_price", "best_bid", "best_ask", "day_open", "day_high", "day_low", "day_change")
        )
        for number, name in enumerate(self._names, 1):
            yield Stock(
                stock=str(number),
                name=name,
                tick_size="0.01",
                halted=False,
                day_volume=0,
                shares_listed=0,
                **none,
            )


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("2", "Apple"),
        ("Apple", "Apple"),
        ("apple", "Apple"),
        ("ap", "Apple"),
        ("a", "A"),
        ("alder", "Alderpoint"),
    ],
)
def test_a_stock_is_found_by_id_by_name_and_by_how_one_name_alone_begins(text, name):
    assert find_stock(Stocks("Alderpoint", "Apple", "A"), text).name == name


@pytest.mark.parametrize("text", ["", "x", "Al"])
def test_a_stock_that_could_be_several_or_none_is_refused_with_the_names(text):
    with pytest.raises(NoSuchStock, match="Alder, Alpine"):
        find_stock(Stocks("Alder", "Alpine"), text)
