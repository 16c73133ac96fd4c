// A running Coffer and a sample shop: the real binaries on free ports, in a folder of their own.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const BIN = resolve(process.env['COFFER_BIN'] ?? '../bin');

export interface World {
  /** Origin of the operator, where the wallet is. */
  operator: string;
  /** Origin of Corner Shop. */
  shop: string;
  /** Everything that the operator wrote: name and bytes of each file, its log included. */
  written(): Promise<{ name: string; bytes: Buffer }[]>;
  /** What both programs said so far, for a test that failed. */
  logs(): string;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, 'localhost', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

interface Running {
  child: ChildProcess;
  log: () => string;
}

function run(program: string, args: string[]): Running {
  const path = join(BIN, program);
  if (!existsSync(path)) throw new Error(`${path} is missing; run: make binaries`);
  let log = '';
  const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (b: Buffer) => (log += b.toString()));
  return { child, log: () => log };
}

/** Runs the coffer command to its end. */
export async function coffer(...args: string[]): Promise<{ status: number | null; out: string }> {
  const running = run('coffer', args);
  const status = await new Promise<number | null>((done) => running.child.once('close', done));
  return { status, out: running.log() };
}

async function answers(url: string, running: Running): Promise<void> {
  const until = Date.now() + 20_000;
  while (Date.now() < until) {
    if (running.child.exitCode !== null) break;
    try {
      if ((await fetch(url)).ok) return;
    } catch {
      // not listening yet
    }
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`${url} does not answer\n${running.log()}`);
}

async function end({ child }: Running): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((done) => child.once('exit', done));
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await gone;
  clearTimeout(late);
}

export async function startWorld(): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'coffer-e2e-'));
  const [port, shopPort] = [await freePort(), await freePort()];
  const [operator, shop] = [`http://localhost:${port}`, `http://localhost:${shopPort}`];
  const data = join(folder, 'operator');
  const daemon = run('cofferd', ['serve', '--dev', '--data', data, '--listen', `localhost:${port}`, '--origin', operator]);
  const running = [daemon];
  const stop = async () => {
    for (const r of running.reverse()) await end(r);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await answers(`${operator}/ledger/v1/validators`, daemon);
    const store = run('coffer', ['shop', '--listen', `localhost:${shopPort}`, '--operator', operator, '--data', join(folder, 'shop')]);
    running.push(store);
    await answers(shop, store);
  } catch (error) {
    await stop();
    throw error;
  }
  const written = async () => {
    const files = (await readdir(data, { recursive: true, withFileTypes: true })).filter((f) => f.isFile());
    const all = await Promise.all(
      files.map(async (f) => {
        const name = join(f.parentPath, f.name);
        return { name, bytes: await readFile(name).catch(() => Buffer.alloc(0)) }; // a log may rotate meanwhile
      }),
    );
    return [...all, { name: 'log', bytes: Buffer.from(daemon.log()) }];
  };
  const logs = () => running.map((r) => r.log()).join('\n--\n');
  return { operator, shop, written, logs, stop };
}
