import { offSignal, onSignal } from 'engine:loop';
import { kill } from 'engine:processes';
import * as system from 'engine:system';
import { EventEmitter } from '../node/events.js';
import { signalNumber, signals } from '../signals.js';
import { StandardOutput } from '../streams/standard-output.js';

/** Node's process, as far as it is used here: stdin is read by the addon alone, which is always there. */
export class EngineProcess extends EventEmitter {
  readonly #command = system.commandLine();
  readonly execPath = system.programPath();
  readonly argv0 = this.#command[0] ?? '';
  readonly argv = [this.execPath, this.execPath, ...this.#command.slice(1)];
  readonly execArgv: readonly string[] = [];
  readonly env = parseEnvironment(system.environment());
  readonly platform = 'linux';
  readonly arch = architectures[system.names()[4]] ?? system.names()[4];
  readonly version = `v${system.engineVersion()}`;
  readonly versions = { quickjs: system.engineVersion() };
  #exitCode: number | undefined;
  #stdout: StandardOutput | undefined;
  #stderr: StandardOutput | undefined;

  get pid(): number {
    return system.pid();
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

  getuid(): number {
    return system.uid();
  }

  getgid(): number {
    return system.gid();
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

  nextTick(callback: (...args: unknown[]) => void, ...args: unknown[]): void {
    queueMicrotask(() => callback(...args));
  }

  emitWarning(): void {}

  protected override changed(name: string | symbol, before: number, now: number): void {
    const signal = typeof name === 'string' ? signals[name] : undefined;
    if (signal === undefined || before > 0 === now > 0) return;
    if (now > 0) onSignal(signal, () => this.emit(name, name, signal));
    else offSignal(signal);
  }
}

const architectures: Readonly<Record<string, string>> = { x86_64: 'x64', aarch64: 'arm64' };

function parseEnvironment(pairs: readonly string[]): Record<string, string | undefined> {
  const at = (pair: string) => pair.indexOf('=');
  return Object.fromEntries(
    pairs.filter((pair) => at(pair) > 0).map((pair) => [pair.slice(0, at(pair)), pair.slice(at(pair) + 1)]),
  );
}
