/** The catalogue that the operator's policies use too, built into the page. */
import catalogueJson from '$policies/catalogue.json';
import { speech } from '../components/language.svelte';
import { parseCatalogue } from '../core/attributes';

export const catalogue = parseCatalogue(catalogueJson);

const inWords = (label: Readonly<Record<string, string>> | undefined): string | undefined => label?.[speech.now] ?? label?.['en'];

/** How an attribute is called on screen; its technical name if the catalogue does not know it. */
export const labelOf = (name: string): string => inWords(catalogue.attribute(name)?.label) ?? name;

/** How a purpose is called on screen. */
export const purposeLabel = (iri: string): string => inWords(catalogue.purpose(iri)?.label) ?? iri;
