import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hostOf } from '../../../src/commands/open/host.js';
import { parseTarget } from '../../../src/kinds/parse.js';
import type { ListedTarget } from '../../../src/lookup/short-name.js';
import { formatState, noState } from '../../../src/ssh/config/state.js';
import { fakeIo } from '../../helpers/fake-io.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const any = { title: 'VS Code', anyHost: true };
const plain = { title: 'Zed', anyHost: false };
const entry = { name: 'Web 1', target: 'machine/Web 1', provider: 'machined', host: 'Web-1', seen: '' };

describe('the host for an editor', () => {
  const dir = useTempDir();

  /** Hosts of ssh with their ProxyCommand, and the machine that every name means. */
  function here(proxies: Readonly<Record<string, string>>, named: string, machines = [entry]) {
    const home = mkdtempSync(join(dir, 'h'));
    mkdirSync(join(home, '.ssh'));
    writeFileSync(join(home, '.ssh/vmssh.json'), formatState({ ...noState, machines }));
    const asked: string[] = [];
    const deps = {
      find: async (): Promise<ListedTarget> => ({ text: named, target: parseTarget(named) }),
      settings: async (host: string) => {
        asked.push(host);
        const command = proxies[host];
        return `host ${host}\nport 22\n${command === undefined ? '' : `proxycommand ${command}\n`}`;
      },
    };
    const of = (typed: string, editor = any) => hostOf(typed, editor, fakeIo({ env: { HOME: home } }), deps);
    return { of, asked };
  }

  it.each([
    "/usr/bin/vmssh proxy --fdpass 'machine/Web 1' %p",
    '/usr/bin/node /opt/vmssh.js proxy --wait=5 --route=vsock,ip --start machine/web 2222',
    "vmssh proxy --fdpass --typed '%n' '%h' %p",
    'C:/vmssh.exe proxy --typed "%n" "%h" %p',
  ])('is a Host that was typed, if its ProxyCommand is ours: %s', async (command) => {
    const { of } = here({ mint: command }, 'machine/other');
    expect(await of('mint')).toBe('mint');
    expect(await of('mint', plain)).toBe('mint');
  });

  it("is the machine's own Host otherwise", async () => {
    const { of, asked } = here({ 'Web-1': 'vmssh proxy x %p', web: 'ssh -W %h:%p tower' }, 'machine/Web 1');
    expect(await of('web')).toBe('Web-1');
    expect(asked).toEqual(['web', 'Web-1']);
  });

  it('is a form that a pattern matches, if the editor takes it', async () => {
    const { of } = here({ 'vsock%3': "vmssh proxy --typed '%n' '%h' %p" }, 'vsock/3', []);
    expect(await of('vsock/3')).toBe('vsock%3');
    await expect(of('vsock/3', plain)).rejects.toThrow(
      `ssh's configuration has no Host for "vsock/3" that Zed takes: letters, digits, dots and dashes`,
    );
  });

  it('is missing without config install, and the fix is said', async () => {
    const { of } = here({}, 'machine/web');
    await expect(of('web')).rejects.toMatchObject({
      code: 'NO_HOST',
      message: `ssh's configuration has no Host for "web"`,
      hint: 'vmssh config install',
    });
  });
});
