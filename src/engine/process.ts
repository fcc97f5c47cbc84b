import { offSignal, onSignal } from 'engine:loop';
import { kill } from 'engine:processes';
import * as system from 'engine:system';
import { EventEmitter } from './node/events.js';
import { isSignal, type Signal, signalNumber, signals } from './signals.js';
import { StandardOutput } from './standard-output.js';
import type { DescriptorStream } from './streams.js';

type ProcessEvents = {
  readonly [Name in Signal | 'exit']: Name extends Signal ? [signal: Signal, number: number] : [code: number];
};

/** Node's process, as far as it is used here. It is made when the program is built: what the system gives is asked for when needed. */
export class EngineProcess extends EventEmitter<ProcessEvents> {
  readonly execArgv: readonly string[] = [];
  readonly platform: NodeJS.Platform = system.platform();
  #execPath: string | undefined;
  #argv: readonly string[] | undefined;
  #env: Environment | undefined;
  #exitCode: number | undefined;
  #stdout: StandardOutput | undefined;
  #stderr: StandardOutput | undefined;

  get execPath(): string {
    // As it was at the start: the system says "(deleted)" of a file that is replaced meanwhile.
    this.#execPath ??= system.programPath();
    return this.#execPath;
  }

  get argv0(): string {
    return system.commandLine()[0] ?? '';
  }

  get argv(): readonly string[] {
    this.#argv ??= [this.execPath, this.execPath, ...system.commandLine().slice(1)];
    return this.#argv;
  }

  get env(): Environment {
    this.#env ??=
      this.platform === 'win32' ? new Proxy(system.environment(), ignoringCase) : system.environment();
    return this.#env;
  }

  get arch(): string {
    const [, , , , machine] = system.names();
    return architectures[machine] ?? machine;
  }

  get version(): string {
    return `v${system.engineVersion()}`;
  }

  get versions(): { readonly quickjs: string } {
    return { quickjs: system.engineVersion() };
  }

  get pid(): number {
    return system.pid();
  }

  /** Only Linux asks for it. */
  get ppid(): number {
    return system.parentPid();
  }

  /** Only the addon reads it, which is always there. */
  get stdin(): DescriptorStream {
    throw new Error('the engine has no stream of stdin: the addon reads it');
  }

  get stdout(): StandardOutput {
    this.#stdout ??= new StandardOutput(1);
    return this.#stdout;
  }

  get stderr(): StandardOutput {
    this.#stderr ??= new StandardOutput(2);
    return this.#stderr;
  }

  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  set exitCode(code: number | undefined) {
    this.#exitCode = code;
    system.setExitCode(code ?? 0);
  }

  exit(code = this.#exitCode ?? 0): never {
    this.emit('exit', code);
    system.exit(code);
  }

  cwd(): string {
    return system.workingFolder();
  }

  /** Windows has users of another kind. */
  get getuid(): (() => number) | undefined {
    return this.#ofPosix(system.uid);
  }

  get geteuid(): (() => number) | undefined {
    return this.#ofPosix(system.effectiveUid);
  }

  #ofPosix(ask: () => number): (() => number) | undefined {
    return this.platform === 'win32' ? undefined : ask;
  }

  /** Seconds. */
  uptime(): number {
    return system.uptime() / 1000;
  }

  cpuUsage(): { readonly user: number; readonly system: number } {
    const [user, inKernel] = system.processorTime();
    return { user, system: inKernel };
  }

  kill(pid: number, signal: string | number = 'SIGTERM'): true {
    kill(pid, signalNumber(signal));
    return true;
  }

  protected override changed(name: string | symbol, before: number, now: number): void {
    if (!isSignal(name) || before > 0 === now > 0) return;
    const signal = signals[name];
    if (now > 0) onSignal(signal, () => this.emit(name, name, signal));
    else offSignal(signal);
  }
}

const architectures: Readonly<Record<string, string>> = { x86_64: 'x64', aarch64: 'arm64' };

type Environment = Record<string, string | undefined>;

/** Windows asks for a name in whatever case, and keeps the one that it was given. */
const ignoringCase: ProxyHandler<Environment> = {
  get: (own, name) => own[known(own, name)],
  has: (own, name) => known(own, name) in own,
  set(own, name, value) {
    own[known(own, name)] = String(value);
    return true;
  },
  deleteProperty: (own, name) => delete own[known(own, name)],
  getOwnPropertyDescriptor: (own, name) => Object.getOwnPropertyDescriptor(own, known(own, name)),
};

function known(own: Environment, name: string | symbol): string {
  const wanted = String(name);
  if (wanted in own) return wanted;
  const upper = wanted.toUpperCase();
  return Object.keys(own).find((each) => each.toUpperCase() === upper) ?? wanted;
}
