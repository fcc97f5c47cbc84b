import { parseCid } from '../address/cid.js';
import { parsePort } from '../address/port.js';
import type { Kind } from './target.js';

/** vsock/CID: a virtual machine by its context id. The literal form names the port too, which ssh's -p cannot past 65535. */
export const vsock: Kind = {
  name: 'vsock',
  form: 'vsock/CID',
  summary: 'a virtual machine by its vsock CID: a number, or hypervisor, local, host',
  match: (text) => /^vsock(?:[/%](.*)|:([^:]*)(?::(.*))?)$/is.exec(text),
  parse([, rest, cid = '', port]) {
    if (rest === undefined) {
      return { kind: 'vsock', cid: parseCid(cid), ...(port === undefined ? {} : { port: parsePort(port) }) };
    }
    const extra = /^([^/%:]+)[/%:](.+)$/s.exec(rest);
    if (extra)
      throw new RangeError(
        `only a CID can follow; for port ${extra[2]} use -p, or vsock:${extra[1]}:${extra[2]}`,
      );
    return { kind: 'vsock', cid: parseCid(rest) };
  },
};
