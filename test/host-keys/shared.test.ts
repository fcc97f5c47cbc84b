import { describe, expect, it } from 'vitest';
import { withAdopted } from '../../src/host-keys/adopt.js';
import { type SharedNames, withShared } from '../../src/host-keys/shared.js';

const [one, two, rsa] = ['ssh-ed25519 AAAA', 'ssh-ed25519 BBBB', 'ssh-rsa CCCC'];
const web = { alias: 'vmssh-1', shared: ['web.hv1', 'via/hv1/web'] };

describe('names of one machine', () => {
  it.each([
    { name: 'are none', text: '', want: '' },
    {
      name: 'stay as they are if no key is known',
      text: `other ${one}\n`,
      now: 'web.hv1',
      want: `other ${one}\n`,
    },
    { name: 'of ssh get the identity', text: `web.hv1 ${one} note\n`, want: `web.hv1,vmssh-1 ${one} note\n` },
    {
      name: 'get the key of the identity',
      text: `vmssh-1 ${one}\n`,
      now: 'web.hv1',
      want: `vmssh-1,web.hv1 ${one}\n`,
    },
    { name: 'only as ssh looks for them', text: `vmssh-1 ${one}\n`, want: `vmssh-1 ${one}\n` },
    {
      name: 'take each key of another name',
      text: `web.hv1 ${one}\nweb.hv1 ${rsa}`,
      now: 'via/hv1/web',
      want: `web.hv1,vmssh-1,via/hv1/web ${one}\nweb.hv1,vmssh-1,via/hv1/web ${rsa}`,
    },
    {
      name: 'are on one line for each key',
      text: `vmssh-1 ${one}\nx ${one}\nweb.hv1 ${one}\nweb.hv1 ${rsa}\n`,
      now: 'web.hv1',
      want: `vmssh-1,web.hv1 ${one}\nx ${one}\nweb.hv1,vmssh-1 ${rsa}\n`,
    },
    {
      name: 'keep the keys that they were seen with, if they differ',
      text: `vmssh-1 ${one}\nweb.hv1 ${two}\n`,
      now: 'web.hv1',
      want: `vmssh-1 ${one}\nweb.hv1 ${two}\n`,
    },
    {
      name: 'get the key of the identity if another one has its own',
      text: `vmssh-1 ${one}\nweb.hv1 ${two}\n`,
      now: 'via/hv1/web',
      want: `vmssh-1,via/hv1/web ${one}\nweb.hv1 ${two}\n`,
    },
    {
      name: 'keep the key that one of them was seen with, whatever key another has',
      text: `vmssh-1 ${one}\nweb.hv1 ${two}\nvia/hv1/web ${rsa}\n`,
      now: 'web.hv1',
      want: `vmssh-1 ${one}\nweb.hv1 ${two}\nvia/hv1/web ${rsa}\n`,
    },
    {
      name: 'are the same machine if one of its keys is the same',
      text: `vmssh-1 ${one}\nvmssh-1 ${rsa}\nweb.hv1 ${rsa}\n`,
      now: 'web.hv1',
      want: `vmssh-1,web.hv1 ${one}\nvmssh-1,web.hv1 ${rsa}\n`,
    },
    {
      name: 'are in any case, and beside others',
      text: ` other,WEB.hv1\t${one}\r\n`,
      now: 'via/hv1/web',
      want: ` other,WEB.hv1,vmssh-1,via/hv1/web\t${one}\r\n`,
    },
    ...[
      `@revoked web.hv1 ${one}\n`,
      `[web.hv1]:2222 ${one}\n`,
      `web.* ${one}\n`,
      `!web.hv1 ${one}\n`,
      `# web.hv1 ${one}\n`,
    ].map((text) => ({ name: `are not in ${text.trim()}`, text, now: 'web.hv1', want: text })),
  ])('$name', ({ text, want, ...rest }) => {
    const machine: SharedNames = { ...web, ...('now' in rest ? { now: rest.now } : {}) };
    const bytes = Buffer.from(text);
    const after = withShared(bytes, [machine]);
    expect(after.toString()).toBe(want);
    expect(withShared(after, [machine])).toBe(after);
    if (want === text) expect(after).toBe(bytes);
    // Older names are copied besides.
    expect(withAdopted(bytes, [{ ...machine, older: ['no-such'] }]).toString()).toBe(want);
  });

  it('are those of each machine', () => {
    const db = { alias: 'vmssh-2', shared: ['db.hv1'] };
    const after = withShared(Buffer.from(`db.hv1 ${one}\nweb.hv1 ${one}\n`), [web, db]);
    expect(after.toString()).toBe(`db.hv1,vmssh-2 ${one}\nweb.hv1,vmssh-1 ${one}\n`);
  });

  it('change nothing if a machine has none but its identity', () => {
    const bytes = Buffer.from(`vmssh-1 ${one}\nvmssh-1 ${one}\n`);
    expect(withShared(bytes, [{ alias: 'vmssh-1' }, { alias: 'vmssh-2', shared: [] }])).toBe(bytes);
  });
});
