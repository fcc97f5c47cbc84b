# Who may change something here, and where that is: root, or an account in its own home, and one script at a time.

# $by_sudo=yes: only root can do it, so that the same runs again by sudo.
need_root() {
  if is_own && [ "${by_sudo:-no}" = yes ]; then exit 3; fi
  if [ "${own:-no}" = yes ] && ! is_own && [ -n "${SUDO_USER:-}" ]; then say ok sudo 'by sudo, as root'; fi
  if ! is_root && ! is_own; then
    give_up_on root 2 "this runs as $(id -un), but has to write to /etc" '# run it with sudo, or as root'
  fi
  # A chroot may lack it: then no process has a name for the lock.
  if [ ! -r /proc/self/stat ]; then give_up_on root 2 '/proc is not mounted here' 'mount -t proc proc /proc'; fi
}

# The lock is a link, which is made whole or not at all. Its text is the process that has it.
run=$R/run
if is_own; then run=$HOME/.local/state/vmssh; fi
lock=$run/vmssh-lock

# process PID: its name, which no later process has, also if the container was started again; nothing for one that has ended.
process() {
  process_is=$1
  { read -r process_stat <"/proc/$1/stat" && read -r process_boot </proc/sys/kernel/random/boot_id; } 2>/dev/null || return 0
  # shellcheck disable=SC2086 # words without blanks, of which the first is the state
  set -- ${process_stat##*) }
  case $1 in Z | X) ;; *) echo "$process_is.${20}.${process_boot%%-*}" ;; esac
}
is_alive() { [ "$(process "${1%%.*}")" = "$1" ]; }

# take LINK: 1: not now. Whoever removes a dead process's link has to take the one named after both, so nobody removes a living one's.
take() {
  if ln -s "$this_process" "$1" 2>/dev/null; then return 0; fi
  set -- "$1" "$(readlink "$1")"
  if [ -z "$2" ] || is_alive "$2" || ! take "$1.$2"; then return 1; fi
  if [ "$(readlink "$1")" = "$2" ]; then rm -f "$1"; fi
  rm -f "$1.$2"
  ln -s "$this_process" "$1" 2>/dev/null
}

# make_run: an account may lack the folders above it too. $made_from: the first that was made, for an undo.
made_from=
make_run() {
  made=$run
  while is_own && [ ! -e "$made" ]; do
    made_from=$made
    made=${made%/*}
  done
  said=$({ if is_own; then umask 077; fi; mkdir -p "$run" && mkdir -m 700 "$scratch"; } 2>&1)
}
unmake_run() {
  made=$run
  while [ -n "$made_from" ] && rmdir "$made" 2>/dev/null && [ "$made" != "$made_from" ]; do made=${made%/*}; done
}

# take_lock: until this script ends. $scratch is a folder of its own.
take_lock() {
  this_process=$(process "$$")
  scratch=$run/vmssh-run.$this_process
  if ! make_run; then give_up_on lock 2 "cannot create a folder in $run: $said" "df $run"; fi
  trap 'exit 1' HUP PIPE TERM
  trap 'rm -rf "$scratch"; unmake_run' EXIT
  if ! said=$(ln -s "$this_process" "$scratch/link" 2>&1); then
    give_up_on lock 2 "cannot make a link in $run: $said" '# this needs ln, of coreutils or busybox'
  fi
  lock_from=$(clock)
  until take "$lock"; do
    if [ $(($(clock) - lock_from)) -gt 240000 ]; then
      give_up_on lock 2 "process $(readlink "$lock" | cut -d . -f 1) here changes this machine for vmssh, and has not ended within 240 s" \
        '# wait until it ends, or end it, then run this again'
    fi
    sleep 0.2 2>/dev/null || sleep 1
  done
  trap 'rm -rf "$scratch" "$lock"; unmake_run' EXIT
  # What killed ones left.
  for each in "$run"/vmssh-run.*; do
    if ! is_alive "${each#*/vmssh-run.}"; then rm -rf "$each"; fi
  done
  rm -f "$lock".*
}
