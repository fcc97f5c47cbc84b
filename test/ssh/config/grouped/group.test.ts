import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import SshConfig, { LineType } from 'ssh-config';
import { describe, expect, it } from 'vitest';
import type { ListedMachine } from '../../../../src/discovery/merge.js';
import { parseTarget } from '../../../../src/kinds/parse.js';
import { entries, findEntry, findMeant, keyNamesOf } from '../../../../src/ssh/config/grouped/entry.js';
import { grouped } from '../../../../src/ssh/config/grouped/group.js';
import { concreteHosts, hostNames } from '../../../../src/ssh/config/hosts.js';
import { hostBlocks } from '../../../../src/ssh/config/kept.js';
import { configText } from '../../../../src/ssh/config/text.js';
import type { ViaTarget } from '../../../../src/target/target.js';
import { missingPrograms } from '../../../helpers/programs.js';
import { run } from '../../../helpers/run.js';
import { useTempDir } from '../../../helpers/temp-dir.js';

const uuid = (at: number) => `11111111-2222-4333-8444-${String(at).padStart(12, '0')}`;
const machine = (name: string, at: number, more: Partial<ListedMachine> = {}): ListedMachine => ({
  ...{ name, target: `via/hv1/machine/${name}`, status: 'running', provider: 'machined', also: [] },
  ...{ via: 'hv1', uuid: uuid(at), ...more },
});

function lines(machines: readonly ListedMachine[], settings: readonly (readonly [string, string])[] = []) {
  const { hosts } = concreteHosts(machines, { prefix: '', taken: new Set(), knownHosts: '~/k' });
  return configText({ program: ['/usr/bin/vm ssh'], fdpass: true, hosts, settings });
}

const plain = Array.from({ length: 120 }, (_, at) => machine(`m${at}`, at));
const special = [
  machine('alone', 1000, { via: undefined, target: 'machine/alone' }),
  machine('Web', 1001, { target: 'via/hv1/machine/Web' }),
  machine('anonymous', 0, { uuid: undefined }),
  machine('lima', 1002, { user: 'me' }),
  machine('keyed', 1003, { identityFile: '/k' }),
  machine('twice', 1004),
  machine('twice', 1005, { target: 'via/hv1/qemu/twice', provider: 'qemu' }),
  machine("it's", 1006, { target: "via/hv1/machine/it's" }),
];
const own = `/home/o'neil 100%/.ssh/vmssh.conf`;

describe('Hosts that share blocks', () => {
  it('are one paragraph for 50, with a line for each', () => {
    const text = grouped(lines(plain), own, 100);
    expect(text.match(/^Host m\d.*$/gm)?.map((line) => line.split(' ').length - 1)).toEqual([50, 50, 20]);
    expect(text).toContain(`\n#: m7.hv1 m7 via/hv1/machine/m7 vmssh-${uuid(7)}\n`);
    expect(text).not.toContain('HostKeyAlias');
    expect(text.split('\n\n').at(-1)).toBe(
      [
        '# Machines behind hv1: each line has a Host, its name there, its target and its name in known_hosts',
        ...plain
          .slice(100)
          .map(({ name, uuid }) => `#: ${name}.hv1 ${name} via/hv1/machine/${name} vmssh-${uuid}`),
        `Host ${plain
          .slice(100)
          .map(({ name }) => `${name}.hv1`)
          .join(' ')}`,
        `    ProxyCommand '/usr/bin/vm ssh' proxy --fdpass --hosts '/home/o'\\''neil 100%%/.ssh/vmssh.conf' '%h' %p`,
        ...['ProxyUseFdpass yes', 'CheckHostIP no', 'StrictHostKeyChecking accept-new'].map(
          (line) => `    ${line}`,
        ),
        ...['UserKnownHostsFile ~/k', 'GlobalKnownHostsFile /dev/null'].map((line) => `    ${line}`),
        ...['HashKnownHosts no', 'UpdateHostKeys no', ''].map((line, at) => (at < 2 ? `    ${line}` : line)),
      ].join('\n'),
    );
  });

  it('read as the blocks that they were', () => {
    const text = lines(
      [...plain, ...special],
      [
        ['ForwardAgent', 'yes'],
        ['User', 'root'],
      ],
    );
    const back = hostBlocks(grouped(text, own, 100));
    const byHost = (blocks: typeof back) => new Map(blocks.map((block) => [block.host, block]));
    expect(byHost(back)).toEqual(byHost(hostBlocks(text)));
    expect(hostNames(grouped(text, own, 100))).toEqual(hostNames(text));
    // Once more from what is read.
    const again = `${back.map((block) => block.text).join('\n\n')}\n`;
    expect(byHost(hostBlocks(grouped(again, own, 100)))).toEqual(byHost(back));
  });

  it('are all listed by a parser that editors use', () => {
    const listed = SshConfig.parse(grouped(lines(plain), own, 100)).flatMap((line) => {
      if (line.type !== LineType.DIRECTIVE || line.param !== 'Host') return [];
      return typeof line.value === 'string' ? [line.value] : line.value.map(({ val }) => val);
    });
    expect(listed.filter((name) => !/[*?/%]|^\.host$/.test(name))).toEqual(
      plain.map(({ name }) => `${name}.hv1`),
    );
  });

  it('are none for few machines, or for those of this host', () => {
    const text = lines(plain);
    expect(grouped(text, own, 121)).toBe(text);
    const here = lines(plain.map((each) => ({ ...each, via: undefined, target: `machine/${each.name}` })));
    expect(grouped(here, own, 1)).toBe(here);
  });

  it.each(special.map((each) => each.name))('leave %s a block of its own', (name) => {
    const text = grouped(lines([...plain, ...special]), own, 100);
    expect(entries(text)).toHaveLength(plain.length);
    expect(entries(text).map((entry) => entry.name)).not.toContain(name);
  });

  it('have one group for each hypervisor and setting', () => {
    const others = plain.map((each) => ({
      ...each,
      ...{ via: 'hv2', target: each.target.replace('hv1', 'hv2') },
    }));
    const text = grouped(lines([...plain, ...others]), own, 100);
    expect(text.match(/^# Machines behind hv\d/gm)).toEqual(
      [1, 1, 1, 2, 2, 2].map((hv) => `# Machines behind hv${hv}`),
    );
    const paragraph = text.split('\n\n').at(-1) ?? '';
    expect(paragraph).not.toContain('hv1');
  });

  it('are found by name and by what is typed for them', () => {
    const spoof = machine('x', 2000, {
      name: `a m7 via/hv1/machine/m7 vmssh-${uuid(9)}`,
      via: 'hv3',
      target: 'via/hv3/machine/x',
    });
    const begins = machine('y', 2001, {
      name: `: m7.hv1 m7 via/hv1/machine/evil vmssh-${uuid(9)}`,
      via: 'hv3',
      target: 'via/hv3/machine/y',
    });
    const text = grouped(lines([spoof, begins, ...plain]), own, 100);
    const seven = {
      host: 'm7.hv1',
      name: 'm7',
      via: 'hv1',
      target: 'via/hv1/machine/m7',
      alias: `vmssh-${uuid(7)}`,
    };
    expect(findEntry(text, 'm7.hv1')).toEqual(seven);
    expect(findEntry(text, 'M7.HV1')).toEqual(seven);
    const meant = (typed: string) => findMeant(text, parseTarget(typed) as ViaTarget);
    for (const typed of [
      'via/hv1/m7',
      'via%HV1%m7',
      'via/hv1/M7',
      'via/hv1/machine/m7',
      'via%hv1%machine%m7',
    ])
      expect(meant(typed)).toEqual(seven);
    for (const typed of ['via/hv1/m', 'via/hv2/m7', 'via/hv1/qemu/m7', 'via/hv1/m700'])
      expect(meant(typed)).toBeUndefined();
    for (const host of ['m', 'm7', 'm7.hv', 'hv1', '', '#:', 'm7.hv1 m7'])
      expect(findEntry(text, host)).toBeUndefined();
    expect(keyNamesOf(seven)).toEqual([
      ...['m7.hv1', 'via/hv1/m7', 'via%hv1%m7', 'via/hv1/machine/m7', 'via%hv1%machine%m7'],
    ]);
  });
});

describe.skipIf(missingPrograms({ ssh: 'openssh-client' }))('10,000 Hosts', () => {
  const dir = useTempDir();
  const many = Array.from({ length: 10_000 }, (_, at) => machine(`machine${at}`, at));
  const settings = async (file: string, host: string) => {
    const { code, stdout, stderr } = await run(['ssh', '-G', '-T', '-F', join(dir, file), host]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return stdout.split('\n');
  };
  const changed = /^(proxycommand|hostkeyalias) /;

  it('are the same to the real ssh, but for the proxy and the name of the key', async () => {
    const text = lines(many);
    writeFileSync(join(dir, 'alone'), text, { mode: 0o600 });
    writeFileSync(join(dir, 'grouped'), grouped(text, own), { mode: 0o600 });
    for (const host of ['machine0.hv1', 'machine5049.hv1', 'machine9999.hv1']) {
      const [alone, shared] = [await settings('alone', host), await settings('grouped', host)];
      expect(alone.filter((line) => changed.test(line))).toHaveLength(2);
      expect(shared.filter((line) => changed.test(line))).toEqual([
        `proxycommand '/usr/bin/vm ssh' proxy --fdpass --hosts '/home/o'\\''neil 100%%/.ssh/vmssh.conf' '%h' %p`,
      ]);
      expect(shared.filter((line) => !changed.test(line))).toEqual(
        alone.filter((line) => !changed.test(line)),
      );
    }
    for (const host of ['machine', 'machine10000.hv1', 'machine0.hv10', 'xmachine0.hv1'])
      expect(await settings('grouped', host)).toEqual(await settings('alone', host));
    const typed = await settings('grouped', 'via/hv1/machine0');
    expect(typed.find((line) => changed.test(line))).toMatch(/proxy --fdpass --typed /);
  });
});
