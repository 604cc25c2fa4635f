#!/bin/sh
# What the private-endpoint bed needs, from Debian: `ip` makes its networks, `nft` drops and counts packets; and HAProxy, which
# stands before two servers in a test. Does nothing where they are, and nothing without root either: these tests then say why they
# are skipped.
set -eu
packages="iproute2 nftables haproxy"
PATH="$PATH:/usr/sbin:/sbin"
command -v ip >/dev/null && command -v nft >/dev/null && command -v haproxy >/dev/null && exit 0
[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null ||
    { echo "The private-endpoint tests and one of two servers will be skipped: they need root and 'apt-get install $packages'." >&2; exit 0; }
apt-get update -qq
# shellcheck disable=SC2086  several names
RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
