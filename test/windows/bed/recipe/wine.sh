#!/bin/bash
# wine.sh FOLDER: a Debian 13 root with Wine 10 in FOLDER/root, and a fresh Wine prefix in FOLDER/prefix.
# MIRROR: the URL of a Debian mirror; WINE: the script that runs a program in such a folder.
# Wine 8 of Debian 12 runs no Node above 22, so Wine comes with a root of its own.
set -euo pipefail
folder=$1

mmdebstrap --quiet --variant=minbase --architectures=amd64 --include=wine64,ca-certificates \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' \
  trixie "$folder/root" "$MIRROR"
mkdir -p "$folder/root/mnt/repo" "$folder/root/mnt/work"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bash "$WINE" "$folder" "$work" "$work" wineboot --init
bash "$WINE" "$folder" "$work" "$work" wineserver --wait
mv "$work/prefix" "$folder/prefix"
