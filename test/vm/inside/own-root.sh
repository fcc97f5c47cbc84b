#!/bin/bash
# own-root.sh: for other scripts, what makes the folder $image a small system of the guest's own files.

# Files, and what programs among them are linked against; ldd has a code for those that are none.
take() {
  local libraries
  libraries=$(ldd "$@" 2>/dev/null | grep -o '/[^ ]*[^: ]' || true)
  # shellcheck disable=SC2086 # several paths
  printf '%s\n' "$@" $libraries | sed 's,^/lib,/usr/lib,; s,^/,,' | sort -u | tar -C / -chf - -T - | tar -C "$image" -xf -
}

make_root() {
  local part
  mkdir -p "$image"/usr/{bin,sbin,lib,lib64} "$image"/{dev,etc,home,proc,run,sys,tmp,var/empty}
  for part in bin sbin lib lib64; do ln -s "usr/$part" "$image/$part"; done
  take /usr/bin/{bash,cat,dash,grep,id,mkdir,rm,rsync,sh,sleep,socat,uname} \
    /etc/{group,nsswitch.conf,os-release,passwd,shadow} /usr/lib/os-release
  install -d -m 700 "$image/root"
}

# What each small Debian has besides: the programs that scripts use, PAM, and a home for the user tester.
add_base() {
  take /usr/bin/{chmod,cp,cut,date,df,env,find,getent,head,ln,ls,mktemp,mv,readlink,rmdir,sed,setsid,sha256sum,sort,stat,tail,test,timeout,touch,tr,true,wc} \
    /usr/sbin/{runuser,unix_chkpwd} /etc/{environment,login.defs,pam.d,security} /usr/lib/*/security/*.so
  install -d -m 700 -o tester -g tester "$image/home/tester"
  install -d "$image/var/lib"
  install -d -m 1777 "$image/tmp" "$image/var/tmp"
}

# With host keys; nobody runs it.
add_sshd() {
  ssh-keygen -A >/dev/null
  take /usr/sbin/sshd /usr/lib/openssh/s* /usr/bin/ssh-keygen /etc/ssh /root/.ssh
  [ -d "$image/etc/pam.d" ] || echo 'UsePAM no' >"$image/etc/ssh/sshd_config.d/00-own.conf"
}
