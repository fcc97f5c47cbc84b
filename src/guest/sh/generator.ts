import { addresses } from './generator/addresses.js';
import { credentials } from './generator/credentials.js';
import { machine } from './generator/machine.js';
import { main } from './generator/main.js';
import { rootKeys } from './generator/root-keys.js';
import { settings } from './generator/settings.js';
import { units } from './generator/units.js';

const parts = [main, settings, addresses, credentials, machine, units, rootKeys, 'main "$@"\nexit 0\n'];

/** A generator for systemd 240 to 255 with the inputs and the results of systemd-ssh-generator(8) of 256 and later. */
export const generator = parts.join('\n');
