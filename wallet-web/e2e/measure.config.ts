// What `npm run measure` runs: the figures, which are no tests.
import base from '../playwright.config';

export default { ...base, testDir: '.', testMatch: 'measure.ts', outputDir: '../test-results/runs', use: { ...base.use, trace: 'off' as const } };
