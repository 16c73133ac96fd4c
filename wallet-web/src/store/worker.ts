/** The service worker, which keeps the wallet's own files (not a single answer of the operator). */

interface Policies {
  createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): { createScriptURL(url: string): string };
}

/**
 * Registers it and calls `ready` when a newer wallet waits; `ready` gets a function that lets it take over and
 * reloads the page.
 */
export async function registerWorker(ready: (takeOver: () => void) => void): Promise<void> {
  if (!('serviceWorker' in navigator) || !import.meta.env.PROD) return;
  // The page's policy lets no script URL through but this one.
  const { trustedTypes } = window as unknown as { trustedTypes?: Policies };
  const url = trustedTypes
    ? trustedTypes
        .createPolicy('wallet-sw', {
          createScriptURL: (u) => {
            if (u !== '/sw.js') throw new TypeError('no other worker is registered here');
            return u;
          },
        })
        .createScriptURL('/sw.js')
    : '/sw.js';
  try {
    const registration = await navigator.serviceWorker.register(url, { scope: '/', updateViaCache: 'none' });
    const offer = (worker: ServiceWorker | null) => {
      // Without a controller this is the first visit: nothing is being replaced.
      if (!worker || !navigator.serviceWorker.controller) return;
      ready(() => {
        navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
        worker.postMessage('take-over');
      });
    };
    offer(registration.waiting);
    registration.addEventListener('updatefound', () => {
      const worker = registration.installing;
      worker?.addEventListener('statechange', () => worker.state === 'installed' && offer(worker));
    });
  } catch {
    // The wallet works without it, only not without a network.
  }
}
