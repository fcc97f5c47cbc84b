/** A GUID in lower case, 8-4-4-4-12. */
export type Guid = string & { readonly brand: 'guid' };

/** A GUID in any case, with or without braces; undefined if the text has another form. */
export function parseGuid(text: string): Guid | undefined {
  const match = /^(\{?)([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(\}?)$/i.exec(text);
  if (!match?.[2] || (match[1] === '{') !== (match[3] === '}')) return undefined;
  return match[2].toLowerCase() as Guid;
}

/** A UUID or machine id, with or without dashes and braces; undefined if the text is something else. */
export function parseUuid(text: string): Guid | undefined {
  const digits = parseMachineId(text);
  return digits === undefined ? undefined : withDashes(digits);
}

/** The 32 lower-case hexadecimal digits of a UUID or machine id; undefined if the text is something else. */
export function parseMachineId(text: string): string | undefined {
  return /^\{?([0-9a-f]{32})\}?$/.exec(text.replaceAll('-', '').toLowerCase())?.[1];
}

/** Whether a machine's name has the form of an id that is not its own. */
export function isOthersId(name: string, uuid: string | undefined): boolean {
  const id = parseUuid(name);
  return id !== undefined && id !== uuid;
}

/** The GUID with these 32 lower-case hexadecimal digits. */
export function withDashes(digits: string): Guid {
  const first = `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}`;
  return `${first}-${digits.slice(16, 20)}-${digits.slice(20)}` as Guid;
}

/** Whether a text can only be meant as an id: a GUID, with or without a brace on either side. */
export function isBareId(text: string): boolean {
  return /^\{?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?$/i.test(text);
}

/** Well-known VM ids of hvsock, from hvsocket.h. */
export const vmIds = {
  ZERO: '00000000-0000-0000-0000-000000000000' as Guid,
  BROADCAST: 'ffffffff-ffff-ffff-ffff-ffffffffffff' as Guid,
  CHILDREN: '90db8b89-0d35-4f79-8ce9-49ea0ac8b7cd' as Guid,
  LOOPBACK: 'e0e16197-dd56-4a10-9195-5ee7a155a838' as Guid,
  PARENT: 'a42e7cda-d03f-480c-9cc2-a4de20abb878' as Guid,
  SILOHOST: '36bd0c5c-7276-4223-88ba-7d03b654c568' as Guid,
} as const;
