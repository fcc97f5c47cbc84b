import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { gatherConfig } from '../../../src/commands/doctor/config.js';
import { configFiles } from '../../../src/hosts/places.js';
import { planInstall } from '../../../src/hosts/plan.js';
import { asLastTime } from '../../../src/hosts/refresh.js';
import { configText } from '../../../src/hosts/text.js';
import { applyPlan } from '../../../src/hosts/write.js';
import { signed } from '../../../src/ssh/config/file.js';
import { fakeIo } from '../../helpers/fake-io.js';
import { useTempDir } from '../../helpers/temp-dir.js';

const dir = useTempDir();
const self = ['/opt/node', "/opt/it's 100%/vmssh.js"];
const text = configText({ program: self, fdpass: true });

async function gather(main: string | undefined, own?: string, keys = '') {
  const home = mkdtempSync(join(dir, 'home-'));
  mkdirSync(join(home, '.ssh'));
  if (main !== undefined) writeFileSync(join(home, '.ssh/config'), main);
  if (own !== undefined) writeFileSync(join(home, '.ssh/vmssh.conf'), own);
  writeFileSync(join(home, '.ssh/vmssh_known_hosts'), keys, { mode: 0o600 });
  return gatherConfig(fakeIo({ env: { HOME: home }, self }));
}

describe("what the doctor sees of ssh's configuration", () => {
  it.each([
    { name: 'none', main: undefined, want: { owner: 'none', pasted: false } },
    {
      name: 'an Include',
      main: 'Include vmssh.conf\n',
      own: signed(text),
      want: { owner: 'ours', isIncluded: true, pasted: false, isCurrent: false },
    },
    {
      name: 'lines that have ssh ask for host keys',
      main: 'Include vmssh.conf\n',
      own: signed(configText({ program: self, fdpass: true, platform: 'linux', asksForKeys: true })),
      want: { owner: 'ours', asks: true },
    },
    {
      name: 'what config print printed',
      main: `Host a\n    User b\n${text}`,
      want: { owner: 'none', pasted: true },
    },
    {
      name: 'a known_hosts of the user for a target',
      main: 'Host other\n UserKnownHostsFile /o\nHost qemu/web\n UserKnownHostsFile /k\n',
      want: { displaced: ['/k'] },
    },
    {
      name: 'another proxy',
      main: 'Host vsock/*\n    ProxyCommand /usr/lib/systemd/systemd-ssh-proxy %h %p\n',
      want: { owner: 'none', pasted: false },
    },
  ])('$name', async ({ main, own, want }) => {
    expect(await gather(main, own)).toMatchObject(want);
  });

  it.each(['vmssh_known_hosts', 'vmssh_known_hosts.new'])('keys that no login can read: %s', async (name) => {
    const home = mkdtempSync(join(dir, 'home-'));
    mkdirSync(join(home, '.ssh', name), { recursive: true });
    const { keys } = await gatherConfig(fakeIo({ env: { HOME: home }, self }));
    expect(keys?.problem).toMatch(new RegExp(`/${name} cannot be read: .*, so no host key in it counts$`));
  });

  it('lines for all users, as those of a user', async () => {
    const folder = mkdtempSync(join(dir, 'system-'));
    const io = fakeIo({ env: { HOME: folder, PATH: '/proc/none' }, self });
    const system = configFiles({ system: true }, io, folder);
    const look = async () => (await gatherConfig(io, undefined, undefined, system)).forAll;
    expect(await look()).toBe(undefined);
    mkdirSync(join(folder, 'ssh_config.d'));
    const onlyPatterns = { ...asLastTime, system: true, names: { prefix: '', onlyPatterns: true } };
    const find = async () => ({ machines: [], warnings: [], stays: () => true });
    expect(await applyPlan(await planInstall(onlyPatterns, io, find, system), io)).toBe(0);
    // Without an ssh in PATH there is nobody to ask.
    expect(await look()).toBe('ok');
    writeFileSync(system.own, signed('Host old\n'));
    expect(await look()).toMatchObject({
      problem: expect.stringMatching(/00-vmssh\.conf was written by another vmssh/),
      fix: 'sudo vmssh config install --system',
    });
    writeFileSync(system.own, 'Host mine\n');
    expect(await look()).toMatchObject({ problem: expect.stringMatching(/vmssh did not write it/) });
  });

  it('a home that ssh does not read', async () => {
    const { elsewhere, mainPath } = await gather('');
    const [, home] = /^HOME is (.*), but ssh uses the home directory \//.exec(elsewhere?.found ?? '') ?? [];
    expect(mainPath).toBe(`${home}/.ssh/config`);
    expect(elsewhere?.fix).toMatch(
      /^HOME=\/.* vmssh config install; .* this line at the top of \/\S+config: Include \S+vmssh\.conf$/,
    );
  });
});
