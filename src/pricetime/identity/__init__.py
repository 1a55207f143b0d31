"""Users, roles, sessions and lock-out: rules only, with storage, hashes and tokens through ports.

::

    login ──> lock-out ──> password hash ──> users        issue ──> sessions ──> token
    request with a token ──> authenticate: one look-up, three comparisons ──> Session
"""

from pricetime.identity.addresses import address_key, plain_address
from pricetime.identity.identity import Identity
from pricetime.identity.names import (
    PERSON_NAME_LIMIT,
    USER_NAME_LIMIT,
    fault_of,
    tidy_person_name,
    tidy_user_name,
)
from pricetime.identity.roles import LISTING, Role
from pricetime.identity.sessions import IssuedToken, Session, SessionTokens, TokenKind
from pricetime.identity.users import PASSWORD_LIMIT, OpenAccount, add_pending_admin, check_password

__all__ = [
    "LISTING",
    "PASSWORD_LIMIT",
    "PERSON_NAME_LIMIT",
    "USER_NAME_LIMIT",
    "Identity",
    "IssuedToken",
    "OpenAccount",
    "Role",
    "Session",
    "SessionTokens",
    "TokenKind",
    "add_pending_admin",
    "address_key",
    "check_password",
    "fault_of",
    "plain_address",
    "tidy_person_name",
    "tidy_user_name",
]
