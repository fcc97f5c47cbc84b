import { chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { configFolder } from '../../src/discovery/config-folder.js';
import { otherUser } from '../helpers/other-user.js';
import { useTempDir } from '../helpers/temp-dir.js';

const dir = useTempDir();
const me = process.getuid?.() ?? -1;

it.skipIf(me < 0)(
  'the folder of settings is the one of the environment only if it is absolute and own',
  () => {
    const folder = join(dir, 'settings');
    mkdirSync(folder);
    expect(configFolder({ XDG_CONFIG_HOME: folder }, '/home/ann', me)).toBe(folder);
    expect(configFolder({ XDG_CONFIG_HOME: 'settings' }, '/home/ann', me)).toBe('/home/ann/.config');
    expect(configFolder({ XDG_CONFIG_HOME: '' }, '/home/ann', me)).toBe('/home/ann/.config');
    expect(configFolder({}, '/home/ann', me)).toBe('/home/ann/.config');
    const { uid } = otherUser;
    if (uid !== undefined) chownSync(folder, uid, uid);
    const who = uid === undefined ? me + 1 : me;
    expect(configFolder({ XDG_CONFIG_HOME: folder }, '/home/ann', who)).toBe('/home/ann/.config');
  },
);
