// The layers of the wallet, held by lint (see ../README.md and src/core/FORMAT.md):
// views → components, store, api, passkey, core; store, api, passkey → core; core → nothing.
import { importX } from 'eslint-plugin-import-x';
import { createNodeResolver } from 'eslint-plugin-import-x';
import svelte from 'eslint-plugin-svelte';
import ts from 'typescript-eslint';

const layers = {
  core: [],
  store: ['core'],
  api: ['core'],
  passkey: ['core'],
  components: ['core'],
  views: ['components', 'store', 'api', 'passkey', 'core'],
};

// A layer may import itself and what it is allowed; the rest of src is not for it.
const zones = Object.entries(layers).map(([layer, allowed]) => ({
  target: `./src/${layer}`,
  from: './src',
  except: [layer, ...allowed].map((name) => `./${name}`),
  message: `${layer} may import only ${[layer, ...allowed].join(', ')}`,
}));

// What exists in a browser, or in Node, and not in core: core gets it as an argument.
const outside = [
  'window', 'document', 'navigator', 'location', 'history', 'fetch', 'XMLHttpRequest', 'WebSocket',
  'localStorage', 'sessionStorage', 'indexedDB', 'caches', 'self', 'process', 'Buffer', 'require',
  'setTimeout', 'setInterval', 'alert', 'confirm',
];

export default ts.config(
  { ignores: ['dist/', 'node_modules/', 'test-results/', 'playwright-report/'] },
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser } },
  },
  {
    files: ['src/**/*.ts', 'src/**/*.svelte'],
    plugins: { 'import-x': importX },
    settings: {
      'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts', '.js', '.svelte', '.json'] })],
    },
    rules: {
      'import-x/no-restricted-paths': ['error', { zones }],
      '@typescript-eslint/no-explicit-any': 'error',
    },
  },
  {
    files: ['src/core/**/*.ts'],
    ignores: ['**/*.{test,bench}.ts', 'src/core/testing/**'],
    rules: {
      'no-restricted-imports': ['error', {
        patterns: [{
          regex: '^(?!@noble/(curves|hashes)/|@scure/bip39|jose$|\\.)',
          message: 'core imports nothing but noble, scure, jose and itself',
        }],
      }],
      'no-restricted-globals': ['error', ...outside.map((name) => ({ name, message: 'core knows no DOM, no network and no process' }))],
      'no-restricted-properties': ['error',
        { object: 'Date', property: 'now', message: 'time is an argument' },
        { object: 'Math', property: 'random', message: 'randomness is an argument' },
        { object: 'crypto', property: 'getRandomValues', message: 'randomness is an argument' },
        { object: 'globalThis', property: 'fetch', message: 'core knows no network' },
        { object: 'globalThis', property: 'document', message: 'core knows no DOM' },
      ],
      'no-restricted-syntax': ['error', {
        selector: "NewExpression[callee.name='Date'][arguments.length=0]",
        message: 'time is an argument',
      }],
    },
  },
  {
    // Only the store keeps things, and never where a script of another page could read keys.
    files: ['src/{views,components,api,passkey}/**/*.{ts,svelte}', 'src/*.{ts,svelte}'],
    rules: {
      'no-restricted-globals': ['error', 'localStorage', 'sessionStorage', 'indexedDB'],
    },
  },
);
