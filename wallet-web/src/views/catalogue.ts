/** The catalogue that the operator's policies use too, built into the page. */
import catalogueJson from '$policies/catalogue.json';
import { parseCatalogue } from '../core/attributes';

export const catalogue = parseCatalogue(catalogueJson);

/** How an attribute is called on screen; its technical name if the catalogue does not know it. */
export const labelOf = (name: string): string => catalogue.attribute(name)?.label['en'] ?? name;

/** How a purpose is called on screen. */
export const purposeLabel = (iri: string): string => catalogue.purpose(iri)?.label['en'] ?? iri;
