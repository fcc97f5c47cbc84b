# A vsock client made of what guests have: perl is in every Debian and Ubuntu, python3 in every Fedora, RHEL and most
# others. Prints "banner SSH-2.0-x", "silent" (open, but nothing arrives), "closed", or "error NUMBER MESSAGE".

# vsock_try CID PORT SECONDS
vsock_try() {
  if command -v perl >/dev/null; then
    perl -e '
      my ($cid, $port, $seconds) = @ARGV;
      socket(my $s, 40, 1, 0) or do { print "error ", $! + 0, " $!\n"; exit };
      $SIG{ALRM} = sub { print $open ? "silent\n" : "error 110 no answer\n"; exit };
      alarm $seconds;
      connect($s, pack "SSLLL", 40, 0, $port, $cid) or do { print "error ", $! + 0, " $!\n"; exit };
      $open = 1;
      while (sysread $s, my $part, 255) {
        $all .= $part;
        if ($all =~ /^(SSH-[^\r\n]+)\r?\n/m) { print "banner $1\n"; exit }
      }
      print "closed\n"' "$@"
  elif command -v python3 >/dev/null; then
    python3 -c '
import os, re, signal, socket, sys
cid, port, seconds = map(int, sys.argv[1:])
state, data = "error 110 no answer", b""
def late(*_):
    os.write(1, state.encode() + b"\n")
    os._exit(0)
signal.signal(signal.SIGALRM, late)
signal.alarm(seconds)
try:
    s = socket.socket(40, 1)
    s.connect((cid, port))
    state = "silent"
    while True:
        part = s.recv(255)
        if not part: sys.exit(print("closed"))
        data += part
        found = re.search(rb"^(SSH-[^\r\n]+)\r?\n", data, re.M)
        if found: sys.exit(print("banner", found[1].decode("latin1")))
except OSError as e:
    print("closed" if state == "silent" else f"error {e.errno} {e.strerror}")' "$@"
  elif command -v socat >/dev/null; then
    socat_try "VSOCK-CONNECT:$1:$2" "$3"
  else
    echo 'no-client'
  fi
}

# socat_try ADDRESS SECONDS
socat_try() {
  try_from=$(clock)
  try_got=$(timeout "$(($2 + 2))" socat -t "$2" - "$1" </dev/null 2>&1 | tr -d '\r' | grep -a -m 1 -e '^SSH-' -e ' E connect')
  case $try_got in
    SSH-*) echo "banner $try_got" ;;
    *connect*) echo "error 0 ${try_got##*: }" ;;
    *) if [ $(($(clock) - try_from)) -ge $(($2 * 1000)) ]; then echo silent; else echo closed; fi ;;
  esac
}

# This machine's own CID, if a client can ask /dev/vsock (IOCTL_VM_SOCKETS_GET_LOCAL_CID).
own_cid() {
  if command -v perl >/dev/null; then
    perl -e 'open my $f, "<", "/dev/vsock" or exit; my $b = "\0" x 8; ioctl($f, 0x7b9, $b) and print unpack("L", $b), "\n"'
  elif command -v python3 >/dev/null; then
    python3 -c 'import fcntl, struct
print(struct.unpack("I", fcntl.ioctl(open("/dev/vsock"), 0x7B9, b"\0" * 8)[:4])[0])' 2>/dev/null
  fi
}

# module_on NAME: loads a module for a question; module_off NAME: unloads it, if that loaded it.
module_on() {
  module_was=there
  if [ -d "$R/sys/module/$1" ]; then return 0; fi
  modprobe -q "$1" 2>/dev/null || return 1
  # One that is built in may have no folder.
  if [ -d "$R/sys/module/$1" ]; then module_was=absent; fi
}
# The kernel keeps a closed socket, and so its module, for up to 8 s (VSOCK_CLOSE_TIMEOUT).
module_off() {
  if [ "$module_was" = there ]; then return 0; fi
  for pause in 0 1 1 1 2 2 2; do
    sleep "$pause"
    if modprobe -q -r "$1" 2>/dev/null; then return 0; fi
  done
}

# Whether sshd is to answer at the socket of a container in place of vsock; systemd has a unit for it from 256 on.
exports_sshd() { has_export && { ! is_systemd || unit_file sshd-unix-export.socket >/dev/null; }; }
place() { if exports_sshd; then echo "$export_socket"; else echo "vsock port $port"; fi; }

# banner_here PORT: sshd's answer over loopback, or where a container exports it.
banner_here() {
  if exports_sshd; then
    if command -v socat >/dev/null; then socat_try "UNIX-CONNECT:$R$export_socket" 15; else echo no-client; fi
    return 0
  fi
  if ! module_on vsock_loopback; then
    echo no-loopback
    return 0
  fi
  vsock_try 1 "$1" 15
  module_off vsock_loopback
}
