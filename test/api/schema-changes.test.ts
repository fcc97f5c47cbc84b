import { describe, expect, it } from 'vitest';
import { type Schema, schemaChanges } from './schema-changes.js';

const text: Schema = { type: 'string' };
const ofList = (machine: Schema, more: Schema = {}): Schema => ({
  anyOf: [
    {
      type: 'object',
      properties: { command: { type: 'string', const: 'list' }, machines: { type: 'array', items: machine } },
      required: ['command', 'machines'],
    },
    {
      type: 'object',
      properties: { command: { type: 'string', const: 'check' }, ok: { type: 'boolean' } },
      ...more,
    },
  ],
});
const named: Schema = { type: 'object', properties: { name: text, user: text }, required: ['name'] };
const then = ofList(named);

describe('schemaChanges', () => {
  it.each<[string, Schema]>([
    ['itself', then],
    ['a new field', ofList({ ...named, properties: { ...named.properties, id: text } })],
    ['a field that is always there now', ofList({ ...named, required: ['name', 'user'] })],
    ['a definition that moved', { ...ofList({ $ref: '#/$defs/machine' }), $defs: { machine: named } }],
    [
      'a new command',
      { anyOf: [...(then.anyOf ?? []), { type: 'object', properties: { command: { const: 'open' } } }] },
    ],
  ])('finds none in %s', (_, now) => {
    expect(schemaChanges(then, now)).toEqual([]);
  });

  it.each<[string, Schema, string]>([
    [
      'a field that is gone',
      ofList({ ...named, properties: { name: text } }),
      'list.machines[].user: is gone',
    ],
    ['a field that may be absent', ofList({ ...named, required: [] }), 'list.machines[].name: may be absent'],
    [
      'another type',
      ofList({ ...named, properties: { name: { type: 'number' }, user: text } }),
      'list.machines[].name: was string, is number',
    ],
    ['no list', { anyOf: [...(then.anyOf ?? [])].slice(1) }, 'list: is gone'],
    [
      'a command without a field',
      ofList(named, { properties: { command: { type: 'string', const: 'check' } } }),
      'check.ok: is gone',
    ],
  ])('finds %s', (_, now, change) => {
    expect(schemaChanges(then, now)).toEqual([change]);
  });

  it('follows a definition that contains itself', () => {
    const tree = (leaf: Schema): Schema => ({
      type: 'object',
      properties: { at: { $ref: '#/$defs/node' } },
      $defs: { node: { type: 'object', properties: { leaf, next: { $ref: '#/$defs/node' } } } },
    });
    expect(schemaChanges(tree(text), tree(text))).toEqual([]);
    expect(schemaChanges(tree(text), tree({ type: 'number' }))).toEqual(['at.leaf: was string, is number']);
  });
});
