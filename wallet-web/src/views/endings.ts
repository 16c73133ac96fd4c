/** How loading a page can end other than well. Every view's load names these, and every view renders them. */
import { Problem, Unparsed, Unreachable } from '../api/http';
import { problemText, texts } from '../components/texts';
import { CeremonyError } from '../passkey/ceremony';
import { Unsettled } from '../store/vault.svelte';

export type Ending =
  | { at: 'locked' }
  | { at: 'unreachable' }
  | { at: 'notFound' }
  /** An answer that does not parse; `where` says where, never what. */
  | { at: 'unreadable'; where: string }
  | { at: 'refused'; code: string };

/** The ending that an error means; errors of the page itself are thrown on. */
export function endingOf(error: unknown): Ending {
  if (error instanceof Unreachable) return { at: 'unreachable' };
  if (error instanceof Unparsed) return { at: 'unreadable', where: error.message };
  if (error instanceof Problem) {
    if (error.code === 'not-signed-in') return { at: 'locked' };
    if (error.code === 'not-found') return { at: 'notFound' };
    return { at: 'refused', code: error.code };
  }
  throw error;
}

/** Runs a load; what goes wrong becomes an ending. */
export async function load<T>(run: () => Promise<T>): Promise<T | Ending> {
  try {
    return await run();
  } catch (error) {
    return endingOf(error);
  }
}

/** One sentence for something that a button started and that did not work. */
export function explain(error: unknown): string {
  if (error instanceof CeremonyError) return texts.failures[error.failure] ?? texts.failures['unknown']!;
  if (error instanceof Unreachable) return texts.unreachable;
  if (error instanceof Unparsed) return texts.unparsed;
  if (error instanceof Problem) return problemText(error.code);
  if (error instanceof Unsettled) return texts.unsettled;
  return texts.unexplained;
}
