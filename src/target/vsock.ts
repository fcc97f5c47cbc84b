import { parseCid } from '../address/cid.js';
import { parsePort } from '../address/port.js';
import { split } from './split.js';
import type { Kind } from './target.js';

/** vsock/CID: a virtual machine by its context id. The literal form names the port too, which ssh's -p cannot past 65535. */
export const vsock: Kind = {
  name: 'vsock',
  form: 'vsock/CID',
  summary: 'a virtual machine by its vsock CID: a number, or hypervisor, local, host',
  words: ['vsock'],
  separators: '/%:',
  parse({ separator, rest }) {
    if (separator === ':') {
      const [cid = '', ...port] = rest.split(':');
      return {
        kind: 'vsock',
        cid: parseCid(cid),
        ...(port[0] === undefined ? {} : { port: parsePort(port.join(':')) }),
      };
    }
    const more = split(rest);
    if (more.word !== '' && more.rest !== '') {
      throw new RangeError(
        `only a CID can follow; for port ${more.rest} use -p, or vsock:${more.word}:${more.rest}`,
      );
    }
    return { kind: 'vsock', cid: parseCid(rest) };
  },
};
