import { said, type Worded } from '../../components/language.svelte';
import * as english from './partnerTexts.en';

export type Texts = Worded<typeof english>;
export const texts = said('asking', english);

export const partnerRefusal = (code: string): { title: string; text: string } | undefined => texts.refusals[code];
