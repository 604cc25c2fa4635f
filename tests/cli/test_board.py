"""The doctor's board shows what was seen as it is: nothing of it is markup, and ill paths are told whole at the end."""

import sys

import pytest

from chatsheet.cli import board
from chatsheet.doctor import findings
from chatsheet.doctor.findings import finding


def test_evidence_is_no_markup(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    with board.shown(is_quiet=False) as take:
        take("azure", findings.passed("proxy", "through http://[fd00::1]:3128"))
        take("azure", findings.passed("model", "answered by gpt[/red]"))
    assert "gpt[/red]" in capsys.readouterr().out


def test_the_rungs_of_an_ill_path_stand_below(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    with board.shown(is_quiet=False) as take:
        take("azure", findings.passed("dns", "10.0.0.4"))
        take("azure", findings.broken("tcp", finding("net.refused", "no connection")))
        take("azure", findings.not_reached("tls"))
    told = capsys.readouterr().out
    assert "azure  tcp  BROKEN [net.refused]" in told
    assert "azure  tls  not reached" in told
