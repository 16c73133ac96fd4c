import { said, type Worded } from '../../components/language.svelte';
import * as english from './texts.en';

export type Texts = Worded<typeof english>;
export const texts = said('moving', english);
