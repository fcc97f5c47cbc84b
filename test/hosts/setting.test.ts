import { describe, expect, it } from 'vitest';
import { oneOf } from '../../src/cli/command.js';
import { type ConfigOptions, fileOptions, lineOptions, settings } from '../../src/hosts/options.js';
import type { InEffect, Setting } from '../../src/hosts/setting.js';
import {
  formatSettings,
  inEffect,
  onOff,
  readSettings,
  settingLines,
  unknownFields,
} from '../../src/hosts/setting.js';

const hueOption = oneOf({
  long: 'hue',
  value: 'HUE',
  choices: ['red', 'blue'],
  summary: 'a made-up setting',
});
const hue: Setting<'red' | 'blue'> = {
  fields: ['hue'],
  options: [hueOption],
  read: (raw) => hueOption.read(raw),
  format: (value) => (value === undefined ? {} : { hue: value }),
  parse: ({ hue: kept }) => (kept === 'red' || kept === 'blue' ? kept : undefined),
  lines: (value) => (value === undefined ? {} : { knownHosts: `/${value}` }),
};
const table = { hue, loud: onOff('loud', { on: 'on', off: 'off', initial: false }) };
/** Each field of a state, set. */
const all = {
  ...{ prefix: 'vm-', onlyPatterns: true, fdpass: false, fresh: true, start: 'terminal', 'bring-sshd': true },
  ...{ routes: ['ip'], hostKeys: 'strict', sshOptions: [] },
};
const raw = (options: Record<string, string | true>) => ({ positionals: [], options });

describe('a made-up setting', () => {
  it('is read, kept, read back, completed by the last run, and put into the lines, by its entry', () => {
    const first = inEffect(table, readSettings(table, raw({ hue: 'red', loud: true })), {});
    expect(first).toEqual({ hue: 'red', loud: true });
    const kept = JSON.parse(JSON.stringify(formatSettings(table, first)));
    expect(kept).toEqual({ hue: 'red', loud: true });
    const next = inEffect(table, readSettings(table, raw({ 'no-loud': true })), kept);
    expect(next).toEqual({ hue: 'red', loud: false });
    expect(settingLines(table, next)).toEqual({ knownHosts: '/red' });
  });

  it('has its own fields: the others are those of a newer version', () => {
    expect(unknownFields(table, { hue: 'green', loud: 1, later: [1] })).toEqual({ later: [1] });
    for (const [name, setting] of Object.entries(settings)) {
      const made = formatSettings({ [name]: setting }, inEffect({ [name]: setting }, {}, all));
      expect([name, Object.keys(made).sort()]).toEqual([name, [...setting.fields].sort()]);
    }
  });

  it.each([{ hue: 'green' }, { hue: 7 }, { hue: ['red'] }, {}])(
    'is never what others put into %j',
    (kept) => {
      expect(inEffect(table, {}, { ...kept, loud: 'x' })).toEqual({ hue: undefined, loud: false });
    },
  );

  it('that is on or off is so by two options, of which one is given', () => {
    const [on, off] = table.loud.options;
    expect(table.loud.exclusive).toEqual([[on, off]]);
    expect([on?.long, off?.long]).toEqual(['loud', 'no-loud']);
  });
});

describe('the settings of config install', () => {
  it('have all their options there, and config print those that make lines', () => {
    const all = Object.values(settings).flatMap(({ options }) => options);
    expect(fileOptions.options).toEqual(expect.arrayContaining(all));
    const { fresh, ...others } = settings;
    expect(lineOptions).toEqual(
      expect.arrayContaining(Object.values(others).flatMap((each) => each.options)),
    );
    for (const option of fresh.options) expect(lineOptions).not.toContain(option);
  });

  const given: InEffect<typeof settings> & ConfigOptions = {
    names: { prefix: 'vm-', onlyPatterns: false },
    fdpass: false,
    fresh: false,
    start: 'terminal',
    bring: true,
    routes: ['ip', 'vsock'],
    throwaway: ['vsock/*'],
    sshOptions: [{ keyword: 'User', value: 'root' }],
    system: false,
  };

  it('are all kept and read back', () => {
    const { system, ...values } = given;
    const kept = formatSettings(settings, given);
    expect(kept).toEqual({
      ...{ prefix: 'vm-', onlyPatterns: false, fdpass: false, fresh: false, start: 'terminal' },
      'bring-sshd': true,
      ...{ routes: ['ip', 'vsock'], throwaway: ['vsock/*'], sshOptions: ['User=root'] },
    });
    expect(inEffect(settings, {}, kept)).toEqual(values);
  });

  it('are those of the first run if the state has anything else', () => {
    const odd = {
      ...{ prefix: 'x y', onlyPatterns: 1, fdpass: 'no' },
      ...{ fresh: 'yes', start: 1, 'bring-sshd': 1 },
    };
    expect(
      inEffect(
        settings,
        {},
        { ...odd, routes: {}, sshOptions: [7, 'User', 'Host=x'], throwaway: ['*', 'x y', 7] },
      ),
    ).toEqual({
      ...{ names: { prefix: '', onlyPatterns: false }, fdpass: true, fresh: undefined, start: undefined },
      bring: undefined,
      ...{ routes: [], throwaway: [], sshOptions: [] },
    });
  });
});
