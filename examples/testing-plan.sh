#!/usr/bin/env bash
# The testing plan: Azure and OpenAI through LiteLLM, then directly, compared, decided and written down.
#
#   examples/testing-plan.sh [FOLDER FOR THE RECORD]
#
# Reads ./chatsheet.toml, or the file that CHATSHEET_CONFIG names. Its routes are `litellm`, `azure` and `openai` unless LITELLM,
# AZURE and OPENAI say otherwise. What settings do not have, or have no key for, is "not configured" and no failure.
# A few tokens are asked for on each way. Ends with the doctor's code: 0 all healthy, 1 a route is ill, 2 none answers,
# 3 settings wrong.
set -eu -o pipefail

record=${1:-docs/decisions}
litellm=${LITELLM:-litellm} azure=${AZURE:-azure} openai=${OPENAI:-openai}
url=${LITELLM_URL:-http://127.0.0.1:4000}
chatsheet=(chatsheet ${CHATSHEET_CONFIG:+--config "$CHATSHEET_CONFIG"})
work=$(mktemp -d)
ours=

finish() {
  if [ -n "$ours" ]; then kill "$ours" && wait "$ours" || true; fi
  rm -r "$work"
}
trap finish EXIT

step() { printf '\n== %s\n' "$*"; }

examine() { # the name of one path: say how it is, layer by layer
  if "${chatsheet[@]}" doctor --route "$1" --probes 1 2>"$work/refused"; then return; fi
  if grep -q doctor.route_unknown "$work/refused"; then echo "$1: not configured"; else cat "$work/refused"; fi
}

ask() { # the alias of a route that LiteLLM serves: one request as any client would send it
  if [ -z "${LITELLM_MASTER_KEY:-}" ]; then return; fi
  local body='{"model": "'$1'", "stream": true, "messages": [{"role": "user", "content": "Say ok."}], "max_tokens": 16}'
  local status
  status=$(curl -sS -o /dev/null -w '%{http_code}' -m 60 -H @<(printf 'Authorization: Bearer %s' "$LITELLM_MASTER_KEY") \
    -H 'Content-Type: application/json' -d "$body" "$url/v1/chat/completions") || status="no answer"
  echo "LiteLLM, asked for $1: $status"
}

step "1. LiteLLM's config, from the settings"
if "${chatsheet[@]}" litellm config --output "$work/litellm.config.yaml"; then
  grep -E '^- model_name|^  +(model|api_version):' "$work/litellm.config.yaml"
  if ! curl -sf -m 2 -o /dev/null "$url/health/liveliness"; then
    "${chatsheet[@]}" litellm run 2>"$work/litellm.log" &
    ours=$!
    echo "starting LiteLLM: it takes half a minute, and the first time it is installed"
    until curl -sf -m 2 -o /dev/null "$url/health/liveliness"; do
      if ! kill -0 "$ours" 2>/dev/null; then
        cat "$work/litellm.log"
        ours=
        break
      fi
      sleep 1
    done
  fi
else
  echo "LiteLLM: not configured"
fi

step "2. Azure through LiteLLM"
ask "$azure"
examine "$litellm → $azure"

step "3. OpenAI through LiteLLM"
ask "$openai"
examine "$litellm → $openai"

step "4. Both directly"
examine "$azure"
examine "$openai"

step "5. Compared, decided and recorded in $record"
code=0
"${chatsheet[@]}" doctor --record "$record" || code=$?
exit "$code"
