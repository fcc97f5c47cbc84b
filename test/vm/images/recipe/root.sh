#!/bin/bash
# root.sh FOLDER: a fresh Debian SUITE for PROCESSOR, amd64 or arm64, with PACKAGES in FOLDER/root, with no kernel. Programs for arm64 are run by
# qemu-user-static. Needs MIRROR in the environment.
set -euo pipefail
folder=$1
within=()
[ "$PROCESSOR" = amd64 ] || within=(node "$(dirname "$(realpath "$0")")/../../../e2e/$PROCESSOR.js")

# A user's own system has all documents, and nothing of another mirror.
"${within[@]}" mmdebstrap --quiet --mode=root --skip=check/qemu --variant=minbase --arch="$PROCESSOR" --include="$PACKAGES" \
  --aptopt='Acquire::Languages "none"' --dpkgopt=force-unsafe-io "$SUITE" "$folder/root" "deb $MIRROR $SUITE main"
rm -f "$folder/root/etc/apt/sources.list" "$folder/root/etc/dpkg/dpkg.cfg.d/99mmdebstrap"
