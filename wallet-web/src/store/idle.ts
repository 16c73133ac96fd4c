/** Locks after a time without the shopper. */

/** Minutes without a key, a pointer or a touch after which the vault locks. */
export const IDLE_MINUTES = 10;

const SIGNS = ['pointerdown', 'keydown', 'wheel', 'touchstart'] as const;

/**
 * Calls `lock` once after `minutes` of inactivity; returns a function that stops watching. A laptop that slept
 * fires its timer late, so the time is compared when the page comes back into view.
 */
export function watchIdle(lock: () => void, minutes = IDLE_MINUTES): () => void {
  const limit = minutes * 60_000;
  let last = Date.now();
  let timer: ReturnType<typeof setTimeout>;
  const check = () => {
    const left = last + limit - Date.now();
    clearTimeout(timer);
    if (left <= 0) {
      stop();
      lock();
    } else timer = setTimeout(check, left);
  };
  const active = () => {
    if (Date.now() - last >= limit) check();
    else last = Date.now();
  };
  const stop = () => {
    clearTimeout(timer);
    for (const sign of SIGNS) removeEventListener(sign, active, true);
    document.removeEventListener('visibilitychange', check);
  };
  for (const sign of SIGNS) addEventListener(sign, active, { capture: true, passive: true });
  document.addEventListener('visibilitychange', check);
  timer = setTimeout(check, limit);
  return stop;
}
