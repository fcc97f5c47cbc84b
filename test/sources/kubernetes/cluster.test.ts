import { describe, expect, it } from 'vitest';
import {
  findInCluster,
  kubectlExec,
  listCluster,
  machinesMade,
  podsMade,
} from '../../../src/sources/kubernetes/cluster.js';
import { DiscoveryError } from '../../../src/sources/source.js';
import { execRoutes } from '../../../src/sources/tools/exec-route.js';
import type { RunTool } from '../../../src/sources/tools/run-tool.js';
import { fixture } from '../fixture.js';

/** A kubectl that gives this answer, and what it was called with. */
function answering(text: string) {
  const calls: string[] = [];
  const run = async (program: string, args: readonly string[]) => {
    calls.push([program, ...args].join(' '));
    return text;
  };
  return { calls, run };
}

const deps = { env: {} };
const pods = fixture('kubernetes/pods.json');
const machines = fixture('kubernetes/virtualmachineinstances.json');

describe('the pods of a cluster', () => {
  it("are listed in kubectl's namespace, with an exec for those that run", async () => {
    const { calls, run } = answering(pods);
    const { found } = await listCluster(podsMade, deps, undefined, undefined, run);
    expect(calls).toEqual(['kubectl get pods --output=json']);
    expect(found).toEqual([
      {
        ...{ name: 'web-0', target: 'kubectl/lab/web-0', status: 'running' },
        ...{ provider: 'kubectl', authority: 'other' },
        uuid: '0d3d9f3e-6b1f-4c11-9a5e-2f2f1c1f0a01',
        routes: execRoutes(kubectlExec('web-0', 'lab'), 'web-0', "the container's user"),
      },
      expect.objectContaining({ name: 'new', status: 'starting' }),
      expect.objectContaining({ name: 'going', status: 'stopping' }),
      expect.objectContaining({ name: 'done', status: 'off' }),
    ]);
    expect(found.slice(1).map(({ routes }) => routes)).toEqual([[], [], []]);
  });

  it('have one container that is typed after a namespace', async () => {
    const { calls, run } = answering(pods);
    const search = await findInCluster(podsMade, 'lab/web-0/app', deps, run);
    expect(calls).toEqual(['kubectl --namespace=lab get pods --output=json']);
    expect(search).toMatchObject({
      outcome: 'found',
      machine: {
        target: 'kubectl/lab/web-0/app',
        routes: [{ endpoint: { command: expect.arrayContaining(['pod/web-0', '--container=app']) } }],
      },
    });
  });

  it('are unknown, or not to be asked for', async () => {
    const known = ['web-0', 'new', 'going', 'done'];
    const run: RunTool = async (_program, [verb]) => (verb === 'config' ? 'staging\n' : pods);
    const missing = 'the context "staging" has no machine "wep"';
    expect(await findInCluster(podsMade, 'wep', deps, run)).toMatchObject({ known, missing });
    const refused = async () => {
      throw new DiscoveryError('FAILED', 'kubectl: pods is forbidden');
    };
    expect(await findInCluster(podsMade, 'web-0', deps, refused)).toMatchObject({
      outcome: 'unavailable',
      problem: 'kubectl: pods is forbidden',
      hint: 'see what this prints: kubectl get pods',
    });
  });

  it.each(['hello', '{}'])('are not read from %s', async (text) => {
    const asked = listCluster(podsMade, deps, undefined, undefined, answering(text).run);
    await expect(asked).rejects.toMatchObject({ code: 'PROTOCOL' });
  });

  it('with names that Kubernetes has not are left out', async () => {
    const item = (name: unknown) => ({ metadata: { name, namespace: 'lab' }, spec: {}, status: {} });
    const text = JSON.stringify({ items: [item('--help'), item('a\u001bb'), item(3), null, item('ok')] });
    const { found } = await listCluster(podsMade, deps, undefined, undefined, answering(text).run);
    expect(found.map(({ name }) => name)).toEqual(['ok']);
  });
});

describe('the machines of KubeVirt', () => {
  it('are reached by virtctl, by vsock first if they have it', async () => {
    const { calls, run } = answering(machines);
    const { found } = await listCluster(machinesMade, deps, 'lab', undefined, run);
    expect(calls).toEqual(['kubectl --namespace=lab get virtualmachineinstances.kubevirt.io --output=json']);
    const forward = (line: string) =>
      expect.objectContaining({
        name: 'exec',
        endpoint: expect.objectContaining({ command: line.split(' '), into: 'port', port: 22 }),
      });
    expect(found).toEqual([
      {
        ...{ name: 'mint', target: 'kubevirt/lab/mint', status: 'running' },
        ...{ provider: 'kubevirt', authority: 'other' },
        uuid: '5d307ca9-b3ef-428c-8861-06e72d69f223',
        routes: [
          forward('virtctl --namespace=lab port-forward --stdio=true --vsock --vsock-tls=false vmi/mint 22'),
          forward('virtctl --namespace=lab port-forward --stdio=true vmi/mint 22'),
        ],
      },
      expect.objectContaining({
        name: 'plain',
        status: 'starting',
        routes: [forward('virtctl --namespace=lab port-forward --stdio=true vmi/plain 22')],
      }),
      expect.objectContaining({ name: 'held', status: 'paused' }),
      expect.objectContaining({ name: 'gone', status: 'off' }),
    ]);
  });
});
