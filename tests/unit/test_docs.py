"""What the docs say about themselves is true: drawings match their tables, links lead somewhere."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


def load_tool(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool


def test_the_state_diagram_in_the_docs_is_the_table_in_the_rules():
    tool = load_tool("draw_states")
    page = tool.PAGE.read_text("utf-8")
    assert tool.drawn(page) == page, "run `make docs`"


def test_the_collections_in_the_docs_are_those_of_the_adapters():
    tool = load_tool("draw_collections")
    page = tool.PAGE.read_text("utf-8")
    assert tool.drawn(page) == page, "run `make docs`"


def test_the_configuration_of_nginx_for_a_cluster_is_what_the_settings_give():
    tool = load_tool("render_nginx")
    assert tool.rendered() == tool.FILE.read_text("utf-8"), "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_to_one(page):
    links = [link for link in LINK.findall(page.read_text("utf-8")) if "://" not in link]
    missing = [link for link in links if not (page.parent / link).exists()]
    assert missing == []
