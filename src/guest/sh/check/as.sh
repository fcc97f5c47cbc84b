# How root works in an untrusted user's home: with only that user's rights, in a session of its own, so that nothing can
# type into root's terminal, and within limits of time and size.

as_seconds=10
as_limit=1048577 # bytes: the limit of a file plus one

# as ACCOUNT COMMAND...: 137 if it took too long. Its stderr is not shown.
as() {
  as_account=$1
  shift
  if [ "$as_account" = root ] || ! is_root; then
    "$@" 2>/dev/null
    return
  fi
  # A process that it leaves running may keep the pipe open.
  {
    as_code=$(
      {
        {
          setsid -w timeout -s KILL "$as_seconds" runuser -u "$as_account" -- "$@" 2>/dev/null 3>&- 4>&-
          echo "$?" >&4
        } | timeout "$((as_seconds * 2))" head -c "$as_limit" >&3 4>&-
      } 4>&1
    ) || as_code=1
  } 3>&1
  return "${as_code:-1}"
}

# can_act_as ACCOUNT: if not, $said has why. BusyBox has no runuser, and its setsid no -w.
can_act_as() {
  [ "$1" = root ] || ! is_root || said=$(setsid -w timeout -s KILL "$as_seconds" runuser -u "$1" -- true 2>&1)
}
