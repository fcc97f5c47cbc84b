#!/bin/sh
# A user's steps with the repository of a release, in a root that is gone at the end (test/packages/in-root.sh): typed as docs/install.md has them.
# The server's "/.serve/NAME" changes what it serves. trial.sh MANAGER SITE OLDER NEWER INSTALL UPGRADE REMOVE SOCKET KEY USER
set -eu
manager=$1 site=$2 older=$3 newer=$4 install=$5 upgrade=$6 remove=$7 socket=$8 key=$9 user=${10}
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
output=/tmp/output

fail() { echo "$manager: $*" >&2; exit 1; }
serve() {
  echo "-- served: $1"
  case $manager in
  apt) wget -qO /dev/null "$site/.serve/$1" ;;
  dnf) curl -fsSo /dev/null "$site/.serve/$1" ;;
  esac
}
typed() {
  if [ "$manager" = apt ]; then
    yes | sh -c "$1" >$output 2>&1
    return
  fi
  # At a terminal, since dnf asks nobody else about a key. Each part by itself: sudo takes all that is typed before its program ends.
  rest="$1 && "
  : >$output
  while [ -n "$rest" ]; do
    printf 'y\ny\ny\n' | script -qefac "${rest%%" && "*}" $output >/dev/null 2>&1 || return 1
    rest=${rest#*" && "}
  done
}
types() {
  echo "\$ $1"
  typed "$1" || { cat $output; fail "failed: $1"; }
}
refused() { # LINE TEXT: the line fails, and says so
  echo "\$ $1"
  if typed "$1"; then cat $output; fail "not refused: $1"; fi
  grep -E -- "$2" $output || { cat $output; fail "refused without saying $2: $1"; }
  ! command -v vmssh || fail "installed although refused: $1"
}
use() { # VERSION
  hash -r
  ssh -V
  [ "$(vmssh --version)" = "$1" ] || fail "$(vmssh --version) is there, not $1"
  # The package's own lines are without the kinds that systemd serves.
  vmssh config install --system
  said=$(ssh -i "$key" -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=accept-new "$user@unix$socket" echo here)
  [ "$said" = here ] || fail "ssh said: $said"
  echo "vmssh $1: ssh $user@unix$socket logs in"
}
named() { find /etc /opt /usr /var/lib \( -name '*vmssh*' -o -name 'vsock-nc*' \) ! -path '*/lists/*' ! -type d | sort; }

case $manager in
apt) damaged='Hash Sum mismatch|unexpected size' signature='is not signed|signatures? (couldn.t be|were) invalid|BADSIG|NO_PUBKEY' ;;
dnf) damaged='checksum|Checksum|digest' signature='GPG|signature' ;;
esac
mkdir -p /etc/yum.repos.d
before=$(named)
serve wrong-key
refused "$install" "$signature"
serve damaged-index
refused "$install" "$damaged"
serve other-package
refused "$install" "$damaged"
serve "$older"
types "$install"
use "$older"
serve "$newer"
types "$upgrade"
use "$newer"
case $manager in
apt)
  [ "$(apt-cache madison vmssh | awk '{ print $3 }' | tr '\n' ' ')" = "$newer $older " ] || fail "$older is not kept"
  dpkg --add-architecture arm64
  types 'cd /tmp && apt update && apt download vmssh:arm64'
  [ "$(dpkg-deb -f /tmp/vmssh_*_arm64.deb Version)" = "$newer" ] || fail 'none for arm64'
  ;;
dnf)
  dnf --quiet list --showduplicates --available vmssh 2>/dev/null | grep -E "^vmssh.x86_64 +$older-1" || fail "$older is not kept"
  dnf --quiet --forcearch=aarch64 list --available vmssh 2>/dev/null | grep -E "^vmssh.aarch64 +$newer-1" || fail 'none for arm64'
  ;;
esac
vmssh config uninstall --system
types "$remove"
hash -r
! command -v vmssh || fail 'it is still there'
[ "$(named)" = "$before" ] || fail "this is left: $(named | grep -vxF "$before")"
