import { describe, expect, it } from 'vitest';
import { editors } from '../../../src/commands/open/editors.js';
import { installedAt } from '../../../src/commands/open/installed.js';

const named = (name: string) => {
  const editor = editors.find((each) => each.name === name);
  if (!editor) throw new Error(`no editor ${name}`);
  return editor;
};

describe('an editor is given', () => {
  it.each([
    { name: 'code', place: { host: 'mint' }, want: ['--remote', 'ssh-remote+mint'] },
    {
      name: 'code',
      place: { host: 'mint', path: '/home/ann/my src#1?/ü%' },
      want: ['--folder-uri', 'vscode-remote://ssh-remote+mint/home/ann/my%20src%231%3F/%C3%BC%25'],
    },
    {
      name: 'codium',
      place: { host: 'web.hv1', path: '/' },
      want: ['--folder-uri', 'vscode-remote://ssh-remote+web.hv1/'],
    },
    {
      name: 'code',
      place: { host: 'mint', path: `/it's "100%" +&;$(id)\\~/日本/🦊` },
      want: [
        '--folder-uri',
        `vscode-remote://ssh-remote+mint/it's%20%22100%25%22%20%2B%26%3B%24(id)%5C~/%E6%97%A5%E6%9C%AC/%F0%9F%A6%8A`,
      ],
    },
    { name: 'zed', place: { host: 'Mint', path: '/a b' }, want: ['ssh://Mint/a%20b'] },
    {
      name: 'zed',
      place: { host: 'mint', user: 'größe%', path: '/@:#?' },
      want: ['ssh://gr%C3%B6%C3%9Fe%25@mint/%40%3A%23%3F'],
    },
    { name: 'zed', place: { host: 'mint', user: 'ann@corp', path: '/x' }, want: ['ssh://ann%40corp@mint/x'] },
    { name: 'nautilus', place: { host: 'mint' }, want: ['sftp://mint/'] },
  ])('$want by $name', ({ name, place, want }) => {
    expect(named(name).args(place)).toEqual(want);
  });

  it.each([{ host: 'vsock%3' }, { host: 'Mint' }, { host: 'Größe' }, { host: 'mint', user: 'root' }])(
    'JSON in hexadecimal digits for what a URI would change: $host',
    (place) => {
      const [, authority = ''] = named('code').args(place);
      expect(authority).toMatch(/^ssh-remote\+[0-9a-f]+$/);
      const { hostName, user } = JSON.parse(Buffer.from(authority.slice(11), 'hex').toString());
      expect({ hostName, user }).toEqual({ hostName: place.host, user: place.user });
    },
  );
});

describe('an editor on Windows', () => {
  const env = { Path: 'relative;C:\\Users\\ann\\Code\\bin;"C:\\a;b\\resources\\app\\bin"' };
  const at = (name: string, ...files: string[]) =>
    installedAt(named(name), { env, platform: 'win32' }, (path) => files.includes(path));

  it('is the program beside its script, which cmd.exe would have to run', () => {
    const files = ['C:\\Users\\ann\\Code\\bin\\code.cmd', 'C:\\Users\\ann\\Code\\Code.exe'];
    expect(at('code', ...files)).toBe('C:\\Users\\ann\\Code\\Code.exe');
    expect(at('code', 'C:\\Users\\ann\\Code\\bin\\code.cmd')).toBeUndefined();
    expect(at('code', 'relative\\code.cmd', 'Code.exe')).toBeUndefined();
  });

  it('may be three folders above it', () => {
    expect(at('cursor', 'C:\\a;b\\resources\\app\\bin\\cursor.cmd', 'C:\\a;b\\Cursor.exe')).toBe(
      'C:\\a;b\\Cursor.exe',
    );
  });

  it('is the program itself if PATH has it', () => {
    expect(at('zed', 'C:\\Users\\ann\\Code\\bin\\zed.exe')).toBe('C:\\Users\\ann\\Code\\bin\\zed.exe');
  });

  it('is none that Windows does not have', () => {
    expect(at('nautilus', 'C:\\Users\\ann\\Code\\bin\\nautilus')).toBeUndefined();
  });
});
