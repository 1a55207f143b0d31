"""Every error that pricetime raises, as one tree.

PricetimeError
├── SettingError            a setting has a value it cannot have
├── RecordError             bytes that are no record of a known version
├── RuleError               a command is denied; carries a ``Reason`` (see ``records``)
├── JournalError            the journal cannot be trusted or written
│   ├── JournalTampered     a batch does not carry the hash it should
│   ├── JournalTorn         a batch is missing, short or out of order
│   ├── JournalBusy         another process writes this journal
│   ├── JournalFenced       another host has appended to this partition's journal
│   └── JournalFailed       writing failed; the venue has stopped answering
├── BrokerFailed            messages could not be sent, received or acknowledged
├── DatabaseFailed          MongoDB could not be read or written
├── PresenceFailed          who lives cannot be told
├── CertificateUnusable     a certificate or its key cannot be used
├── TopologyFailed          the processes of `pricetime up` could not be started or ended
│   ├── ProgramMissing      a program that they need is not installed
│   └── TopologyRuns        they run already
├── SnapshotError           a snapshot file is damaged or of another version
├── QueueFull               more commands wait than the venue takes
├── VenueStopped            the venue is stopping or has stopped
├── AnswerLate              a command was not answered in time
├── ViewsBehind             the read models did not catch up in time
├── ViewsDamaged            the read models do not fit the journal
├── ViewsFenced             another follower has written this partition's read models
├── AccountsFailed          the users' database cannot be read or written
├── IdentityError
│   ├── InvalidUser         a user name, name or role that cannot be
│   ├── UserNameTaken
│   ├── UnknownUser
│   ├── WrongPassword
│   ├── LockedOut           too many failures; carries ``retry_after_s``
│   ├── WeakPassword
│   ├── TokenInvalid        a missing, malformed, expired or revoked token
│   ├── NotAllowed          the role does not permit this
│   └── KeyUnusable         a key file of the tokens is damaged or open to others
├── StockNameTaken
├── RequestError            a request that cannot be served; carries a stable ``code``
│   ├── InvalidRequest      it is malformed or names a field's value that cannot be
│   ├── NotFound            it names something that is not there
│   └── Conflict            it does not fit the state that something is in
├── LobsterError            a LOBSTER file is not as the format has it
├── CheckFailed             ``pricetime check`` found the venue's data to be wrong
└── ProofFailed             ``pricetime prove`` found a difference, or missed a planted fault

An error's docstring is its default message and says what to do next. HTTP statuses are chosen in
one place only, ``api/problems.py``.
"""

from __future__ import annotations

import inspect
from enum import IntEnum


class PricetimeError(Exception):
    """Something went wrong in pricetime."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or inspect.cleandoc(type(self).__doc__ or ""))


class SettingError(PricetimeError):
    """A setting has a value it cannot have. Run `pricetime config` for every setting and its range."""


class RecordError(PricetimeError):
    """These bytes are no records of a known version. Update pricetime if a newer one wrote them."""


class RuleError(PricetimeError):
    """The rules of the market denied a command; ``reason`` says why, ``detail`` more about this one."""

    def __init__(self, reason: IntEnum, detail: str | None = None) -> None:
        super().__init__(detail or f"The venue denied this: {reason.name.lower()}.")
        self.reason = reason
        self.detail = detail


class JournalError(PricetimeError):
    """The journal cannot be used."""


class JournalTampered(JournalError):
    """A batch of the journal does not carry the hash it should. Restore the data from a backup."""


class JournalTorn(JournalError):
    """A batch of the journal is missing or incomplete. Restore the data from a backup."""


class JournalBusy(JournalError):
    """Another process writes this journal. Stop it first, or name another folder with --data."""


class JournalFenced(JournalError):
    """Another host has appended to this partition's journal. This one has stepped down and told nobody."""


class JournalFailed(JournalError):
    """The journal could not be written. Free disk space or repair the disk, then restart."""


class BrokerFailed(PricetimeError):
    """The broker cannot be used. What was not confirmed is sent again when it is back."""


class DatabaseFailed(PricetimeError):
    """MongoDB cannot be used. See that it runs, and that mongo_url leads to it."""


class PresenceFailed(PricetimeError):
    """Who lives cannot be told, because Redis cannot be used. Hosts go on with what they have."""


class CertificateUnusable(PricetimeError):
    """A certificate or its key cannot be used. Make them anew with `pricetime certs`."""


class TopologyFailed(PricetimeError):
    """The processes of the venue could not be started or ended. Their logs say why."""


class ProgramMissing(TopologyFailed):
    """A program that the venue needs is not installed. Install it with `make up`."""


class TopologyRuns(TopologyFailed):
    """The venue in this folder runs already. Stop it with `pricetime down`."""


class SnapshotError(PricetimeError):
    """A snapshot is damaged. It will be left out; the journal holds the same truth."""


class QueueFull(PricetimeError):
    """The venue has more commands waiting than it takes. Try again after the given time."""

    def __init__(self, message: str | None = None, *, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class VenueStopped(PricetimeError):
    """The venue is stopping. Try again when it is back; a client order id tells what was done."""


class AnswerLate(PricetimeError):
    """The answer took too long; what was asked may be done all the same. A client order id shows whether."""


class ViewsBehind(PricetimeError):
    """The lists have not caught up with your last order yet. Try again in a moment."""


class AccountsFailed(PricetimeError):
    """The users' database cannot be used. Free disk space, or restore accounts.db from a backup."""


class ViewsDamaged(PricetimeError):
    """The views are damaged. Restart, or run `pricetime rebuild`: they are made anew from the journal."""


class ViewsFenced(PricetimeError):
    """Another follower has written the views of this partition meanwhile, so this one steps down."""


class IdentityError(PricetimeError):
    """Something is wrong with a user, a password or a session."""


class InvalidUser(IdentityError):
    """This user name or name cannot be used."""


class UserNameTaken(IdentityError):
    """This user name is taken. Choose another."""


class UnknownUser(IdentityError):
    """There is no such user."""


class WrongPassword(IdentityError):
    """The user name or the password is wrong."""


class LockedOut(IdentityError):
    """Too many failed attempts. Wait before you try again."""

    def __init__(self, message: str | None = None, *, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class WeakPassword(IdentityError):
    """This password cannot be used."""


class TokenInvalid(IdentityError):
    """The token is missing, malformed, expired or revoked. Log in again."""


class NotAllowed(IdentityError):
    """Your role does not permit this. Ask an administrator."""


class KeyUnusable(IdentityError):
    """A key file of the session tokens cannot be used. Restore it, or remove it to end all sessions."""


class StockNameTaken(PricetimeError):
    """A stock of this name is listed already. Choose another name."""


class RequestError(PricetimeError):
    """This request cannot be served."""

    def __init__(self, message: str | None = None, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class InvalidRequest(RequestError):
    """The request is malformed."""

    def __init__(self, message: str | None = None, *, code: str = "invalid_request") -> None:
        super().__init__(message, code=code)


class NotFound(RequestError):
    """There is no such thing."""

    def __init__(self, message: str | None = None, *, code: str = "not_found") -> None:
        super().__init__(message, code=code)


class Conflict(RequestError):
    """This does not fit the state it is in."""

    def __init__(self, message: str | None = None, *, code: str = "conflict") -> None:
        super().__init__(message, code=code)


class LobsterError(PricetimeError):
    """This is no LOBSTER file."""


class CheckFailed(PricetimeError):
    """The data of the venue is not as it should be."""


class ProofFailed(PricetimeError):
    """Two implementations of the venue differ, or one breaks a rule. Its story shows the smallest program."""
