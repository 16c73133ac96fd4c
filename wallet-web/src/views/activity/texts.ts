import { said, type Worded } from '../../components/language.svelte';
import * as english from './texts.en';

export type Texts = Worded<typeof english>;
export const texts = said('activity', english);

export const reason = (code: string): string => texts.reasons[code] ?? texts.otherReason(code);
