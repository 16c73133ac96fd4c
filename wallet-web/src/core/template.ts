/** Templates: one version of what a business asks many shoppers in the same words. Twin of Go's consent/template.go. */
import { hashOf } from './bytes';
import type { Did } from './did';
import { verifyBusinessJws } from './jws';
import { checkController, checkPurposes, isTemplateVersion, termsFields, type Asked, type Request, type RequestRules } from './request';
import { nameForm, originOf, refuse, SKEW } from './rules';
import { int, object, parseJson, text, type Of } from './shape';

const MAX_PAYLOAD = 32 << 10;
const templateShape = object({ ...termsFields, template: text(MAX_PAYLOAD, 0), version: int(Number.MIN_SAFE_INTEGER) });

/** A verified template: its payload, and the hash of the exact signed string. */
export type Template = Omit<Of<typeof templateShape>, 'iss' | 'purposes'> & { iss: Did; purposes: Asked[]; hash: string };

/** Verifies the signature and every rule. Throws ParseError with the code of the rule. A template does not grow old. */
export async function verifyTemplate(jws: string, rules: RequestRules): Promise<Template> {
  const no = (code: string, path: string) => refuse('template', code, path);
  if (jws.length > 2 * MAX_PAYLOAD) no('malformed', '');
  const { did, payload } = await verifyBusinessJws('template', jws, 'coffer-template+jwt', rules.documents);
  if (payload.length > MAX_PAYLOAD) no('malformed', '');
  const t = parseJson('template', payload, templateShape);
  if (!nameForm.test(t.template) || !isTemplateVersion(t.version)) no('malformed', 'template');
  if (t.iss !== did) no('wrong-issuer', 'iss');
  if (originOf(t.aud) !== t.aud || t.aud !== rules.audience) no('wrong-audience', 'aud');
  if (t.iat <= 0) no('malformed', 'iat');
  if (rules.now !== null && t.iat > rules.now + SKEW) no('not-yet', 'iat');
  checkController(t);
  checkPurposes(t, rules.catalogue);
  return { ...t, hash: hashOf(jws) } as Template;
}

/** Holds a request against the template that it names: the same words, no purpose added or changed. */
export function checkRepeats(q: Request, t: Template): void {
  const no = (path: string) => refuse('request', 'wrong-template', path);
  if (q.template?.name !== t.template || q.template.version !== t.version || q.template.hash !== t.hash) no('template');
  for (const key of ['iss', 'controller', 'jurisdictions', 'language', 'notice_version'] as const) if (!same(q[key], t[key])) no(key);
  q.purposes.forEach((asked, i) => {
    if (!same(asked, t.purposes.find((p) => p.id === asked.id))) no(`purposes[${i}]`);
  });
}

/** Whether two parsed values are the same; the order of an object's keys is none of their meaning. */
function same(a: unknown, b: unknown): boolean {
  const sorted = (_: string, v: unknown) =>
    typeof v === 'object' && v !== null && !Array.isArray(v) ? Object.fromEntries(Object.entries(v).sort(([x], [y]) => (x < y ? -1 : 1))) : v;
  return JSON.stringify(a, sorted) === JSON.stringify(b, sorted);
}
