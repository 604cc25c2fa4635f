"""What an answer comes to in words that nobody set down: two or three notions together, in whatever language."""

import pytest

from chatsheet.core import loose
from chatsheet.doctor import gist
from chatsheet.llm.causes import CATALOGUE


def said(message: str, code: str = "") -> str:
    return loose.dumps({"error": {"code": code, "message": message}})


@pytest.mark.parametrize(
    ("status", "message", "cause"),
    [
        (401, "De sleutel is ongeldig voor deze resource.", "azure.key_wrong"),
        (401, "액세스 거부: 구독 키가 잘못되었습니다.", "azure.key_wrong"),
        (401, "Il token di accesso è scaduto.", "azure.token_rejected"),
        (403, "O acesso público está desabilitado. Use um endpoint privado.", "azure.public_access_disabled"),
        (403, "仮想ネットワークまたはファイアウォールの規則によりアクセスが拒否されました。", "azure.firewall"),
        (404, "未找到该部署: 部署不存在。", "azure.deployment_not_found"),
        (400, "API のバージョンは? API バージョン 2023 はサポートされていません。", "azure.api_version"),
        (400, "Le modèle gpt-35-turbo a été retiré.", "azure.model_retired"),
        (429, "La capacidad de la región está sobrecargada, inténtelo más tarde.", "azure.capacity"),
    ],
)
def test_the_same_notions_in_another_language_come_to_the_same_cause(status: int, message: str, cause: str) -> None:
    assert gist.read("azure", status, {}, said(message)) == cause


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, said("Go away.")),
        (403, said("Not today.")),
        (404, said("Nothing here.")),
        (400, said("The token is invalid.")),
        (500, said("The key is invalid.")),
        (401, "<html><body>your key is invalid</body></html>"),
        (401, ""),
    ],
)
def test_one_notion_alone_another_status_or_a_page_come_to_nothing(status: int, body: str) -> None:
    assert gist.read("azure", status, {}, body) == ""


def test_what_litellm_says_of_itself_is_read_on_its_routes_only() -> None:
    body = said("Model group alias contoso is not configured on this proxy.")
    assert gist.read("litellm", 400, {}, body) == "litellm.unknown_model"
    assert gist.read("azure", 400, {}, body) == ""


def test_every_cause_it_can_come_to_exists() -> None:
    assert {code for rules in gist.RULES.values() for _, _, code in rules} <= set(CATALOGUE)
