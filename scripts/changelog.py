"""Make the changelog entry of a release from the fragments in changelog.d/."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

KINDS = {
    "breaking": "Breaking",
    "deprecation": "Deprecated",
    "metric": "A number changed",
    "change": "Changed",
    "fix": "Fixed",
}
NAME = re.compile(r"(?P<slug>[a-z0-9][a-z0-9-]*)\.(?P<kind>[a-z]+)\.md")
MARK = "<!-- releases -->\n"


def read_fragments(folder: Path) -> dict[Path, str]:
    """Return the kind of each fragment, by path in order of name.

    Raises:
        ValueError: a file name that is not <short-name>.<kind>.md, or a fragment without text.
    """
    kinds: dict[Path, str] = {}
    for path in sorted(folder.iterdir()):
        if path.name == "README.md":
            continue
        name = NAME.fullmatch(path.name)
        if name is None or name["kind"] not in KINDS:
            raise ValueError(
                f"{path.name!r} in {folder.name}/ is not <short-name>.<kind>.md; kinds: {', '.join(KINDS)}"
            )
        if not path.read_text(encoding="utf-8").strip():
            raise ValueError(f"{path.name!r} in {folder.name}/ is empty")
        kinds[path] = name["kind"]
    return kinds


def entry(version: str, date: str, kinds: Mapping[Path, str]) -> str:
    """Return the entry of a release: one heading per kind that has fragments, in the order of KINDS."""
    lines = [f"## {version}" + (f" ({date})" if date else ""), ""]
    for kind, title in KINDS.items():
        paths = [path for path, its_kind in kinds.items() if its_kind == kind]
        if paths:
            lines += [f"### {title}", ""]
            lines += ["* " + " ".join(path.read_text(encoding="utf-8").split()) for path in paths]
            lines.append("")
    return "\n".join(lines)


def release(changelog: Path, folder: Path, version: str, date: str) -> None:
    """Write the entry into the changelog, newest first, and remove its fragments."""
    kinds = read_fragments(folder)
    text = changelog.read_text(encoding="utf-8")
    if MARK not in text:
        raise ValueError(f"{changelog.name} lacks the line {MARK.strip()!r}")
    changelog.write_text(text.replace(MARK, f"{MARK}\n{entry(version, date, kinds)}", 1), encoding="utf-8")
    for path in kinds:
        path.unlink()


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the entry of the next release, or write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--release", metavar="VERSION", help="write the entry of this version and remove the fragments")
    parser.add_argument("--date", help="day of the release, such as 2026-07-01; needed with --release")
    options = parser.parse_args(arguments)
    if options.release and not options.date:
        parser.error("--release needs --date")
    if options.release:
        release(ROOT / "CHANGELOG.md", ROOT / "changelog.d", options.release, options.date)
    else:
        print(entry("Unreleased", "", read_fragments(ROOT / "changelog.d")), end="")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
