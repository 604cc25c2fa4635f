"""Installs the emulator of Azure Blob that tests run against, as it is locked in tests/azurite."""

from pathlib import Path

import hatch_ui

if __name__ == "__main__":
    hatch_ui.install(Path(__file__).parents[1] / "tests" / "azurite", *hatch_ui.find_node())
