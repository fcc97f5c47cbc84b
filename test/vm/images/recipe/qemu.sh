#!/bin/bash
# qemu.sh FOLDER: QEMU 10 and virtiofsd from trixie, vhost-device-vsock from sid, unpacked beside this machine's own
# packages and run by their own C library (see ../programs.js). Needs MIRROR in the environment.
set -euo pipefail
folder=$1

unpack() { # unpack SUITE FOLDER PACKAGES [mmdebstrap option]...
  local suite=$1 root=$2 packages=$3
  shift 3
  mmdebstrap --mode=root --variant=extract --include="$packages" --aptopt='Acquire::Languages "none"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    "$@" "$suite" "$root" "deb $MIRROR $suite main"
}

unpack trixie "$folder/qemu" qemu-system-x86,virtiofsd
# A frozen mirror's sid is past its Valid-Until date; its signature is still checked.
unpack sid "$folder/vsock" vhost-device-vsock --aptopt='Acquire::Check-Valid-Until "false"'
chmod 755 "$folder"/*
