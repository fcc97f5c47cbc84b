#!/bin/bash
# systemd-254.sh FOLDER: systemd 254 of bookworm-backports as FOLDER/systemd.tar, to be unpacked over a bookworm. Needs MIRROR in the
# environment.
set -euo pipefail
folder=$1

mmdebstrap --quiet --mode=root --variant=extract --include=systemd,systemd-sysv,udev,libpam-systemd \
  --aptopt='Acquire::Languages "none"' --aptopt='APT::Default-Release "bookworm-backports"' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
  bookworm "$folder/systemd.tar" "deb $MIRROR bookworm main" "deb $MIRROR bookworm-backports main"
