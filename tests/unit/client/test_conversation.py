"""What the SDK says for one request, without any I/O: the steps of the conversation."""

import msgspec
import pytest

from pricetime.client import BadAnswer, NoAnswer, Retry, TooManyRequests, Unauthorized, Unavailable, calls
from pricetime.client.conversation import Answer, Conversation, Failure, Renew, Send, Wait
from pricetime.schema import Session

SESSION = Session(access_token="old", refresh_token="r1", expires_in_s=900)
WALLET = b'{"available":"1.00","held":"0.00","total":"1.00"}'


def problem(status, code, headers=None):
    body = {"type": "about:blank", "title": "No", "status": status, "detail": "Because.", "code": code}
    return Answer(status, headers or {}, msgspec.json.encode(body))


def answered(body=WALLET):
    return Answer(200, {}, body)


def told(conversation, request, *outcomes):
    """Return the steps that were taken and the answer (or the error) in the end."""
    steps, given = [], [None, *outcomes]
    talk = conversation.about(request)
    try:
        for outcome in given:
            step = talk.send(outcome)
            while isinstance(step, Wait):
                steps.append(step)
                step = talk.send(None)
            steps.append(step)
    except StopIteration as end:
        return steps, end.value
    except (BadAnswer, NoAnswer, TooManyRequests, Unauthorized, Unavailable) as error:
        return steps, error
    raise AssertionError(f"the conversation goes on with {steps[-1]}")


def conversation(session=SESSION, **retry):
    return Conversation(session, Retry(**retry))


def kinds(steps):
    return [type(step).__name__ for step in steps]


def test_a_request_carries_the_token_and_its_answer_is_decoded():
    [sent], wallet = told(conversation(), calls.wallet(), answered())
    assert (sent.method, sent.path, sent.headers["authorization"]) == ("GET", "/v1/wallet", "Bearer old")
    assert wallet.available == "1.00"


def test_a_read_is_repeated_after_an_answer_was_lost():
    lost = Failure(NoAnswer("lost", sent=True))
    steps, wallet = told(conversation(), calls.wallet(), lost, answered())
    assert kinds(steps) == ["Send", "Wait", "Send"]
    assert wallet.total == "1.00"


def test_every_copy_of_an_order_carries_the_client_order_id_made_before_the_first():
    lost = Failure(NoAnswer("lost", sent=True))
    request = calls.place_order(1, "buy", 10, "135.50")
    steps, error = told(conversation(tries=3), request, lost, lost, lost)
    bodies = {step.body for step in steps if isinstance(step, Send)}
    assert isinstance(error, NoAnswer)
    assert bodies == {msgspec.json.encode(request.body)}
    assert request.body.client_order_id is not None


def test_every_copy_of_a_deposit_carries_one_idempotency_key():
    lost = Failure(NoAnswer("lost", sent=True))
    steps, _ = told(conversation(tries=2), calls.deposit("5.00"), lost, lost)
    keys = [step.headers["idempotency-key"] for step in steps if isinstance(step, Send)]
    assert len(keys) == 2
    assert len(set(keys)) == 1


def test_two_deposits_have_two_keys():
    assert calls.deposit(5).idempotency_key != calls.deposit(5).idempotency_key


def test_a_registration_is_not_repeated_where_it_may_have_been_carried_out():
    request = calls.register("ada", "a long password")
    steps, error = told(conversation(None), request, Failure(NoAnswer("lost", sent=True)))
    assert kinds(steps) == ["Send"]
    assert error.sent


def test_a_registration_is_repeated_where_it_certainly_never_left():
    request = calls.register("ada", "a long password")
    refused = Failure(NoAnswer("refused", sent=False))
    user = b'{"account":"1","user_name":"ada","name":"ada","role":"trader","created_at":""}'
    steps, answer = told(conversation(None), request, refused, answered(user))
    assert kinds(steps) == ["Send", "Wait", "Send"]
    assert answer.account == "1"


def test_tries_are_bounded_and_the_last_error_is_raised():
    down = problem(503, "queue_full")
    steps, error = told(conversation(tries=3), calls.wallet(), down, down, down)
    assert kinds(steps).count("Send") == 3
    assert (type(error), error.code) == (Unavailable, "queue_full")


def test_the_pause_is_never_shorter_than_the_venue_asks_for():
    busy = problem(429, "rate_limited", {"retry-after": "7"})
    steps, _ = told(conversation(total_s=60), calls.wallet(), busy, answered())
    assert 7 <= steps[1].seconds < 8


def test_a_pause_that_would_end_too_late_is_not_begun():
    busy = problem(429, "rate_limited", {"retry-after": "300"})
    steps, error = told(conversation(total_s=30), calls.wallet(), busy)
    assert kinds(steps) == ["Send"]
    assert error.retry_after_s == 300


def test_somebody_locked_out_does_not_knock_again():
    locked = problem(429, "locked_out", {"retry-after": "1"})
    steps, error = told(conversation(None), calls.login("ada", "wrong"), locked)
    assert kinds(steps) == ["Send"]
    assert error.code == "locked_out"


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422, 500])
def test_a_refusal_is_not_repeated(status):
    with pytest.raises(Exception, match="Because") as caught:
        told(conversation(), calls.wallet(), problem(status, "some_code"))
    assert caught.value.status == status


def test_an_ended_session_is_renewed_once_and_the_request_sent_again():
    talk = conversation()
    ended = problem(401, "token_invalid")
    steps = talk.about(calls.wallet())
    assert isinstance(next(steps), Send)
    assert steps.send(ended) == Renew("old")
    renewal = talk.renewal("old")
    assert next(renewal).path == "/v1/sessions/refresh"
    renewed = b'{"access_token":"new","refresh_token":"r2","expires_in_s":900,"token_type":"Bearer"}'
    with pytest.raises(StopIteration):
        renewal.send(answered(renewed))
    assert steps.send(None).headers["authorization"] == "Bearer new"
    with pytest.raises(Unauthorized):
        steps.send(ended)


def test_a_session_that_another_thread_has_renewed_is_not_renewed_again():
    talk = conversation(Session(access_token="new", refresh_token="r2", expires_in_s=900))
    assert list(talk.renewal("old")) == []


def test_with_credentials_a_session_beyond_renewal_is_replaced():
    talk = Conversation(SESSION, Retry(), credentials=("ada", "secret"))
    renewal = talk.renewal("old")
    assert next(renewal).path == "/v1/sessions/refresh"
    assert renewal.send(problem(401, "token_invalid")).path == "/v1/sessions"


def test_a_wrong_old_password_is_no_ended_session():
    steps, error = told(
        conversation(), calls.change_password("wrong", "a new password"), problem(401, "wrong_password")
    )
    assert kinds(steps) == ["Send"]
    assert error.code == "wrong_password"


def test_each_new_session_is_told_and_so_is_its_end():
    seen = []
    talk = Conversation(None, Retry(), seen.append)
    opened = b'{"access_token":"a","refresh_token":"r","expires_in_s":900,"token_type":"Bearer"}'
    told(talk, calls.login("ada", "secret"), answered(opened))
    told(talk, calls.logout(), Answer(204, {}, b""))
    assert [session and session.access_token for session in seen] == ["a", None]


def test_the_words_of_a_proxy_become_an_error_with_the_status_alone():
    page = Answer(502, {"x-request-id": "abc"}, b"<html>Bad Gateway</html>")
    _, error = told(conversation(tries=1), calls.wallet(), page)
    assert (type(error), error.code, error.request_id) == (Unavailable, "http_502", "abc")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"available": 1}', b"\xff"])
def test_an_answer_in_another_language_is_told_apart_from_a_refusal(body):
    _, error = told(conversation(), calls.wallet(), answered(body))
    assert isinstance(error, BadAnswer)


def test_a_redirect_is_not_followed_with_the_token():
    moved = Answer(302, {"location": "https://elsewhere.example"}, b"")
    _, error = told(conversation(), calls.wallet(), moved)
    assert isinstance(error, BadAnswer)
    assert "elsewhere.example" in str(error)
