"""What every storage of users promises: tests that run over each, wherever ``accounts`` is a fixture."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from pricetime.errors import UnknownUser, UserNameTaken
from pricetime.ports import Accounts, AuditEntry, PendingUser, RefreshToken, StockName, User


def user(account: int = 1, user_name: str = "ada", role: str = "trader") -> User:
    return User(account, user_name, user_name.title(), b"hash", role, 1_000 + account)


def pending(user_name: str = "root", created_ns: int = 5) -> PendingUser:
    return PendingUser(user_name, "Root", b"hash", "admin", created_ns)


class TestUsers:
    async def test_a_user_is_found_by_name_and_by_account(self, accounts: Accounts) -> None:
        ada = user(7, "ada")
        await accounts.add_user(ada)
        assert await accounts.user_by_name("ada") == ada
        assert await accounts.user_by_account(7) == ada

    async def test_nobody_is_found_where_there_is_nobody(self, accounts: Accounts) -> None:
        assert await accounts.user_by_name("ada") is None
        assert await accounts.user_by_account(7) is None

    async def test_a_name_is_taken_by_a_user_and_by_one_who_is_pending(self, accounts: Accounts) -> None:
        await accounts.add_user(user(7, "ada"))
        await accounts.add_pending_user(pending("root"))
        assert [await accounts.is_taken(name) for name in ("ada", "root", "Ada")] == [True, True, False]

    async def test_text_of_any_kind_comes_back_as_it_went_in(self, accounts: Accounts) -> None:
        names = ["'; DROP TABLE users; --", "<script>", "阿达 👩‍🔬", "%_", '"', "ada\\"]
        for account, name in enumerate(names, 1):
            await accounts.add_user(user(account, name))
        assert [one.user_name for one in await accounts.users(0, 10)] == names

    async def test_a_name_in_use_is_refused_and_capitals_make_another(self, accounts: Accounts) -> None:
        await accounts.add_user(user(1, "ada"))
        with pytest.raises(UserNameTaken):
            await accounts.add_user(user(2, "ada"))
        await accounts.add_user(user(2, "Ada"))
        assert [one.account for one in await accounts.users(0, 10)] == [1, 2]

    async def test_users_are_listed_by_account_in_pages(self, accounts: Accounts) -> None:
        for account in (3, 1, 5, 2):
            await accounts.add_user(user(account, f"user {account}"))
        assert [one.account for one in await accounts.users(0, 2)] == [1, 2]
        assert [one.account for one in await accounts.users(2, 2)] == [3, 5]
        assert await accounts.users(5, 2) == []

    async def test_users_are_found_by_how_their_names_begin_and_paged(self, accounts: Accounts) -> None:
        for account, name in enumerate(["bea", "Adam", "ada", "Éa", "ADA", "a%b", "adb"], 1):
            await accounts.add_user(user(account, name))

        async def names(beginning: str, after: int = 0, limit: int = 9) -> list[str]:
            return [one.user_name for one in await accounts.users(after, limit, beginning=beginning)]

        assert await names("aD") == ["ada", "ADA", "Adam", "adb"]
        assert await names("ad", limit=1) == ["ada"]
        assert await names("ad", after=3, limit=2) == ["ADA", "Adam"]
        assert await names("ad", after=2) == ["adb"]
        assert await names("É") == ["Éa"]
        assert await names("a%") == ["a%b"]
        assert await names("x") == []

    async def test_a_new_hash_leaves_tokens_alone_unless_told(self, accounts: Accounts) -> None:
        await accounts.add_user(user())
        await accounts.set_password_hash(1, b"costlier", None)
        assert await accounts.user_by_account(1) == replace(user(), password_hash=b"costlier")
        await accounts.set_password_hash(1, b"new", 99)
        changed = await accounts.user_by_account(1)
        assert changed == replace(user(), password_hash=b"new", tokens_valid_from_ns=99)

    async def test_a_role_changes_with_the_time_its_tokens_count_from(self, accounts: Accounts) -> None:
        await accounts.add_user(user())
        await accounts.set_role(1, "lister", 99)
        assert await accounts.user_by_name("ada") == replace(user(), role="lister", tokens_valid_from_ns=99)

    async def test_a_user_is_closed_and_opened(self, accounts: Accounts) -> None:
        await accounts.add_user(user())
        await accounts.set_disabled(1, True, 98)
        assert await accounts.user_by_name("ada") == replace(user(), disabled=True, tokens_valid_from_ns=98)
        await accounts.set_disabled(1, False, 99)
        assert await accounts.user_by_name("ada") == replace(user(), tokens_valid_from_ns=99)

    async def test_changing_nobody_is_an_error(self, accounts: Accounts) -> None:
        for change in (
            accounts.set_role(1, "admin", 1),
            accounts.set_disabled(1, True, 1),
            accounts.set_password_hash(1, b"", None),
        ):
            with pytest.raises(UnknownUser):
                await change

    async def test_admins_who_can_log_in_are_counted(self, accounts: Accounts) -> None:
        assert await accounts.admins() == 0
        for account, role in enumerate(("trader", "admin", "lister", "admin", "admin"), 1):
            await accounts.add_user(user(account, f"user {account}", role))
        await accounts.set_disabled(2, True, 1)
        await accounts.set_role(4, "trader", 1)
        assert await accounts.admins() == 1

    async def test_times_from_which_tokens_count_are_listed_where_late_enough(
        self, accounts: Accounts
    ) -> None:
        for account in (1, 2, 3):
            await accounts.add_user(user(account, f"user {account}"))
        await accounts.set_role(2, "lister", 10)
        await accounts.set_role(3, "lister", 20)
        assert sorted(await accounts.tokens_valid_from(-5)) == [(2, 10), (3, 20)]
        assert sorted(await accounts.tokens_valid_from(10)) == [(3, 20)]


class TestPendingUsers:
    async def test_a_pending_user_is_kept_until_completed(self, accounts: Accounts) -> None:
        await accounts.add_pending_user(pending("root", 2))
        await accounts.add_pending_user(pending("boss", 1))
        assert [one.user_name for one in await accounts.pending_users()] == ["boss", "root"]
        assert await accounts.pending_user("root") == pending("root", 2)
        await accounts.complete_pending_user(user(1, "root", "admin"))
        assert await accounts.pending_user("root") is None
        assert await accounts.user_by_name("root") == user(1, "root", "admin")

    async def test_a_pending_name_is_taken(self, accounts: Accounts) -> None:
        await accounts.add_pending_user(pending("root"))
        with pytest.raises(UserNameTaken):
            await accounts.add_user(user(1, "root"))
        with pytest.raises(UserNameTaken):
            await accounts.add_pending_user(pending("root"))

    async def test_a_users_name_cannot_be_pending(self, accounts: Accounts) -> None:
        await accounts.add_user(user(1, "root"))
        with pytest.raises(UserNameTaken):
            await accounts.add_pending_user(pending("root"))

    async def test_only_who_is_pending_is_completed(self, accounts: Accounts) -> None:
        with pytest.raises(UnknownUser):
            await accounts.complete_pending_user(user(1, "root"))
        assert await accounts.user_by_name("root") is None


class TestSessions:
    async def test_revocations_are_listed_until_they_expire(self, accounts: Accounts) -> None:
        await accounts.revoke_token("a", 10)
        await accounts.revoke_token("b", 20)
        assert sorted(await accounts.revoked_tokens(0)) == [("a", 10), ("b", 20)]
        assert sorted(await accounts.revoked_tokens(10)) == [("b", 20)]

    async def test_revoking_twice_keeps_the_later_expiry(self, accounts: Accounts) -> None:
        for expires_ns in (10, 30, 20):
            await accounts.revoke_token("a", expires_ns)
        assert await accounts.revoked_tokens(0) == [("a", 30)]

    async def test_a_refresh_token_is_used_once(self, accounts: Accounts) -> None:
        token = RefreshToken(b"hash", "family", 1, 10)
        await accounts.add_refresh_token(token)
        assert await accounts.refresh_token(b"hash") == token
        assert [await accounts.use_refresh_token(b"hash") for _ in range(2)] == [True, False]
        assert await accounts.refresh_token(b"hash") == replace(token, used=True)

    async def test_an_unknown_refresh_token_is_not_used(self, accounts: Accounts) -> None:
        assert await accounts.refresh_token(b"hash") is None
        assert not await accounts.use_refresh_token(b"hash")

    async def test_families_and_accounts_lose_their_refresh_tokens(self, accounts: Accounts) -> None:
        for name, family, account in ((b"a", "x", 1), (b"b", "x", 1), (b"c", "y", 1), (b"d", "z", 2)):
            await accounts.add_refresh_token(RefreshToken(name, family, account, 10))

        async def left() -> list[bytes]:
            return [name for name in (b"a", b"b", b"c", b"d") if await accounts.refresh_token(name)]

        await accounts.revoke_family("x")
        assert await left() == [b"c", b"d"]
        await accounts.revoke_refresh_tokens(1)
        assert await left() == [b"d"]

    async def test_what_has_expired_is_forgotten(self, accounts: Accounts) -> None:
        for name, expires_ns in (("early", 10), ("late", 20)):
            await accounts.revoke_token(name, expires_ns)
            await accounts.add_refresh_token(RefreshToken(name.encode(), name, 1, expires_ns))
        await accounts.forget_expired(10)
        assert await accounts.revoked_tokens(0) == [("late", 20)]
        assert await accounts.refresh_token(b"early") is None
        assert await accounts.refresh_token(b"late") is not None


class TestStockNames:
    async def test_stocks_are_numbered_from_one_and_a_known_name_keeps_its_number(
        self, accounts: Accounts
    ) -> None:
        given = [await accounts.name_stock(name, time_ns) for time_ns, name in enumerate(("A", "B", "A"), 5)]
        assert given == [StockName(1, "A", 5), StockName(2, "B", 6), StockName(1, "A", 5)]
        assert await accounts.stock_names() == [StockName(1, "A", 5), StockName(2, "B", 6)]

    async def test_one_name_asked_for_many_times_at_once_is_one_stock(self, accounts: Accounts) -> None:
        given = await asyncio.gather(*(accounts.name_stock(f"{n % 3}", 1) for n in range(30)))
        assert len(set(given)) == 3
        assert sorted({stock.stock for stock in given}) == [1, 2, 3]


class TestAudit:
    async def test_the_newest_entry_is_first(self, accounts: Accounts) -> None:
        await accounts.add_audit(5, 0, "register", "ada", "")
        await accounts.add_audit(6, 1, "login", "ada", "192.0.2.1")
        found = await accounts.audit(actor=None, action=None, before=0, limit=10)
        assert found == [
            AuditEntry(2, 6, 1, "login", "ada", "192.0.2.1"),
            AuditEntry(1, 5, 0, "register", "ada", ""),
        ]

    async def test_entries_are_filtered_and_paged(self, accounts: Accounts) -> None:
        for number in range(1, 13):
            await accounts.add_audit(number, number % 2, ("login", "logout", "role")[number % 3], "", "")

        async def ids(actor: int | None, action: str | None, before: int, limit: int) -> list[int]:
            found = await accounts.audit(actor=actor, action=action, before=before, limit=limit)
            return [entry.id for entry in found]

        assert await ids(None, None, 0, 3) == [12, 11, 10]
        assert await ids(None, None, 10, 3) == [9, 8, 7]
        assert await ids(1, None, 0, 3) == [11, 9, 7]
        assert await ids(None, "login", 12, 9) == [9, 6, 3]
        assert await ids(1, "login", 9, 9) == [3]
        assert await ids(2, None, 0, 9) == []

    async def test_entries_are_filtered_by_time(self, accounts: Accounts) -> None:
        for number in range(1, 9):
            await accounts.add_audit(number * 10, 0, "login", "", "")

        async def ids(start_ns: int, end_ns: int) -> list[int]:
            found = await accounts.audit(
                actor=None, action="login", before=8, limit=9, start_ns=start_ns, end_ns=end_ns
            )
            return [entry.id for entry in found]

        assert await ids(30, 60) == [5, 4, 3]
        assert await ids(31, 61) == [6, 5, 4]
        assert await ids(0, 10) == await ids(81, 2**63 - 1) == []
        assert await ids(60, 2**63 - 1) == [7, 6]
