/** A script that makes systemd-machined know a machine, which is one as long as its leader runs. */
export function register(machine: { readonly name: string } & Readonly<Record<string, unknown>>): string {
  const unit = `leader-${machine.name}`;
  const leader = `"leaderProcessId":{"pid":'$(systemctl show -P MainPID ${unit})'}`;
  return `set -e
    systemd-run -q --unit=${unit} sleep infinity
    varlinkctl call /run/systemd/machine/io.systemd.Machine io.systemd.Machine.Register '${JSON.stringify(machine).slice(0, -1)},${leader}}'`;
}
