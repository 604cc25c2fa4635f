"""Adds to ui/package-lock.json the optional packages for other machines that the registry in reach did not offer.

npm leaves an optional package it cannot look up out of the lock without a word, and `npm ci` then refuses that lock.
Run after every `npm install` that changes the lock; the entries added carry no integrity, since nothing was fetched.
"""

import json
import re
import sys
from pathlib import Path

PLATFORM = re.compile(r"-(?P<os>android|darwin|freebsd|linux|win32)-(?P<cpu>arm64|x64)(?:-(?P<libc>musl))?$")


def main() -> None:
    """Complete the lock in place and name what was added."""
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "ui/package-lock.json")
    lock = json.loads(path.read_text())
    packages = lock["packages"]
    missing = {
        f"node_modules/{name}": (name, version, package)
        for package in list(packages.values())
        for name, version in package.get("optionalDependencies", {}).items()
        if f"node_modules/{name}" not in packages
    }
    for place, (name, version, parent) in missing.items():
        platform = PLATFORM.search(name)
        if platform is None:
            raise SystemExit(f"{name} is missing from the lock, and its name tells no platform.")
        entry = {"version": version, "cpu": [platform["cpu"]], "optional": True, "os": [platform["os"]]}
        if parent.get("dev"):
            entry["dev"] = True
        if platform["os"] == "linux":
            entry["libc"] = [platform["libc"] or "glibc"]
        packages[place] = dict(sorted(entry.items(), key=lambda kv: (kv[0] != "version", kv[0])))
        print("added", name, version)
    root = packages.pop("")
    lock["packages"] = {"": root} | dict(sorted(packages.items()))
    path.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n")


main()
