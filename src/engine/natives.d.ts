/** The native functions of the executable: native/engine/natives/. Each throws an Error with code, errno and syscall. */
declare module 'engine:addon' {
  export function exports(): import('node-hvsock-native').Addon;
}

declare module 'engine:bytes' {
  export function decodeUtf8(bytes: Uint8Array): string;
  export function encodeUtf8(text: string): Uint8Array;
  export function decodeLatin1(bytes: Uint8Array): string;
  export function encodeLatin1(text: string): Uint8Array;
  export function sha256(data: Uint8Array): Uint8Array;
  export function hmacSha1(key: Uint8Array, data: Uint8Array): Uint8Array;
}

/** dev, ino, mode, nlink, uid, gid, size, and the milliseconds of mtime. */
type StatNumbers = readonly [number, number, number, number, number, number, number, number];

declare module 'engine:files' {
  export function open(path: string, flags: number, mode: number): number;
  export function close(descriptor: number): void;
  /** None at end-of-file. */
  export function read(descriptor: number, most: number): Uint8Array;
  /** How many bytes it put there; 0 at end-of-file. */
  export function readInto(descriptor: number, into: Uint8Array): number;
  export function write(descriptor: number, bytes: Uint8Array): number;
  export function fstat(descriptor: number): StatNumbers;
  export function fchmod(descriptor: number, mode: number): void;
  export function fchown(descriptor: number, owner: number, group: number): void;
  export function fsync(descriptor: number): void;
  export function setNonblocking(descriptor: number): void;
}

declare module 'engine:loop' {
  export function addTimer(callback: () => void, ms: number, repeats: boolean): number;
  export function addImmediate(callback: () => void): number;
  /** Events are those of poll(2). */
  export function watch(descriptor: number, events: number, callback: (events: number) => void): number;
  export function remove(id: number): void;
  export function keepAlive(id: number, alive: boolean): void;
  export function onSignal(signal: number, callback: () => void): void;
  export function offSignal(signal: number): void;
  /** The exit code, or a signal's number below 0. */
  export function onExit(pid: number, callback: (code: number) => void): number;
}

declare module 'engine:paths' {
  export function stat(path: string): StatNumbers;
  export function lstat(path: string): StatNumbers;
  export function access(path: string, mode: number): void;
  /** Also false if that cannot be found out. */
  export function exists(path: string): boolean;
  export function readdir(path: string): string[];
  export function readlink(path: string): string;
  export function realpath(path: string): string;
  export function mkdir(path: string, mode: number): void;
  export function mkdtemp(prefix: string): string;
  export function rename(from: string, to: string): void;
  export function unlink(path: string): void;
  export function rmdir(path: string): void;
  export function symlink(target: string, path: string): void;
}

declare module 'engine:processes' {
  /** Environment: "NAME=value" each. Descriptors: ours for the child's 0, 1, 2 … */
  export function spawn(
    program: string,
    words: readonly string[],
    environment: readonly string[],
    descriptors: readonly number[],
    folder: string | undefined,
    ownSession: boolean,
    withoutWindow: boolean,
  ): number;
  export function kill(pid: number, signal: number): void;
  /** Blocks until it has ended, for `ms` at most, below 0 without end: the exit code, or a signal's number below 0; undefined if it still runs. */
  export function wait(pid: number, ms: number): number | undefined;
  /** Blocks like that until some of the descriptors have bytes or end-of-file, and returns those. */
  export function awaitReadable(descriptors: readonly number[], ms: number): readonly number[];
}

declare module 'engine:sockets' {
  export function connect(path: string): number;
  export function listen(path: string): number;
  export function accept(descriptor: number): number;
  export function pair(): readonly [number, number];
  export function shutdownWriting(descriptor: number): void;
  export function isIP(text: string): 0 | 4 | 6;
  /** Of Windows: a descriptor from which to read the addresses of a name, one a line. */
  export function lookup(name: string): number;
}

declare module 'engine:system' {
  export function platform(): 'linux' | 'win32';
  /** Calls `run` once all modules are evaluated, in an image (engine.md) at build time: before it no other function of the system may be called. */
  export function atStart(run: () => void): void;
  /** Of Windows: the user's name and home. */
  export function account(): readonly [string, string];
  export function commandLine(): readonly string[];
  /** A new object without a prototype, as a variable may be called "__proto__". */
  export function environment(): Record<string, string | undefined>;
  export function workingFolder(): string;
  export function programPath(): string;
  export function engineVersion(): string;
  export function exit(code: number): never;
  export function setExitCode(code: number): void;
  export function pid(): number;
  export function parentPid(): number;
  export function uid(): number;
  export function effectiveUid(): number;
  /** By their numbers; "" for one that is no errno. */
  export function errorNames(): readonly string[];
  /** Milliseconds. */
  export function uptime(): number;
  /** Microseconds in user mode, and in the kernel. */
  export function processorTime(): readonly [number, number];
  /** Of uname(2). */
  export function names(): readonly [string, string, string, string, string];
  export function isTerminal(descriptor: number): boolean;
  /** 0 if unknown. */
  export function columns(descriptor: number): number;
  export function randomBytes(count: number): Uint8Array;
}
