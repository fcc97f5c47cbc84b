import { describe, expect, it } from 'vitest';
import { isReleased, releasedChangelog } from '../../../build/release/changelog.js';

describe('the changelog', () => {
  it.each(['## Not released yet', '## 1.3.0, not released yet'])(
    'gets the version and the date for %j',
    (heading) => {
      const text = `# Changelog\n\n${heading}\n\n- more\n\n## 1.2.0, 2026-01-31\n\n- first\n`;
      const released = releasedChangelog(text, '1.3.0', '2026-02-28');
      expect(released).toBe(text.replace(heading, '## 1.3.0, 2026-02-28'));
      expect(isReleased(text, '1.3.0')).toBe(false);
      expect(isReleased(released, '1.3.0')).toBe(true);
      expect(isReleased(released, '1.2.0')).toBe(false);
    },
  );

  it.each([
    ['no such section', '# Changelog\n\n## 1.2.0, 2026-01-31\n\n- first\n', '0 headings'],
    ['two', '## Not released yet\n- a\n## 1.3.0, not released yet\n- b\n', '2 headings'],
    ['nothing in it', '## Not released yet\n\n## 1.2.0, 2026-01-31\n\n- a\n', 'nothing below'],
  ])('is refused with $0', (_name, text, says) => {
    expect(() => releasedChangelog(text, '1.3.0', '2026-02-28')).toThrow(says);
  });
});
