import { isHostName } from '../address/host-name.js';
import { slug } from '../address/slug.js';
import type { ListedTarget } from './short-name.js';

/**
 * The target in a form that every tool accepts as a host: "%" for "/", no colon, and nothing that ssh refuses in a host
 * name. Without such a form, the machine's UUID or the slug of its name; undefined if these are none either.
 */
export function hostForm({ text, machine }: ListedTarget): string | undefined {
  const host = text.replace(/^(vsock|unix|vsock-mux):([^:]*)$/i, '$1%$2').replaceAll('/', '%');
  const id = host.includes(':') ? machine?.uuid : undefined;
  return [host, id, slug(machine?.name ?? text), machine?.uuid].find(
    (each) => each !== undefined && isHostName(each),
  );
}
