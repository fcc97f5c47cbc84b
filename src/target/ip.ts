/** Whether a host can only be this one: 127.0.0.0/8, ::1, the same in other spellings, or localhost. No name is looked up. */
export function isLoopback(host: string): boolean {
  const text = plainIp(host);
  return isIpv4(text) ? text.startsWith('127.') : text === '::1' || text === 'localhost';
}

/** An address in the one form that others are compared with: the IPv4 address in an IPv6 one, and each group without zeros in front. */
export function plainIp(address: string): string {
  const lower = address.toLowerCase();
  const [text = '', scope] = lower.split('%');
  const groups = ipv6Groups(text);
  if (!groups) return lower;
  if (groups.slice(0, 5).every((each) => each === 0) && (groups[5] === 0xffff || groups[5] === 0)) {
    const [high = 0, low = 0] = groups.slice(6);
    if (groups[5] === 0xffff || high !== 0) return [high >> 8, high & 255, low >> 8, low & 255].join('.');
    return low === 0 ? '::' : low === 1 ? '::1' : `::${low.toString(16)}`;
  }
  return `${groups.map((each) => each.toString(16)).join(':')}${scope === undefined ? '' : `%${scope}`}`;
}

/** The IPv4 address that ssh reads in a host, also in the forms of inet_aton(3): "127.1", "0x7f.1", "0". Undefined if it is none. */
export function anyIpv4(host: string): string | undefined {
  const parts = host.split('.');
  if (parts.length > 4 || !parts.every((each) => /^(0|[1-9]\d*|0[0-7]+|0x[0-9a-f]+)$/i.test(each)))
    return undefined;
  const numbers = parts.map((each) => (/^0\d/.test(each) ? Number.parseInt(each, 8) : Number(each)));
  const last = numbers.pop() ?? 0;
  if (numbers.some((each) => each > 255) || last >= 256 ** (4 - numbers.length)) return undefined;
  const bytes = [
    ...numbers,
    ...[3, 2, 1, 0].slice(numbers.length).map((at) => Math.floor(last / 256 ** at) % 256),
  ];
  return bytes.join('.');
}

// Not isIP of node:net: a connection would load that whole module for it.
function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((each) => /^(0|[1-9]\d{0,2})$/.test(each) && Number(each) < 256);
}

/** The eight numbers of an IPv6 address; undefined if the text is none. */
function ipv6Groups(text: string): readonly number[] | undefined {
  const hex = text.replace(/(?<=:)[\d.]+$/, (end) => {
    const [a = 0, b = 0, c = 0, d = 0] = end.split('.').map(Number);
    return isIpv4(end) ? `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}` : end;
  });
  const halves = hex.split('::').map((half) => (half === '' ? [] : half.split(':')));
  const [head = [], tail = []] = halves;
  const missing = 8 - head.length - tail.length;
  const counts = halves.length === 1 ? missing === 0 : halves.length === 2 && missing > 0;
  if (!counts || ![...head, ...tail].every((each) => /^[0-9a-f]{1,4}$/.test(each))) return undefined;
  return [...head, ...Array<string>(missing).fill('0'), ...tail].map((each) => Number.parseInt(each, 16));
}
