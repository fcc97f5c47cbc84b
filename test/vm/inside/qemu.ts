/** A script that starts a process with a command line of test/fixtures/qemu, changed by `edit` of sed. It is no QEMU. */
export function qemuAs(unit: string, fixture: string, edit = ''): string {
  return `sed '${edit}' /host/test/fixtures/qemu/${fixture}.cmdline.txt >/run/${unit}.cmdline
    systemd-run -q --unit=${unit} --expand-environment=no -p StandardInput=file:/run/${unit}.cmdline \
      bash -c 'mapfile -t args; exec -a "$args" bash -c "sleep infinity & wait" "\${args[@]:1}"'`;
}
