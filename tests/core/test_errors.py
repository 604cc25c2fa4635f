"""The error tree: codes are unique, and an error survives the way between two processes."""

from chatsheet.core.errors import BadInput, ChatSheetError, NotFound, revive
from chatsheet.sheets.ingest.grid import FileEncrypted


def test_an_error_is_one_line_with_code_reason_and_fix() -> None:
    assert NotFound("it is gone.", fix="look elsewhere.").line() == "error[not_found]: it is gone. Fix: look elsewhere."


def test_an_error_comes_back_as_its_own_kind() -> None:
    revived = revive("file.encrypted", "locked.", "unlock it.")
    assert isinstance(revived, FileEncrypted)
    assert isinstance(revived, BadInput)
    assert (revived.what, revived.fix) == ("locked.", "unlock it.")


def test_an_unknown_code_comes_back_as_an_internal_error() -> None:
    assert type(revive("never.heard", "what.", "fix.")) is ChatSheetError
