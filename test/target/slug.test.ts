import { describe, expect, it } from 'vitest';
import { slug } from '../../src/target/slug.js';

describe('the name of a machine as a host', () => {
  it.each([
    { name: 'mint', host: 'mint' },
    { name: 'Web Server (1)', host: 'Web-Server-1' },
    { name: 'a  /:b', host: 'a-b' },
    { name: '.-.a.-b--', host: 'a.-b' },
    { name: 'a_1.x-y', host: 'a_1.x-y' },
    { name: 'U\u0308n\u00efq', host: '\u00dcn\u00efq' },
    { name: 'क्षि', host: 'क्षि' },
    { name: '...', host: '' },
    { name: '\u{1f600}', host: '' },
  ])('of $name is $host', ({ name, host }) => expect(slug(name)).toBe(host));

  it('takes no long time with many dashes', () => expect(slug('-a'.repeat(50_000)).length).toBe(99_999));
});
