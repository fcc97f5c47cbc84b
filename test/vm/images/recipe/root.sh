#!/bin/bash
# root.sh FOLDER: a fresh Debian SUITE with PACKAGES in FOLDER/root, with no kernel. Needs MIRROR in the environment.
set -euo pipefail
folder=$1

# A user's own system has all documents, and nothing of another mirror.
mmdebstrap --quiet --mode=root --variant=minbase --include="$PACKAGES" --aptopt='Acquire::Languages "none"' --dpkgopt=force-unsafe-io \
  "$SUITE" "$folder/root" "deb $MIRROR $SUITE main"
rm -f "$folder/root/etc/apt/sources.list" "$folder/root/etc/dpkg/dpkg.cfg.d/99mmdebstrap"
