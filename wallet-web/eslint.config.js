// The layers of the wallet, held by lint (see ../README.md and src/core/FORMAT.md):
// views → components, store, api, passkey, core; store, api, passkey → core; core → nothing.
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

// A layer may import itself and what it is allowed; the other folders of src are not
// for it, whether by import or by import().
const beyond = Object.entries(layers).map(([layer, allowed]) => {
  const others = Object.keys(layers).filter((name) => name !== layer && !allowed.includes(name)).join('|');
  return {
    layer,
    path: `^(\\.\\./)+(${others})(/|$)`,
    message: `${layer} may import only ${[layer, ...allowed].join(', ')}`,
  };
});
const [core, ...rest] = beyond;
const lazily = ({ path, message }) => ({ selector: `ImportExpression[source.value=/${path.replaceAll('/', '\\/')}/]`, message });

// What exists in a browser, or in Node, and not in core: core gets it as an argument.
const outside = [
  'window', 'document', 'navigator', 'location', 'history', 'fetch', 'XMLHttpRequest', 'WebSocket',
  'localStorage', 'sessionStorage', 'indexedDB', 'caches', 'self', 'process', 'Buffer', 'require',
  'setTimeout', 'setInterval', 'alert', 'confirm',
];

export default ts.config(
  { ignores: ['src/api/contract.ts', 'dist/', 'node_modules/', 'test-results/', 'playwright-report/'] },
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser } },
  },
  {
    files: ['src/**/*.ts', 'src/**/*.svelte'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
    },
  },
  ...rest.map((zone) => ({
    files: [`src/${zone.layer}/**/*.ts`, `src/${zone.layer}/**/*.svelte`],
    rules: {
      'no-restricted-imports': ['error', { patterns: [{ regex: zone.path, message: zone.message }] }],
      'no-restricted-syntax': ['error', lazily(zone)],
    },
  })),
  {
    files: ['src/core/**/*.ts'],
    ignores: ['**/*.{test,bench}.ts', 'src/core/testing/**'],
    rules: {
      'no-restricted-imports': ['error', {
        patterns: [{ regex: core.path, message: core.message }, {
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
      'no-restricted-syntax': ['error', lazily(core), {
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
