#!/bin/sh
# What the private-endpoint bed needs, from Debian: `ip` makes its networks, `nft` drops and counts packets; does nothing where
# they are, and nothing without root either: the bed's tests then say why they are skipped.
set -eu
packages="iproute2 nftables"
PATH="$PATH:/usr/sbin:/sbin"
command -v ip >/dev/null && command -v nft >/dev/null && exit 0
[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null ||
    { echo "The private-endpoint tests will be skipped: they need root and 'apt-get install $packages'." >&2; exit 0; }
apt-get update -qq
# shellcheck disable=SC2086  several names
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
