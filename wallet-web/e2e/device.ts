// A shopper's device: one browser context with one authenticator, watched for errors.
import { expect, type Browser, type BrowserContextOptions, type CDPSession, type Page } from '@playwright/test';

export interface Device {
  page: Page;
  /** Swaps the authenticator: another phone or security key, empty, or with credentials it had before. */
  authenticator(kind: { prf: boolean }, credentials?: Credential[]): Promise<void>;
  credentials(): Promise<Credential[]>;
  /** Sets what the authenticator says of backups from now on, for the credentials that it has. */
  flags(of: { backupEligibility: boolean; backupState: boolean }): Promise<void>;
  /** Messages of the console and of the page that are errors; a test ends with none. */
  errors: string[];
  close(): Promise<void>;
}

type Credential = Record<string, unknown>;

/**
 * A device with an empty authenticator. `expected` are the errors that a test causes on purpose: a browser reports
 * every refused request in its console.
 */
export async function newDevice(browser: Browser, options: { prf?: boolean; context?: BrowserContextOptions; expected?: RegExp } = {}): Promise<Device> {
  const context = await browser.newContext(options.context);
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('console', (m) => m.type() === 'error' && !options.expected?.test(m.text()) && errors.push(m.text()));
  page.on('pageerror', (e) => errors.push(e.message));
  const cdp: CDPSession = await context.newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  let id = '';
  const authenticator = async ({ prf }: { prf: boolean }, credentials: Credential[] = []) => {
    if (id) await cdp.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId: id });
    const added = await cdp.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        ctap2Version: 'ctap2_1',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
        hasPrf: prf,
      },
    });
    id = added.authenticatorId;
    for (const credential of credentials) await cdp.send('WebAuthn.addCredential', { authenticatorId: id, credential: credential as never });
  };
  await authenticator({ prf: options.prf ?? true });
  return {
    page,
    authenticator,
    credentials: async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId: id })).credentials as unknown as Credential[],
    flags: async (of) => {
      const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId: id });
      for (const { credentialId } of credentials) await cdp.send('WebAuthn.setCredentialProperties', { authenticatorId: id, credentialId, ...of });
    },
    errors,
    close: async () => {
      await context.close();
      expect(errors, 'errors in the console').toEqual([]);
    },
  };
}
