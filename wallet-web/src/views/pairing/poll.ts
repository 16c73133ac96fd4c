/** Looks again and again until something is there, the page goes, or an error ends it. */
export interface Poll {
  stop(): void;
}

/** How often a device looks whether the other has come further, in ms. */
export const EVERY = 1000;

/** Calls `look` now and then `every` ms after it answered; `look` says whether to go on. */
export function poll(look: () => Promise<boolean>, failed: (error: unknown) => void, every = EVERY): Poll {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;
  const turn = async () => {
    try {
      if ((await look()) && !stopped) timer = setTimeout(() => void turn(), every);
    } catch (error) {
      if (!stopped) failed(error);
    }
  };
  void turn();
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
