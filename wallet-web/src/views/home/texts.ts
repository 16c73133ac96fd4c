import type { ValueProblem } from '../../core/attributes';
import { said, type Worded } from '../../components/language.svelte';
import * as english from './texts.en';

export type Texts = Worded<typeof english>;
export const texts = said('home', english);

export const problemText = (problem: ValueProblem): string => texts.problems[problem.code];
