#!/bin/sh
# Writes what is installed where ChatSheetAI runs, and in LiteLLM's environment, as CycloneDX 1.6: from the locks, hashes included.
set -eu
mkdir -p "$1"
.tools/uv/bin/uv export --quiet --frozen --no-dev --no-emit-project --extra charts --extra s3 --extra azure-blob --output-file "$1/requirements.txt" >/dev/null
for name in chatsheet litellm; do
    from="$1/requirements.txt"
    [ "$name" = litellm ] && from=src/chatsheet/llm/litellm.lock
    .venv/bin/cyclonedx-py requirements "$from" --output-reproducible --spec-version 1.6 --of JSON --output-file "$1/$name.cdx.json"
done
rm "$1/requirements.txt"
ls -l "$1"/*.cdx.json
