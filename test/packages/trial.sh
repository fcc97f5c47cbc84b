#!/bin/sh
# Installs, uses, upgrades and removes the packages of one channel on a copy of this system, which is gone at the end:
# trial.sh CHANNEL FOLDER-OF-OLDER OLDER FOLDER-OF-NEWER NEWER SOCKET KEY USER REGISTRY
set -eu
channel=$1 old=$2 old_version=$3 new=$4 new_version=$5 socket=$6 key=$7 user=$8 registry=$9
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 HOME=/root
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:$PATH

# What is written to these folders stays in this mount namespace.
copy=$(mktemp -d)
mount -t tmpfs none "$copy"
for folder in etc opt root usr var; do
  mkdir -p "$copy/$folder/upper" "$copy/$folder/work"
  mount -t overlay none -o "lowerdir=/$folder,upperdir=$copy/$folder/upper,workdir=$copy/$folder/work" "/$folder"
done

fail() { echo "$channel: $*" >&2; exit 1; }
quiet() { "$@" >"$copy/output" 2>&1 || { cat "$copy/output" >&2; fail "$* failed"; }; }
pack() { # FOLDER: as makepkg does it, with the tarball beside the PKGBUILD
  rm -rf "$copy/pkg" && mkdir "$copy/pkg"
  cp "$1"/PKGBUILD "$1"/vmssh-*-linux-x64.tar.gz "$copy/pkg/"
  chown -R nobody "$copy/pkg" && chmod 755 "$copy"
  (cd "$copy/pkg" && quiet setpriv --reuid nobody --clear-groups env HOME="$copy/pkg" PKGEXT=.pkg.tar.gz makepkg --nodeps)
  quiet pacman --dbpath /var/lib/pacman --noconfirm -U "$copy"/pkg/vmssh-bin-*.pkg.tar.gz
}
get() { # FOLDER VERSION
  case $channel in
  deb) quiet apt-get install -y -qq "$1"/vmssh_*_amd64.deb ;;
  # Debian's rpm refuses to install beside dpkg without a word.
  rpm) quiet rpm --force-debian --upgrade "$1"/vmssh-*.x86_64.rpm ;;
  tar) quiet tar -xzf "$1"/vmssh-*-linux-x64.tar.gz -C /usr/local --strip-components=1 --no-same-owner ;;
  npm) quiet npm install --global --prefix /usr/local --ignore-scripts --no-audit --no-fund --registry "$registry" "vmssh@$2" ;;
  pacman) mkdir -p /var/lib/pacman && pack "$1" ;;
  esac
}
drop() {
  case $channel in
  deb) quiet apt-get purge -y -qq vmssh ;;
  rpm) quiet rpm --force-debian --erase vmssh ;;
  tar) tar -tzf "$new"/vmssh-*-linux-x64.tar.gz | sed -n 's,^[^/]*/\(.*[^/]\)$,/usr/local/\1,p' | xargs rm ;;
  npm) quiet npm uninstall --global --prefix /usr/local vmssh ;;
  pacman) quiet pacman --dbpath /var/lib/pacman --noconfirm -R vmssh-bin ;;
  esac
}
use() { # VERSION
  [ "$(vmssh --version)" = "$1" ] || fail "$(vmssh --version) is there, not $1"
  [ "$(vsock-nc --version)" = "$1" ] || fail "vsock-nc is not of $1"
  said=$(ssh -i "$key" -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=accept-new "$user@unix$socket" echo here)
  [ "$said" = here ] || fail "ssh said: $said"
  # What ssh starts is never Node.
  ssh -G "unix$socket" | grep -q '^proxycommand [^ ]*/vmssh proxy --fdpass ' || fail "$(ssh -G "unix$socket" | grep '^proxycommand')"
  [ "$channel" = npm ] || man -w vmssh vsock-nc >/dev/null || fail 'no manual'
}
named() { find /etc /opt /usr \( -name '*vmssh*' -o -name 'vsock-nc*' -o -name '*hvsock*' \) ! -type d | sort; }
own_config() { case $channel in deb | rpm) ;; *) quiet vmssh config "$@" ;; esac }

before=$(named)
get "$old" "$old_version"
own_config install --no-fresh
use "$old_version"
get "$new" "$new_version"
use "$new_version"
own_config uninstall
drop
hash -r
! command -v vmssh || fail 'it is still there'
[ "$(named)" = "$before" ] || fail "this is left: $(named | grep -vxF "$before")"
