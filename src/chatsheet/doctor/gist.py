"""What an answer comes to where no particular words are known: a few notions, in several languages, behind a status. Pure.

Calls are steered by what phrases.py knows for sure; the doctor, which only tells people, reads the rest by its gist and says
that it did. A notion by itself says little: each rule wants two or three of them together.
"""

import re
from collections.abc import Mapping

from chatsheet.llm import wording
from chatsheet.llm.phrases import BAD_REQUEST, DENIED, Rules

_ANY: frozenset[int] = frozenset()
_REFUSED = BAD_REQUEST | DENIED
_GONE = frozenset({400, 404, 410})
_BUSY = frozenset({429, 500, 503})
_5XX = frozenset(range(500, 600))

# en, de, fr, es, it, pt, nl, ja, zh, ko
_KEY = r"\bkeys?\b|schlüssel|\bclés?\b|\bclaves?\b|\bchiavi?e?\b|\bchaves?\b|sleutel|キー|密钥|키"
_SUBSCRIPTION = r"subscription|abonn|suscripci|sottoscrizione|assinatura|サブスクリプション|订阅|구독"
_TOKEN = r"\btokens?\b|token\b|\bjeton|\bjwt\b|トークン|令牌|토큰"  # noqa: S105  a notion, no secret
_TENANT = r"\btenants?\b|mandant|locataire|inquilino|テナント|租户|테넌트"
_WRONG = (
    r"invalid|not (a )?valid|incorrect|\bwrong\b|(not|n't) match|unknown|ungültig|falsch|non valide"
    r"|no (es |son )?válid|inválid"
    r"|non valid|errat|ongeldig|無効|正しくない|无效|错误|잘못"
)
_ENDED = r"expired?|abgelaufen|expiré|caducad|scadut|expirad|verlopen|期限|过期|만료"
_MISSING = (
    r"missing|none was|not (sent|given|provided|supplied|included)|required|fehlt|fehlend|manqu|\bfalta"
    r"|mancant|ausente|ontbre|ありません|缺少|없"
)
_OFF = (
    r"disabled|turned off|switched off|(not|n't) (allow|permit|accept|enable)|only approved|deaktiviert|désactivé"
    r"|deshabilitad|desactivad|disabilitat|disattivat|desabilitad|desativad|uitgeschakeld|無効|禁用|关闭|사용하지"
)
_PUBLIC = r"public|öffentlich|públic|pubblic|openbaar|パブリック|公共|公用|공용"
_PRIVATE = (
    r"private endpoint|privaten? endpunkt|point de terminaison privé|punto de conexión privado|endpoint privat|プライベート"
)
_VNET = (
    r"virtual network|\bvnet|virtuelle[nsm]? netz|réseau virtuel|red virtual|rete virtuale|rede virtual"
    r"|仮想ネットワーク|虚拟网络"
)
_FIREWALL = r"firewall|pare-feu|cortafuegos|ファイアウォール|防火墙|방화벽"
_MAY = (
    r"permission|authorization to perform|not authori[sz]ed to|role assignment|data ?action|\brbac\b|openai user"
    r"|berechtigung|prinzipal|rolle\b|autorisation|\bprincipal\b|permiso|autorizzazion|権限|アクセス許可|权限|권한"
)
_MODEL = r"\bmodel|modell|modèle|modelo|modello|モデル|模型|모델"
_RETIRED = (
    r"retired|deprecated|no longer (available|offered|supported|served)|end of life|außer betrieb|abgekündigt|veraltet"
    r"|retiré|obsol|retirad|dismess|descontinuad|廃止|提供を終了|停用|弃用|종료"
)
_DEPLOYMENT = (
    r"deployment|bereitstellung|déploiement|implementación|distribuzione|implantação|implementatie|デプロイ"
    r"|部署|배포"
)
_API_VERSION = (
    r"api[- ]?version|version d'(l')?api|version de l'api|versión de (la )?api|versione dell'api|versão da api"
    r"|api ?バージョン"
    r"|api ?版本|api ?버전"
)
_NEEDS = (
    r"support|requires?|needs?\b|minimum|newer|or later|unterstützt|benötigt|mindestens|prise? en charge|admite|compatible"
    r"|richiede|necess|ondersteund|サポート|支持|지원"
)
_ABSENT = (
    r"not (be )?found|(not|n't) exist|no such|unknown|unable to match|nicht (gefunden|vorhanden)|introuvable"
    r"|no (se encontr|existe)|non (trovat|esiste)|não (encontrad|existe)|見つかり|存在しません|找不到|不存在"
)
_PARAMETER = (
    r"max_tokens|max_completion_tokens|temperature|top_p|response_format|reasoning_effort|stream_options"
    r"|parallel_tool_calls"
)
_UNTAKEN = (
    r"(not|n't) (be )?(accept|support|permit|allow|recogni|available|take)|unexpected|unknown"
    r"|extra (inputs|fields)|additional propert"
    r"|reject|nicht (unterstützt|erlaubt|zulässig)|non (pris|support)|no (se admite|compatible)|サポート|不支持"
)
_LONG = (
    r"too (long|many|large)|exceed|longer than|more than|over the|zu (lang|viele)|überschreit|trop (long|de)"
    r"|dépass|demasiad|supera|troppo|超|長すぎ"
)
_CAPACITY = r"overload|capacity|overlast|kapazität|surcharg|saturé|sobrecarg|capacidad|sovraccaric|過負荷|容量|过载|용량"
_LIMIT = r"\blimit|límite|grenze|begrenzung|kontingent|quota|quote\b|cuota|throttl|too many|trop de|demasiad|制限|限制|한도"
_SAYINGS = r"content|inhalt|contenu|contenid|contenut|conteúd|safety|responsible ai|コンテンツ|内容|콘텐츠"
_FILTERED = (
    r"filter|flagged|rejected|blocked|violat|gefiltert|blockiert|verstö|filtré|bloqué|filtrad|bloquead|filtrat"
    r"|フィルター|过滤|필터"
)
_UNREACHED = (
    r"name or service not known|name resolution|getaddrinfo|connection attempts failed|connect call failed|no route to host"
    r"|connection (refused|reset|timed out)|certificate.verify.failed|ssl: "
)
_NO_KEY = (
    r"(\bno|without|missing|nenhuma|keine?n?|aucune|ning[uú]n\w*|nessuna) .{0,40}(api.?key|authorization|clé|chave|clave)"
    r"|(api.?key|authorization).{0,40}(missing|required|not (sent|given|provided))"
)


def _all(*notions: str) -> str:
    """Return a pattern that wants all of these, in any order."""
    return "^" + "".join(f"(?=.*(?:{notion}))" for notion in notions)


_LITELLM: Rules = (
    (_ANY, _all(r"client secret|geheime\w* clientschlüssel|invalid_client", rf"{_WRONG}|{_ENDED}"), "entra.secret_invalid"),
    (
        _ANY,
        _all(r"login\.microsoftonline|azure ad token|token endpoint", r"connect|resolve|timed? ?out|unreachable|max retries"),
        "entra.unreachable",
    ),
    (
        frozenset({401, 500}),
        _all(r"identity|credential", r"no managed identity|no response|endpoint found"),
        "entra.identity_missing",
    ),
    (_ANY, r"llm provider not provided|provider's? (prefix|name) (is )?missing", "litellm.unknown_model"),
    (
        _ANY,
        _all(
            r"api_key|azure_ad_token|azure_api_key|api_base|base_url|azure_endpoint|azure_openai_endpoint|credentials",
            r"must be (set|provided|given)|\bmissing\b|neither|no (credentials|endpoint|api_base|api_key)|not (been )?set",
        ),
        "litellm.credentials_missing",
    ),
    (
        _ANY,
        _all(r"azurecredentialtype|azure_credential|credential type", r"not|unknown|unsupported"),
        "litellm.credential_type",
    ),
    (
        frozenset({400, 404}),
        _all(
            r"\bmodels?\b.{0,80}(" + _ABSENT + r"|not configured|not served)|no model\b",
            r"proxy|alias|/v1/models|model[ _]group|gateway",
        ),
        "litellm.unknown_model",
    ),
    (
        frozenset({429, 503}),
        _all(r"deployment|model group|bereitstellung", r"cool(ing)? ?down|\bpaused\b|pausiert"),
        "litellm.cooldown",
    ),
    (
        frozenset({401, 403}),
        _all(r"virtual key|master key|proxy (server )?(key|token)|expired key", rf"{_WRONG}|{_ENDED}|\bnot\b|does not"),
        "litellm.key_wrong",
    ),
    (frozenset({400, 500}), _all(r"\b(db|database)\b", r"not connected|no (db|database)|connect a"), "litellm.key_wrong"),
    (
        _5XX,
        _UNREACHED,
        "litellm.upstream_unreachable",
    ),
)
"""What LiteLLM says of itself."""
_LITELLMS_KEY: Rules = (
    (
        frozenset({401}),
        _NO_KEY,
        "litellm.key_missing",
    ),
)
"""What may be Azure's as well: read where Azure's own words say nothing."""
_CONTENT: Rules = (
    (
        BAD_REQUEST,
        _all(_SAYINGS, _FILTERED, r"prompt|request|response|completion|message|eingabe|antwort|invite|réponse|プロンプト|提示"),
        "content.filtered",
    ),
    (
        BAD_REQUEST,
        _all(r"context|kontext|contexte|contexto|contesto|コンテキスト|上下文|prompt|input", r"tokens?\b|トークン|令牌", _LONG),
        "request.context_length",
    ),
)
_AZURE: Rules = (
    (DENIED, _all(_SUBSCRIPTION, _KEY + r"|abonnementschlüssel", _MISSING), "azure.subscription_key_missing"),
    (
        _REFUSED,
        _all(_TENANT, _TOKEN, r"\bnot\b|n't|mis-?match|different|belongs|wrong|issuer|nicht|falsch|pas\b|no\b|異な|不匹配"),
        "azure.tenant_mismatch",
    ),
    (
        DENIED,
        _all(_KEY + r"|authenti[cf]", r"local auth|disablelocalauth|\bkeys?\b|schlüssel|\bclés?\b|\bclave", _OFF),
        "azure.key_auth_disabled",
    ),
    (DENIED, _all(_TOKEN, rf"{_WRONG}|{_ENDED}|{_MISSING}"), "azure.token_rejected"),
    (frozenset({401}), _all(_KEY, rf"{_WRONG}|\bnot any\b"), "azure.key_wrong"),
    (frozenset({403}), _all(_VNET, r"sub-?domain|regional|custom (domain|endpoint)"), "azure.regional_endpoint"),
    (frozenset({403}), _all(_VNET + r"|network", _FIREWALL + r"|networkacls|network rules?"), "azure.firewall"),
    (
        frozenset({403}),
        _all(
            r"\bip\b|ip-adresse|adresse ip|dirección ip|ip ?アドレス|ip ?地址",
            r"block|\bnot\b|denied|nicht|refus|no (está|permit)|ブロック|不在",
        ),
        "azure.firewall",
    ),
    (frozenset({403}), _all(_PUBLIC, rf"{_OFF}|{_PRIVATE}"), "azure.public_access_disabled"),
    (
        DENIED,
        _all(_MAY, r"lack|miss|need|not\b|n't|insufficient|assign|fehlt|kein|nicht|pas\b|falt|non\b|没有|ありません|없"),
        "azure.permission",
    ),
    (_GONE, _all(_MODEL, _RETIRED), "azure.model_retired"),
    (frozenset({400, 404}), _all(_API_VERSION, _NEEDS), "azure.api_version"),
    (frozenset({404}), _all(_DEPLOYMENT, _ABSENT), "azure.deployment_not_found"),
    (
        frozenset({404}),
        _all(
            r"path|resource|operation|url|route|pfad|ressource|chemin|ruta|recurso|percorso|risorsa|パス|リソース|路径|资源",
            _ABSENT,
        ),
        "azure.resource_not_found",
    ),
    (BAD_REQUEST, _all(_PARAMETER, _UNTAKEN), "azure.parameter"),
    (
        _BUSY,
        _all(_CAPACITY, r"try|later|demand|region|moment|serve|erneut|später|plus tard|más tarde|しばらく|稍后"),
        "azure.capacity",
    ),
    (frozenset({429}), _LIMIT, "azure.rate_limited"),
)
RULES: Mapping[str, Rules] = {"azure": (*_CONTENT, *_AZURE), "litellm": (*_LITELLM, *_CONTENT, *_AZURE, *_LITELLMS_KEY)}
_PAGE = re.compile(r"<!doctype html|<html\b")


def read(kind: str, status: int, headers: Mapping[str, str], body: str) -> str:
    """Return the cause that an answer comes to on this kind of route, or an empty text."""
    said = wording.read(body, headers)
    if _PAGE.search(said.text):
        return ""
    statuses = {status, said.status}
    rules = RULES.get(kind, _CONTENT)
    return next(
        (code for wanted, notions, code in rules if (not wanted or wanted & statuses) and re.search(notions, said.text)), ""
    )
