import { said, type Worded } from './language.svelte';
import * as english from './texts.en';

export type Texts = Worded<typeof english>;
export const texts = said('components', english);

export const problemText = (code: string): string => texts.problems[code] ?? texts.problems['unexpected']!;
