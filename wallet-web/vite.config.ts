import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { serviceWorker } from './sw-plugin';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  plugins: [svelte(), serviceWorker()],
  // The catalogue of attributes and purposes is Go's and ours: one file, see policies.
  resolve: { alias: { $policies: at('../policies') } },
  server: { fs: { allow: [at('.'), at('../policies')] } },
  // No inlined assets and no polyfill: the page's CSP knows 'self' only.
  build: {
    target: 'es2022',
    outDir: 'dist',
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    sourcemap: false,
  },
  // Generous: a property that takes 0.2 s alone takes long beside a full build.
  test: { include: ['{src,tools}/**/*.test.ts'], environment: 'node', testTimeout: 30_000 },
});
