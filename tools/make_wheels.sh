#!/bin/sh
# Downloads what an installation without a network needs: our wheel, all it depends on, and LiteLLM's environment, each by its hash.
# Run it on a machine of the same kind (system, processor, Python) as the one that it is for. `$1`: where to.
set -eu
to=$1
uv=.tools/uv/bin/uv
mkdir -p "$to/chatsheet" "$to/litellm"
"$uv" build --quiet --wheel --out-dir "$to/chatsheet"
"$uv" export --quiet --frozen --no-dev --no-emit-project --extra charts --extra s3 --extra azure-blob --output-file "$to/requirements.txt" >/dev/null
cp src/chatsheet/llm/litellm.lock "$to/litellm.txt"
download() {
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: "$@"
}
download --requirement "$to/requirements.txt" --dest "$to/chatsheet"
download --requirement "$to/litellm.txt" --dest "$to/litellm"
cat > "$to/install.sh" <<'END'
#!/bin/sh
# Installs from this folder alone. `$1`: the environment to make. LiteLLM's goes where XDG_CACHE_HOME says, else into ~/.cache.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python3 -m venv "$1"
pip="$1/bin/python -m pip --disable-pip-version-check"
$pip install --quiet --no-index --no-deps --require-hashes --find-links "$here/chatsheet" --requirement "$here/requirements.txt"
$pip install --quiet --no-index --no-deps "$here"/chatsheet/chatsheet-*.whl
PIP_NO_INDEX=1 PIP_FIND_LINKS="$here/litellm" "$1/bin/chatsheet" litellm install
END
chmod +x "$to/install.sh"
(cd "$to" && find . -type f ! -name SHA256SUMS -exec sha256sum {} + | sort -k 2 > SHA256SUMS)
echo "$to: $(find "$to" -name '*.whl' | wc -l) wheels, $(du -sh "$to" | cut -f 1)"
