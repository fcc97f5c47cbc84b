import { ConnectError, printable } from '../../src/base/errors.js';
import { formatState, parseState } from '../../src/book/state.js';
import { readReply } from '../../src/connect/multiplexer.js';
import { cidOf, parseProgress } from '../../src/guest/report.js';
import { withoutNames } from '../../src/keys/pins.js';
import { kindOf, parseTarget } from '../../src/kinds/kinds.js';
import { windowsText } from '../../src/process/run-program.js';
import { parsePodman } from '../../src/sources/containers/podman.js';
import { parseServices } from '../../src/sources/hyper-v/services.js';
import { parseDomains, parseXml } from '../../src/sources/libvirt/libvirt.js';
import { parseMachine } from '../../src/sources/machined/machined.js';
import { FrameReader, VarlinkError } from '../../src/sources/machined/varlink.js';
import { parseInstances } from '../../src/sources/managers/incus.js';
import { parseLima } from '../../src/sources/managers/lima.js';
import { parseMultipass } from '../../src/sources/managers/multipass.js';
import { DiscoveryError } from '../../src/sources/source.js';
import { type JsonObject, parseJson } from '../../src/sources/tools/json.js';
import { parseVmInfo } from '../../src/sources/vmm/cloud-hypervisor.js';
import { parseCrosvmArgs } from '../../src/sources/vmm/crosvm.js';
import { vsockOf } from '../../src/sources/vmm/firecracker.js';
import { parseQemuArgs } from '../../src/sources/vmm/qemu.js';
import { parseVhostDevice } from '../../src/sources/vmm/vhost-device.js';
import { parseVerbose, parseVmId } from '../../src/sources/wsl/wsl.js';
import { scanBanner } from '../../src/ssh/banner.js';
import { hasInclude, withInclude, withoutInclude } from '../../src/ssh/config/file.js';
import { hostNames, settingsOf } from '../../src/ssh/config/settings.js';
import { filedVerdict, linesOf } from '../../src/ssh/known-hosts.js';

/** Reads the bytes, and throws if anything is wrong but what a reader of bad bytes may say. */
type FuzzTarget = (bytes: Buffer) => void;

/** What others' bytes come to, by name. */
export const targets: Readonly<Record<string, FuzzTarget>> = {
  banner(bytes) {
    const whole = scanBanner(bytes);
    const half = scanBanner(bytes.subarray(0, bytes.length >> 1));
    must(half.state === 'more' || half.state === whole.state, 'a verdict that changed');
    if (whole.state === 'found') must(!/[\r\n\0]/.test(whole.banner), 'a banner of two lines');
  },

  'multiplexer-reply'(bytes) {
    const whole = readReply(bytes);
    const half = readReply(bytes.subarray(0, bytes.length >> 1));
    must(half === 'more' || half === whole, 'a verdict that changed');
  },

  /** The first byte is the size of the pieces. */
  varlink(bytes) {
    const whole = framesOf(bytes.subarray(1), bytes.length);
    const pieces = framesOf(bytes.subarray(1), (bytes[0] ?? 0) + 1);
    must(JSON.stringify(whole) === JSON.stringify(pieces), 'other frames in pieces');
    for (const frame of whole) orError(() => parseMachine(frame, 'system'), VarlinkError);
  },

  xml(bytes) {
    const text = bytes.toString();
    orError(() => parseXml(text), RangeError);
    orError(() => parseDomains(text, 'system'), DiscoveryError);
  },

  json(bytes) {
    const text = bytes.toString();
    const value = orError(() => parseJson(text), SyntaxError);
    if (value !== undefined)
      must(JSON.stringify(value) === JSON.stringify(JSON.parse(text)), 'another value');
  },

  tools(bytes) {
    const text = bytes.toString();
    for (const parse of [parseLima, parseMultipass, parsePodman]) orError(() => parse(text), DiscoveryError);
    const value = orError(() => parseJson(text), SyntaxError);
    if (value === undefined) return;
    orError(() => parseInstances(value), DiscoveryError);
    for (const { cid } of [parseVmInfo(value), vsockOf(value) ?? {}]) mustBeMachine(cid);
  },

  /** As /proc/PID/cmdline has it. */
  'command-line'(bytes) {
    const argv = bytes.toString().split('\0');
    mustBeMachine(parseQemuArgs(argv).cid);
    mustBeMachine(parseCrosvmArgs(argv).cid);
    for (const { cid } of parseVhostDevice({ argv })) mustBeMachine(cid);
  },

  windows(bytes) {
    const text = windowsText(bytes);
    for (const name of parseVerbose(text)) must(name === name.trim(), 'a name with spaces around it');
    for (const { id } of parseServices(text)) must(/^[0-9a-f-]{36}$/.test(id), 'a service id that is none');
    parseVmId(text);
  },

  target(bytes) {
    const text = bytes.toString();
    const target = orError(() => parseTarget(text), ConnectError);
    if (target) must(kindOf(target).name === target.kind, 'another kind');
  },

  'ssh-config'(bytes) {
    const text = bytes.toString();
    settingsOf(text);
    const read = orError(() => parseState(text), RangeError);
    if (read) must(parseState(formatState(read.state)).left === 0, 'a state that is not read back');
    for (const name of hostNames(text)) must(name !== '', 'a Host without a name');
    const own = '~/.ssh/vmssh.conf';
    const withOurs = withInclude(text, [own]);
    must(hasInclude(withOurs, [[own]]), 'no Include');
    must(withInclude(withOurs, [own]) === withOurs, 'a second Include');
    must(
      !hasInclude(withoutInclude(withOurs, [own]) ?? '', [[own]]) || hasInclude(text, [[own]]),
      'an Include that stays',
    );
  },

  'known-hosts'(bytes) {
    must(Buffer.from(linesOf(bytes).join(''), 'latin1').equals(bytes), 'bytes that are lost');
    filedVerdict('', 'mint', bytes);
    const { bytes: left } = withoutNames(bytes, ['mint']);
    must(withoutNames(left, ['mint']).removed === 0, 'a name that stays');
  },

  'guest-output'(bytes) {
    const text = bytes.toString();
    must(!/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\p{Cs}]/u.test(printable(text)), 'a control character');
    for (const line of text.split('\n')) parseProgress(line);
    cidOf([{ state: 'ok', step: 'x', message: text }]);
  },

  /** The engine's own glue, in C++: texts and bytes. */
  bytes(bytes) {
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    must(bytes.toString('hex') === hex, 'other hex digits');
    must(Buffer.from(bytes.toString('base64'), 'base64').equals(bytes), 'other bytes by base64');
    must(Buffer.from(bytes.toString('latin1'), 'latin1').equals(bytes), 'other bytes by latin1');
    const units = bytes.subarray(0, bytes.length & ~1).toString('utf16le');
    must(units.length === bytes.length >> 1, 'another number of characters by utf16le');
    for (let at = 0; at < units.length; at++)
      must(
        units.charCodeAt(at) === (bytes[2 * at] ?? 0) + 256 * (bytes[2 * at + 1] ?? 0),
        'other characters',
      );
    const text = bytes.toString();
    must(Buffer.from(text).toString() === text, 'another text');
  },
};

function framesOf(bytes: Buffer, size: number): JsonObject[] {
  const reader = new FrameReader(1 << 12);
  const frames: JsonObject[] = [];
  const read = () => {
    for (let at = 0; at < bytes.length; at += size)
      for (const frame of reader.push(bytes.subarray(at, at + size))) frames.push(frame);
  };
  orError(read, VarlinkError);
  return frames;
}

function mustBeMachine(cid: number | undefined): void {
  must(cid === undefined || (Number.isInteger(cid) && cid >= 3 && cid < 0xffffffff), `the CID ${cid}`);
}

/** The result, or undefined after an error of this kind. */
function orError<T>(read: () => T, kind: new (...args: never[]) => Error): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof kind) return undefined;
    throw error;
  }
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`found ${what}`);
}
