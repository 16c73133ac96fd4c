import { said, type Worded } from '../../components/language.svelte';
import type { Difference } from '../../core/difference';
import * as english from './changeTexts.en';

export type Texts = Worded<typeof english>;
export const texts = said('changes', english);

/** One difference in plain words. */
export const inWords = (d: Difference): string => texts.one[d.kind](d.before, d.after, d.at);
