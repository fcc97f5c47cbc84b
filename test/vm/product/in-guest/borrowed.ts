import { beforeAll, describe, expect, test } from 'vitest';
import type { Suite } from '../../bed/guest.js';
import { suiteNamed } from '../../images/suites.js';
import { documented } from '../messages.js';
import { batch } from '../scene/batch.js';
import type { Scene } from '../scene/scene.js';
import { errorsOf } from './checked.js';

/** In the guest, by Node without the addon: AF_VSOCK by each program there that opens it. */
export function borrowedInGuest(scene: () => Scene, suite: Suite): void {
  describe('in the guest, without the addon', () => {
    let node: string;
    let there: readonly string[];
    const only = (tool: string) => `/opt/only-${tool}`;
    const vmssh = (tool: string) => `env PATH=${only(tool)} ${node} /opt/borrowing/dist/vmssh.js`;
    const login = (tool: string, mode: 'fdpass' | 'relay', more = '', port = '22') => {
      const fdpass = mode === 'fdpass' ? '--fdpass ' : '';
      const proxy = `${vmssh(tool)} proxy --record ${more}${fdpass}vsock/1 ${port}`;
      const passes = `ProxyUseFdpass=${mode === 'fdpass' ? 'yes' : 'no'}`;
      return `ssh -n -F /tmp/node.${mode} -o ProxyCommand='${proxy}' -o ${passes} vsock/1 uname -n`;
    };

    beforeAll(async () => {
      const { stdout } = await scene().guest.run(
        `cp -r /opt/vmssh /opt/borrowing && rm -r /opt/borrowing/node_modules/node-hvsock-native/prebuilds
        command -v node
        for tool in python3 socat; do
          path=$(command -v $tool) && mkdir /opt/only-$tool && ln -s $path /opt/only-$tool/ && echo $tool
        done
        true`,
      );
      [node = '', ...there] = stdout.trim().split('\n');
    });

    test('logins by each of them, passed on if it can', async () => {
      const { guest, suite } = scene();
      expect(there).toContain('socat');
      const calls = there.flatMap((tool) => [
        [`${tool} relay`, login(tool, 'relay')],
        ...(tool === 'python3' ? [[`${tool} fdpass`, login(tool, 'fdpass')]] : []),
      ]);
      const results = await batch(guest, Object.fromEntries(calls));
      const want = { code: 0, stdout: `${suite}\n`, stderr: '' };
      expect(results).toEqual(Object.fromEntries(calls.map(([name]) => [name, want])));
    });

    const hasProxy = suiteNamed(suite).systemd >= 256;
    if (hasProxy)
      test('without python3 the socket is passed on by systemd-ssh-proxy, whose failures have the same messages', async () => {
        const { guest } = scene();
        // socat is found too, and cannot pass one.
        const results = await batch(guest, {
          passed: login('socat', 'fdpass'),
          shown: login('socat', 'fdpass', '-v '),
          silent: login('socat', 'fdpass', '', '2222'),
        });
        expect(results.passed).toEqual({ code: 0, stdout: `${suite}\n`, stderr: '' });
        expect(results.shown).toMatchObject({ code: 0, stdout: `${suite}\n` });
        expect(results.shown?.stderr).toContain(
          'vsock:1:22 is open (without the addon), by systemd-ssh-proxy\n',
        );
        const { problem } = documented('AF_VSOCK', 'ECONNRESET', 'vsock:1:2222', 2222);
        expect(results.silent).toMatchObject({
          code: 255,
          stdout: '',
          stderr: expect.stringContaining(problem),
        });
      });

    test('each failure has the message that the addon’s has', async () => {
      const { guest } = scene();
      const failing = 'check --timeout 9 --json vsock:1:2222 vsock/99';
      const calls = there.map((tool) => [tool, `${vmssh(tool)} ${failing}`]);
      const addon = `${node} /opt/vmssh/dist/vmssh.js ${failing}`;
      const results = await batch(guest, Object.fromEntries([['addon', addon], ...calls]));
      const [silent, absent] = errorsOf(results.addon?.stdout);
      expect({ silent, absent }).toMatchObject({
        silent: { code: 'ECONNRESET' },
        absent: { code: 'ETIMEDOUT' },
      });
      for (const tool of there)
        expect({ tool, errors: errorsOf(results[tool]?.stdout) }).toEqual({ tool, errors: [silent, absent] });
    });
  });
}
