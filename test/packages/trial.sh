#!/bin/sh
# Installs, uses, upgrades and removes the packages of one channel on this system, which is to be a copy (on-copy.sh, in-root.sh). What each
# program there says of itself is left in the folder ABOUT. npm-cli.js has to be on PATH:
# trial.sh CHANNEL FOLDER-OF-OLDER OLDER FOLDER-OF-NEWER NEWER SOCKET KEY USER REGISTRY ABOUT
set -eu
# With a socket as stdin bash, which rpm starts, takes itself for a login over a network, and runs ~/.bashrc.
exec </dev/null
channel=$1 old=$2 old_version=$3 new=$4 new_version=$5 socket=$6 key=$7 user=$8 registry=$9 about=${10}
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 HOME=/root
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:$PATH
machine=$(uname -m)
case $machine in
aarch64) deb=arm64 target=linux-arm64 ;;
*) deb=amd64 target=linux-x64 ;;
esac
# Debian's rpm before 4.20 refuses to install beside dpkg without a word.
beside_dpkg=$(rpm --help 2>/dev/null | grep -o -m1 -e --force-debian) || beside_dpkg=
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() { echo "$channel: $*" >&2; exit 1; }
quiet() { "$@" >"$work/output" 2>&1 || { cat "$work/output" >&2; fail "$* failed"; }; }
get() { # FOLDER VERSION
  case $channel in
  deb) quiet apt-get install -y -qq "$1"/vmssh_*_"$deb".deb ;;
  rpm) quiet rpm ${beside_dpkg:+"$beside_dpkg"} --upgrade "$1"/vmssh-*."$machine".rpm ;;
  tar) quiet tar -xzf "$1"/vmssh-[0-9]*-"$target".tar.gz -C /usr/local --strip-components=1 --no-same-owner ;;
  npm) quiet npm-cli.js install --global --prefix /usr/local --ignore-scripts --no-audit --no-fund --registry "$registry" "vmssh@$2" "vmssh-linux-$(node -p process.arch)@$2" ;;
  esac
}
drop() {
  case $channel in
  deb) quiet apt-get purge -y -qq vmssh ;;
  rpm) quiet rpm ${beside_dpkg:+"$beside_dpkg"} --erase vmssh ;;
  tar) tar -tzf "$new"/vmssh-[0-9]*-"$target".tar.gz | sed -n 's,^[^/]*/\(.*[^/]\)$,/usr/local/\1,p' | xargs rm ;;
  npm) quiet npm-cli.js uninstall --global --prefix /usr/local vmssh "vmssh-linux-$(node -p process.arch)" ;;
  esac
}
use() { # VERSION
  [ "$(vmssh --version)" = "$1" ] || fail "$(vmssh --version) is there, not $1"
  [ "$(vsock-nc --version)" = "$1" ] || fail "vsock-nc is not of $1"
  vmssh --version --json >"$about/$1.json"
  said=$(ssh -i "$key" -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=accept-new "$user@unix$socket" echo here)
  [ "$said" = here ] || fail "ssh said: $said"
  case $channel in
  deb | rpm) [ "$(readlink /etc/ssh/ssh_config.d/30-vmssh.conf)" = /usr/share/vmssh/30-vmssh.conf ] || fail 'no link' ;;
  esac
  # What ssh starts is never Node.
  proxy=$(ssh -T -G "unix$socket" | sed -n 's/^proxycommand \([^ ]*\/vmssh\) proxy --fdpass .*/\1/p')
  [ -n "$proxy" ] || fail "$(ssh -T -G "unix$socket" | grep '^proxycommand')"
  "$proxy" --version --json >"$about/$1-proxy.json"
  [ "$channel" = npm ] || man -w vmssh vsock-nc >/dev/null || fail 'no manual'
}
named() { find /etc /opt /usr \( -name '*vmssh*' -o -name 'vsock-nc*' -o -name '*hvsock*' \) ! -type d | sort; }
# For all users, where a package has lines of some kinds for all users.
own_config() { case $channel in deb | rpm) quiet vmssh config "$@" --system ;; *) quiet vmssh config "$@" ;; esac }

before=$(named)
get "$old" "$old_version"
own_config install --no-fresh
use "$old_version"
get "$new" "$new_version"
use "$new_version"
# A package takes the lines for all users back itself.
case $channel in deb | rpm) ;; *) own_config uninstall ;; esac
drop
hash -r
! command -v vmssh || fail 'it is still there'
[ "$(named)" = "$before" ] || fail "this is left: $(named | grep -vxF "$before")"
