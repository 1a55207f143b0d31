"""The page's policy, and names that are meant to break it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from tests.support import sight
from tests.support.member import Member, got
from tests.support.trader import PASSWORD, unique
from tests.support.visitor import Visitor

NASTY = (
    "<script>document.title='broken'</script>",
    "<img src=x onerror=document.title='broken'>",
    "\"><b onmouseover=document.title='broken'>bold</b>",
    "javascript:document.title='broken'",
    "{{7*7}} ${7*7} &lt;i&gt;",
)


def test_the_policy_forbids_what_is_not_ours(visitor: Visitor) -> None:
    visitor.open("/market")
    visitor.watch.expect("policy: ", "Content Security Policy", "csp")
    visitor.page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "document.title = 'broken'";
        document.body.append(script);
        const image = document.createElement("img");
        image.setAttribute("onerror", "document.title = 'broken'");
        image.src = "data:,";
        document.body.append(image);
    }""")
    reached = visitor.page.evaluate("fetch('https://example.com').then(() => true, () => false)")
    assert reached is False
    expect(visitor.page).not_to_have_title("broken")

    def violated() -> set[str]:
        visitor.page.title()  # what the browser has told meanwhile comes before its answer
        return {sentence.split()[1] for sentence in visitor.watch.seen("policy: ")}

    sight.agree(violated, lambda: {"script-src-elem", "script-src-attr", "connect-src"})


@pytest.mark.parametrize("nasty", NASTY)
def test_markup_in_the_name_of_a_stock_is_text(
    visitor: Visitor, new_member: Callable[..., Member], nasty: str
) -> None:
    lister = new_member()
    name = unique(nasty)
    stock = got(lister.v1("POST", "/stocks", {"name": name}), 201)["stock"]
    visitor.enter(lister, "/market")
    expect(visitor.link(name)).to_have_text(name)
    visitor.link(name).click()
    expect(visitor.page).to_have_url(f"{visitor.url}/stocks/{stock}")
    expect(visitor.page).not_to_have_title("broken")


@pytest.mark.parametrize("nasty", NASTY)
def test_markup_in_the_name_of_a_user_is_text(
    visitor: Visitor, new_member: Callable[..., Member], nasty: str
) -> None:
    visitor.open("/register")
    user_name = unique(nasty)
    visitor.register(name=nasty, user_name=user_name)
    expect(visitor.page.get_by_role("banner").get_by_text(user_name)).to_have_text(user_name)
    expect(visitor.page).not_to_have_title("broken")
    assert visitor.says("/me")["name"] == nasty
    assert PASSWORD not in visitor.page.content()
