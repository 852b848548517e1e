# SPDX-License-Identifier: Apache-2.0
"""What the documents say is true: commands parse, targets exist, links lead somewhere, the node page is fresh."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from ofx_lipsync import __version__
from ofx_lipsync.cli.main import VERBS, build_parser
from ofx_lipsync.cli.nodes import every, markdown

PAGES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "samples/README.md"]
PAGES += [f"docs/{name}.md" for name in ("formats", "nuke", "portrait", "curves", "character", "live", "shots", "film")]
PAGES += ["docs/farm.md", "docs/tuning.md", "docs/trust.md"]
CHECKOUT = Path(__file__).resolve().parents[1]


def commands(page: str, program: str) -> list[str]:
    """Lines of code blocks that begin with the program, without their comments."""
    blocks = re.findall(r"^```\n(.*?)^```", (CHECKOUT / page).read_text(), re.MULTILINE | re.DOTALL)
    lines = [line.split("  #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.split(" ")[0] == program]


def all_commands(program: str) -> list[str]:
    return sorted({line for page in PAGES for line in commands(page, program)})


@pytest.mark.parametrize("line", all_commands("lipsync"))
def test_every_command_shown_parses(line: str) -> None:
    args = build_parser().parse_args(shlex.split(line)[1:])
    assert callable(args.run)
    if getattr(args, "sets", None):
        from ofx_lipsync.graph import Settings

        Settings.parse(args.sets)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        build_parser().parse_args([verb, "--help"])
    assert left.value.code == 0
    assert verb in capsys.readouterr().out


def test_the_list_of_verbs_says_what_each_verb_says() -> None:
    assert build_parser([]).format_help() == build_parser().format_help()


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize("target", sorted({*(line.split()[1] for line in all_commands("make")), "clean", "docs"}))
def test_every_make_target_is_there(target: str, checkout: Path) -> None:
    done = subprocess.run(["make", "-n", target], cwd=checkout, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_link_leads_somewhere(checkout: Path) -> None:
    for page in [*PAGES, *(p.relative_to(checkout).as_posix() for p in (checkout / "docs" / "design").glob("*.md"))]:
        for target in re.findall(r"\]\(([^)#:]+)\)", (checkout / page).read_text()):
            assert ((checkout / page).parent / target).exists(), f"{page} links to {target}"


def test_the_changelog_knows_this_version(checkout: Path) -> None:
    versions = re.findall(r"^## (\S+)", (checkout / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert versions[0] == __version__


def test_the_changelog_names_nodes_that_exist(checkout: Path) -> None:
    text = (checkout / "CHANGELOG.md").read_text()
    for module in every():
        assert f"**{module.ID}**" in text, f"{module.ID} is not in CHANGELOG.md"


def test_the_node_page_is_fresh(checkout: Path) -> None:
    assert (checkout / "docs" / "nodes.md").read_text() == markdown(list(every())), "run: make docs"
