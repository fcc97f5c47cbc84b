import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { sshNames } from '../../src/book/same.js';
import { formatState, hasHost, noState, parseState } from '../../src/book/state.js';
import { concreteHosts } from '../../src/hosts/hosts.js';
import { configText } from '../../src/hosts/text.js';
import { parseTarget } from '../../src/kinds/kinds.js';
import type { ListedMachine } from '../../src/sources/merge.js';
import { hostOptions } from '../../src/ssh/config/host-options.js';
import { hostNames } from '../../src/ssh/config/settings.js';
import { configArgument, pathArgument, proxyWord } from '../../src/ssh/config/word.js';
import { lacks } from '../helpers/programs.js';
import { run } from '../helpers/run.js';
import { useTempDir } from '../helpers/temp-dir.js';
import { anyText, property, textOf } from './property.js';
import { understoodBySsh } from './ssh-says.js';

const missing = lacks('ssh');
const folder = useTempDir();

const possible = (text: string) => text !== '' && !/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/u.test(text);
const word = anyText()
  .map((text) => Buffer.from(text.replaceAll(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu, '')).toString())
  .filter(possible);

describe('what is written', () => {
  property(
    'is read by a real ssh as it was meant',
    fc.record({ alias: word, path: word }),
    async ({ alias, path }) => {
      const config = [
        'Host x',
        ` HostKeyAlias ${configArgument(alias)}`,
        ` UserKnownHostsFile ${pathArgument(`/${path}`)}`,
      ].join('\n');
      const got = await understoodBySsh(config, 'x', folder);
      expect(got?.get('hostkeyalias')).toBe(alias.replace(/[A-Z]/g, (letter) => letter.toLowerCase()));
      // With their percents expanded.
      expect(got?.get('userknownhostsfile')).toBe(`/${path}`);
    },
    40,
    missing,
  );

  property(
    'as the words of a ProxyCommand comes out of ssh and its shell as it was',
    fc.array(word, { minLength: 1, maxLength: 5 }),
    async (words) => {
      const file = join(folder, 'proxy');
      const out = join(folder, 'words');
      const command = ['printf', '%s\\0', ...words].map((each) => proxyWord(each)).join(' ');
      // ssh ends it with its connection, which lasts as long as descriptor 3.
      writeFileSync(file, `Host x\n ProxyCommand ${command} 3>&1 >${proxyWord(out)}\n`);
      await run(['ssh', '-F', file, 'x']);
      const { stdout } = await run(['cat', out]);
      expect(stdout).toBe([...words, ''].join('\0'));
    },
    20,
    missing,
  );

  property(
    'is one line, whatever is asked for',
    fc.record({ alias: anyText(), path: anyText() }),
    ({ alias, path }) => {
      try {
        const written = hostOptions({
          program: [path],
          fdpass: true,
          hostKeyAlias: alias,
          knownHosts: path,
          target: alias,
        });
        for (const line of written.flat()) expect(line).not.toMatch(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/u);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    },
  );
});

const kinds = ['qemu', 'machine', 'lima', 'incus', 'podman', 'container'] as const;
const machine = fc
  .record({
    name: fc
      .oneof(word, textOf('abAB.-_', 1, 4))
      .filter((name) => !name.includes('/') && !/^\.{1,2}$/.test(name)),
    kind: fc.constantFrom(...kinds),
    uuid: fc.option(fc.uuid(), { nil: undefined }),
    user: fc.option(
      textOf('abz09_.-', 1, 8).filter((user) => !user.startsWith('-')),
      { nil: undefined },
    ),
    key: fc.option(word, { nil: undefined }),
  })
  .map(({ name, kind, uuid, user, key }): ListedMachine => {
    const target = `${kind}/${name}`;
    parseTarget(target);
    const identityFile = key && `/${key}`;
    return {
      name,
      target,
      also: [],
      provider: kind,
      status: 'running',
      uuid,
      user,
      identityFile,
    } as ListedMachine;
  });

property(
  'each listed machine has its Host in a file that we wrote, for a real ssh and for us',
  fc.uniqueArray(machine, { selector: ({ target }) => target.toLowerCase(), minLength: 1, maxLength: 6 }),
  async (machines) => {
    const { entries, hosts, left } = concreteHosts(machines, {
      prefix: '',
      taken: () => undefined,
      knownHosts: '~/.ssh/k',
    });
    expect(hosts.length + left.length).toBe(machines.length);
    const file = configText({ program: ['/usr/bin/vmssh'], fdpass: true, hosts });
    const { state } = parseState(formatState({ ...noState, machines: entries }));
    expect(state.machines).toEqual(entries);
    const names = sshNames(state.machines.filter(hasHost), machines);
    expect([...names.values()].sort()).toEqual(hosts.map(({ host }) => host).sort());
    expect(hostNames(file)).toEqual(
      expect.objectContaining(new Set(hosts.map(({ host }) => host.toLowerCase()))),
    );
    const [[one, host] = []] = names;
    if (!one || host === undefined) return;
    const got = await understoodBySsh(file, host, folder);
    const words = (options: string) => `/usr/bin/vmssh proxy --fdpass ${options}${proxyWord(one.target)} %p`;
    expect(got?.get('proxycommand')).toBe(words(''));
    if (one.user !== undefined) expect(got?.get('user')).toBe(one.user);
    if (one.identityFile !== undefined)
      expect(got?.get('identityfile')).toBe(one.identityFile.replaceAll('%', '%%'));
    expect(got?.get('hostkeyalias')).toMatch(/^vmssh-[^\s*?!,]+$/);
  },
  40,
  missing,
);
