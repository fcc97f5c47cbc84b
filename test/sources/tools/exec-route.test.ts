import { describe, expect, it } from 'vitest';
import { engineExec } from '../../../src/sources/containers/engines.js';
import { kubectlExec } from '../../../src/sources/kubernetes/cluster.js';
import { nspawnExec } from '../../../src/sources/machined/nspawn-files.js';
import { execRoutes } from '../../../src/sources/tools/exec-route.js';

describe('the route by a manager', () => {
  const url = 'unix:///run/x.sock';
  it.each([
    [engineExec('podman', 'web'), 'podman --syslog=false exec --interactive --user=0 -- web'],
    [engineExec('podman', 'web', url), `podman --url=${url} exec --interactive --user=0 -- web`],
    [engineExec('docker', 'web', url), `docker --host=${url} exec --interactive --user=0 -- web`],
    [
      nspawnExec('web'),
      'systemd-run --machine=web --pipe --quiet --collect --service-type=exec --no-ask-password --',
    ],
    [kubectlExec('web'), 'kubectl exec --stdin pod/web --'],
    [kubectlExec('web', 'mine', 'app'), 'kubectl --namespace=mine exec --stdin pod/web --container=app --'],
  ])('%s', (exec, want) => {
    const command = want.split(' ');
    expect(execRoutes(exec, 'web', 'ann')).toEqual([
      {
        name: 'exec',
        endpoint: { family: 'exec', command, machine: 'web', into: 'shell', port: 22 },
        steps: [`${command[0]} starts sshd in it as ann`],
        network: false,
      },
    ]);
  });

  it.each(['', '-web', '--help', 'we\nb', 'we\u0000b'])('is none to %j', (name) =>
    expect(execRoutes(engineExec('podman', name), name)).toEqual([]),
  );
});
