import { describe, expect, it } from 'vitest';
import { type ExecManager, type ExecPlace, execRoute } from '../../../src/sources/tools/exec-route.js';

describe('the route by a manager', () => {
  it.each<{ manager: ExecManager; place?: ExecPlace; want: string }>([
    { manager: 'podman', want: 'podman exec --interactive --user=0 -- web' },
    {
      manager: 'podman',
      place: { remote: 'far', url: 'unix:///run/p.sock' },
      want: 'podman --connection=far --url=unix:///run/p.sock exec --interactive --user=0 -- web',
    },
    { manager: 'docker', want: 'docker exec --interactive --user=0 -- web' },
    {
      manager: 'docker',
      place: { remote: 'far', url: 'unix:///run/d.sock' },
      want: 'docker --context=far --host=unix:///run/d.sock exec --interactive --user=0 -- web',
    },
    { manager: 'incus', want: 'incus exec --mode=non-interactive web --' },
    {
      manager: 'incus',
      place: { remote: 'far', namespace: 'mine' },
      want: 'incus exec --project=mine --mode=non-interactive far:web --',
    },
    { manager: 'lxd', want: 'lxc exec --mode=non-interactive web --' },
    {
      manager: 'nspawn',
      want: 'systemd-run --machine=web --pipe --quiet --collect --service-type=exec --no-ask-password --',
    },
    { manager: 'kubectl', want: 'kubectl exec --stdin pod/web --' },
    {
      manager: 'kubectl',
      place: { remote: 'far', namespace: 'mine', container: 'app' },
      want: 'kubectl --context=far --namespace=mine exec --stdin pod/web --container=app --',
    },
  ])('$want', ({ manager, place, want }) => {
    const command = want.split(' ');
    const user = manager === 'kubectl' ? "the container's user" : 'its root';
    expect(execRoute(manager, 'web', place)).toEqual({
      name: 'exec',
      endpoint: { family: 'exec', command, machine: 'web', into: 'shell', port: 22 },
      steps: [`${command[0]} starts sshd in it as ${user}`],
      network: false,
    });
  });

  it.each(['', '-web', '--help', 'we\nb', 'we\u0000b'])('is none to %j', (name) =>
    expect(execRoute('podman', name)).toBeUndefined(),
  );
});
