#!/bin/bash
# in-wine.sh FOLDER REPO WORK PROGRAM ARGUMENTS...
# Runs a Windows program under the Wine of FOLDER, with REPO as Z:\mnt\repo, WORK as Z:\mnt\work and the prefix WORK/prefix.
# The mounts are in a namespace of their own: the last process takes them along, and nothing is left to unmount.
set -euo pipefail
root=$1/root repo=$2 work=$3
shift 3
if [ -z "${IN_WINE_NAMESPACE:-}" ]; then
  IN_WINE_NAMESPACE=1 exec unshare --mount --propagation private bash "$0" "${root%/root}" "$repo" "$work" "$@"
fi
unset IN_WINE_NAMESPACE TMPDIR # a folder that is only outside of this root
mount --bind "$repo" "$root/mnt/repo"
mount --bind "$work" "$root/mnt/work"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
export WINEPREFIX=/mnt/work/prefix WINEARCH=win64 WINEDEBUG="${WINEDEBUG:--all}"
export WINEDLLOVERRIDES="${WINEDLLOVERRIDES:-mscoree,mshtml=}" HOME=/root XDG_RUNTIME_DIR=/tmp
export LC_ALL=C.UTF-8 # else what is not ASCII gets lost in arguments
case $1 in
  wineserver) shift; set -- /usr/lib/wine/wineserver "$@" ;;
  *) set -- /usr/lib/wine/wine64 "$@" ;;
esac
exec chroot "$root" /usr/bin/env -C /mnt/work "$@"
