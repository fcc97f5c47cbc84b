#!/bin/sh
# Installs by the line of docs/install.md, uses and removes it, as root and as a user whose home has a space in its name; in a root that is gone at
# the end (test/packages/in-root.sh). Nothing may be left. It needs no program but BusyBox: installer-trial.sh LINE VERSION
set -eu
line=$1 version=$2 as=${3:-root}
export LC_ALL=C HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
fail() { echo "installer, as $as: $*" >&2; exit 1; }

use() { # PREFIX
  echo "\$ $line"
  sh -c "$line"
  PATH=$1/bin:$PATH
  [ "$(command -v vmssh)" = "$1/bin/vmssh" ] || fail "$(command -v vmssh) is not in $1"
  [ "$(vmssh --version)" = "$version" ] || fail "$(vmssh --version) is there, not $version"
  [ "$(vsock-nc --version)" = "$version" ] || fail "vsock-nc is not of $version"
  # It finds that ssh does not know vmssh yet.
  if vmssh doctor; then fail 'doctor finds nothing'; else echo "doctor: exit code $?"; fi
  echo "\$ $line -s -- --uninstall"
  sh -c "$line -s -- --uninstall"
}
as_user() {
  if setpriv --help 2>&1 | grep -q reuid; then
    setpriv --reuid 1000 --regid 1000 --clear-groups "$@"
  else
    start-stop-daemon -S -c 1000:1000 -p /tmp/none -x "$@"
  fi
}
# Without folders of the kernel and of the tests.
all() { find / -xdev ! -path '/tmp/list.*' | sort; }

if [ "$as" = user ]; then
  HOME='/home/a user'
  use "$HOME/.local"
  exit
fi
[ -e /bin/cat ] || /bin/busybox --install -s /bin
[ -e /etc/passwd ] || echo 'user:x:1000:1000::/home/a user:/bin/sh' >/etc/passwd
mkdir -p /root '/home/a user'
chmod 1777 /tmp
chown 1000:1000 '/home/a user'
all >/tmp/list.before
use /usr/local
as_user /bin/sh "$0" "$line" "$version" user
all >/tmp/list.after
cmp -s /tmp/list.before /tmp/list.after || fail "this is left or gone: $(diff /tmp/list.before /tmp/list.after)"
