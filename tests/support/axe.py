"""What axe-core finds on a page that keeps people out. The page's policy keeps axe out: ``bypass_csp``."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

_AXE = Path("web/node_modules/axe-core/axe.min.js")
_FINDINGS = """async () => {
    const {violations} = await axe.run(document, {
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    });
    return violations.flatMap(({id, help, nodes}) =>
        nodes.map(({html, failureSummary}) => `${id}: ${help}: ${html} ${failureSummary}`));
}"""


def axe_findings(page: Page) -> list[str]:
    """Return the findings of a page as it is now."""
    page.add_script_tag(path=_AXE)
    found: list[str] = page.evaluate(_FINDINGS)
    return found
