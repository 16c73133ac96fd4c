// The journey in a real browser against the real binaries. Debian's Chromium; CHROMIUM names another one.
import { defineConfig } from '@playwright/test';

/** A zone where it is noon now: whenever tests run, it is no quiet hour, in which no offer arrives. */
function noon(now: Date): string {
  const east = 12 - now.getUTCHours();
  return `Etc/GMT${east < 0 ? '+' : '-'}${Math.abs(east)}`; // POSIX counts westward
}

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results/runs',
  timeout: 120_000,
  expect: { timeout: 10_000 },
  fullyParallel: false,
  workers: 1, // each test starts an operator with a ledger of its own
  reporter: [['list']],
  forbidOnly: process.env['CI'] !== undefined,
  use: {
    browserName: 'chromium',
    headless: true,
    viewport: { width: 1100, height: 800 },
    locale: 'en-GB',
    timezoneId: noon(new Date()),
    colorScheme: 'light',
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
