"""Errors become HTTP in one place, each with a stable code and a sentence."""

from __future__ import annotations

import inspect
import json

import msgspec
import pytest

from pricetime import errors
from pricetime.api.problems import CODES, REASONS, answer_to, written
from pricetime.records import Reason

NEVER_OF_A_REQUEST = {
    errors.PricetimeError,
    errors.SettingError,
    errors.RecordError,
    errors.SnapshotError,
    errors.CheckFailed,
    errors.LobsterError,
    errors.ProofFailed,
    errors.KeyUnusable,
    errors.BrokerFailed,
    errors.CertificateUnusable,
    errors.PresenceFailed,
    errors.ProgramMissing,
    errors.TopologyFailed,
    errors.TopologyRuns,
    errors.ViewsFenced,
    errors.IdentityError,
}
KINDS = [
    kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.PricetimeError)
]
DENIALS = [reason for reason in Reason if reason >= Reason.INVALID_FIELD]


def example_of(kind: type[errors.PricetimeError]) -> errors.PricetimeError:
    if kind is errors.RuleError:
        return errors.RuleError(Reason.OFF_TICK)
    return kind(code="conflict") if kind is errors.RequestError else kind()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in NEVER_OF_A_REQUEST])
def test_every_error_that_a_request_can_meet_has_an_answer(kind: type[errors.PricetimeError]):
    assert answer_to(example_of(kind)).code != "internal_error"


@pytest.mark.parametrize("reason", DENIALS, ids=lambda reason: reason.name)
def test_every_denial_has_a_code_and_a_sentence_that_says_what_to_do(reason: Reason):
    code, sentence = REASONS[reason]
    assert 400 <= CODES[code].status < 500
    assert sentence.endswith(".")
    assert len(sentence.split()) >= 6


def test_a_denial_can_say_more_than_its_reason():
    error = errors.RuleError(Reason.OFF_TICK, "The tick of Google is 0.01.")
    assert answer_to(error).detail == "The tick of Google is 0.01."


@pytest.mark.parametrize(
    ("error", "v1", "daytrade"),
    [
        (errors.RuleError(Reason.INSUFFICIENT_FUNDS), 422, 400),
        (errors.RuleError(Reason.UNKNOWN_STOCK), 404, 400),
        (errors.RuleError(Reason.CLIENT_ID_REUSED), 409, 400),
        (errors.InvalidRequest("No."), 400, 400),
        (errors.TokenInvalid(), 401, 401),
        (errors.WrongPassword(), 401, 400),
        (errors.NotAllowed(), 403, 403),
        (errors.LockedOut(retry_after_s=7), 429, 429),
        (errors.UserNameTaken(), 409, 400),
        (errors.QueueFull(retry_after_s=2), 503, 503),
        (errors.JournalFailed(), 503, 503),
        (ZeroDivisionError(), 500, 500),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_statuses_of_both_families(error: Exception, v1: int, daytrade: int):
    answer = answer_to(error)
    assert written(answer, "v1", "r")[0] == v1
    assert written(answer, "daytrade", "r")[0] == daytrade


def test_waiting_is_asked_for_in_seconds():
    assert answer_to(errors.LockedOut(retry_after_s=7)).headers == ((b"retry-after", b"7"),)
    assert answer_to(errors.QueueFull(retry_after_s=2)).headers == ((b"retry-after", b"2"),)
    assert answer_to(errors.VenueStopped()).headers == ((b"retry-after", b"1"),)


def test_a_problem_is_rfc_9457():
    status, media, body = written(answer_to(errors.RuleError(Reason.STOCK_HALTED)), "v1", "r-1")
    assert (status, media) == (422, b"application/problem+json")
    assert json.loads(body) == {
        "type": "/docs#stock_halted",
        "title": "The stock is halted",
        "status": 422,
        "detail": "The stock is halted: only cancels work. Try again when it trades again.",
        "code": "stock_halted",
        "request_id": "r-1",
    }


def test_a_daytrade_failure_is_one_sentence():
    status, media, body = written(answer_to(errors.UserNameTaken()), "daytrade", "r-1")
    assert (status, media) == (400, b"application/json")
    assert json.loads(body) == {
        "success": False,
        "data": {"error": "This user name is taken. Choose another."},
    }


def test_what_nobody_expected_tells_nothing_of_the_inside():
    answer = answer_to(KeyError("/srv/secret"))
    assert answer.code == "internal_error"
    assert "secret" not in answer.detail


def test_a_wrong_type_names_the_field():
    class Order(msgspec.Struct):
        quantity: int

    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(b'{"quantity": "1"}', type=Order)
    assert answer_to(caught.value).detail.startswith("quantity: Expected `int`, got `str`")
