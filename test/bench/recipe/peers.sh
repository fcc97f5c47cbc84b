#!/bin/bash
# peers.sh FOLDER: systemd's proxy with its libraries, from trixie, to be entered by chroot.
# Needs MIRROR in the environment.
set -euo pipefail
root=$1

mmdebstrap --mode=root --variant=extract --include=base-files,systemd \
  --aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"' --dpkgopt='path-exclude=/usr/share/*' \
  trixie "$root" "deb $MIRROR trixie main"
for folder in lib lib64; do [ -e "$root/$folder" ] || ln -s "usr/$folder" "$root/$folder"; done
# As on an installed system: without its cache the loader would look for each library in many folders.
ldconfig -r "$root"
mkdir -p "$root/tmp"
chmod 755 "$root"
chmod 1777 "$root/tmp"
