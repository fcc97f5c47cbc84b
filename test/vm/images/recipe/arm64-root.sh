#!/bin/bash
# arm64-root.sh FOLDER: a Debian for arm64 in FOLDER/root, with what installs and uses packages; no kernel. Its programs are run by
# qemu-user-static. Needs MIRROR in the environment.
set -euo pipefail
folder=$1
tests=$(dirname "$(realpath "$0")")/../../..

node "$tests/e2e/arm64.js" mmdebstrap --quiet --mode=root --skip=check/qemu --variant=apt --arch=arm64 \
  --include=man-db,nodejs,openssh-client,rpm --aptopt='Acquire::Languages "none"' --dpkgopt=force-unsafe-io \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  trixie "$folder/root" "deb $MIRROR trixie main"
# It is to keep the documents of what is installed later.
rm "$folder/root/etc/dpkg/dpkg.cfg.d/99mmdebstrap"
