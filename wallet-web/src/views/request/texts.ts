import { said, type Worded } from '../../components/language.svelte';
import * as english from './texts.en';

export type Texts = Worded<typeof english>;
export const texts = said('request', english);

export const refusalOf = (code: string): { title: string; text: string } => texts.refusals[code] ?? texts.refusals['malformed']!;
