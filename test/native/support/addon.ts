import { type Addon, candidates, load } from 'node-hvsock-native';
import { describe } from 'vitest';
import { addonRemedy } from '../../helpers/addon.js';

/** The file under test: the package's own, or the one that sanitize.js built. */
export const addonPath = process.env.NATIVE_UNDER_TEST ?? candidates()[0] ?? '';

const [loaded, reason] = open();
if (!loaded) console.warn(`skipped: the native addon is not built\n${reason}\nremedy: ${addonRemedy()}`);

/** The addon. Only to be used inside of `describeAddon`. */
export const addon = loaded as Addon;

/** A describe that is skipped if the addon could not be loaded. */
export const describeAddon = describe.skipIf(!loaded);

function open(): [Addon, string] | [undefined, string] {
  try {
    if (!process.env.NATIVE_UNDER_TEST) return [load(), ''];
    const module = { exports: {} };
    process.dlopen(module, addonPath);
    return [module.exports as Addon, ''];
  } catch (error) {
    return [undefined, String(error)];
  }
}
