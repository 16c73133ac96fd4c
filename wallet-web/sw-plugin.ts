// Emits /sw.js, which pins every built file by its hash, and /digests.txt, the same list for people (the format of
// sha256sum). Twin of listing() in embed.go: a Go test compares the two. Prints what the first paint costs.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Plugin, Rolldown } from 'vite';

const sum = (body: string | Uint8Array, as: 'hex' | 'base64') => createHash('sha256').update(body).digest(as);

/** Scripts of the first paint, gzip; the budget of design/architecture.md. */
const BUDGET = 60_000;

export function serviceWorker(): Plugin {
  return {
    name: 'coffer-service-worker',
    apply: 'build',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        const files = new Map<string, string | Uint8Array>();
        for (const f of Object.values(bundle)) files.set(f.fileName, f.type === 'chunk' ? f.code : f.source);
        for (const name of readdirSync('public')) if (!name.startsWith('.')) files.set(name, readFileSync(`public/${name}`));
        const names = [...files.keys()].sort(byBytes);

        const pinned = names.map((name) => [`/${name}`, `sha256-${sum(files.get(name)!, 'base64')}`]);
        const version = sum(JSON.stringify(pinned), 'hex').slice(0, 16);
        const worker = readFileSync('src/service-worker.js', 'utf8')
          .replace('__FILES__', JSON.stringify(pinned))
          .replace('__VERSION__', JSON.stringify(version));
        this.emitFile({ type: 'asset', fileName: 'sw.js', source: worker });

        files.set('sw.js', worker);
        const lines = [...files.keys()].sort(byBytes).map((name) => `${sum(files.get(name)!, 'hex')}  ${name}\n`);
        this.emitFile({ type: 'asset', fileName: 'digests.txt', source: lines.join('') });

        const first = firstPaint(bundle);
        const size = first.reduce((n, c) => n + gzipSync(c.code).length, 0);
        this.info(`first paint: ${(size / 1000).toFixed(1)} kB gzip of script in ${first.length} files (budget ${BUDGET / 1000} kB)`);
        if (size > BUDGET) this.error(`the first paint's scripts are over the budget of ${BUDGET} bytes gzip: import what is heavy lazily`);
      },
    },
  };
}

/** The order of Go's string comparison. */
function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The entry and everything it imports statically, plus the page it shows first. */
function firstPaint(bundle: Rolldown.OutputBundle): Rolldown.OutputChunk[] {
  const chunks = Object.values(bundle).filter((f): f is Rolldown.OutputChunk => f.type === 'chunk');
  const seen = new Set<Rolldown.OutputChunk>();
  const walk = (chunk: Rolldown.OutputChunk | undefined) => {
    if (!chunk || seen.has(chunk)) return;
    seen.add(chunk);
    for (const name of chunk.imports) walk(chunks.find((c) => c.fileName === name));
  };
  for (const chunk of chunks) {
    if (chunk.isEntry || chunk.facadeModuleId?.endsWith('/views/welcome/Welcome.svelte')) walk(chunk);
  }
  return [...seen];
}
