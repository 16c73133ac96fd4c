/**
 * The rules of policies/ once more, by Cedar's own validator: it is stricter than the Go one that loads them, which
 * lets a comparison of a time with a number pass, and a state that the schema does not have.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { validate } from '@cedar-policy/cedar-wasm/nodejs';
import { describe, expect, test } from 'vitest';

const at = (name: string) => new URL(`../../policies/${name}`, import.meta.url);
const text = (name: string) => readFileSync(at(name), 'utf8');
const files = readdirSync(at('')).filter((name) => name.endsWith('.cedar'));
const schema = text('coffer.cedarschema');

/** What the validator finds wrong, or not quite right. */
function findings(rules: string): string[] {
  const answer = validate({ schema, policies: { staticPolicies: rules } });
  if (answer.type === 'failure') return answer.errors.map((e) => e.message);
  const { validationErrors, validationWarnings, otherWarnings } = answer;
  return [...validationErrors.map((e) => e.error.message), ...validationWarnings.map((w) => w.error.message), ...otherWarnings.map((w) => w.message)];
}

const forbid = (condition: string, action = 'collect') =>
  `forbid (principal, action == Coffer::Action::"${action}", resource is Coffer::Grant) when { ${condition} };`;

test('the shipped rules are there', () => {
  expect(files).toEqual(['coffer.cedar', 'floor.cedar']);
});

test.each(files)('%s fits the schema, without a warning', (name) => {
  expect(findings(text(name))).toEqual([]);
});

test('so does what FORMAT.md shows to operators', () => {
  const shown = [...text('FORMAT.md').matchAll(/^```cedar\n(.*?)^```$/gms)].map((m) => m[1] ?? '');
  expect(shown.length).toBeGreaterThan(0);
  for (const rules of shown) expect(findings(rules)).toEqual([]);
});

describe('a planted fault is found', () => {
  test.each([
    ['none', forbid('resource.start <= context.now'), null],
    ['a time compared with a number', forbid('context.now < 5'), /datetime|Long|long/],
    ['hours compared with a duration', forbid('resource.weeklyCap < duration("1h")'), /duration|Long|long/],
    ['a state that is misspelt', forbid('resource.state == Coffer::State::"lvie"'), /lvie/],
    ['an action that is misspelt', forbid('true', 'colect'), /colect/],
    ['what may be absent, not asked for', forbid('context.recipients.contains("US")'), /recipients/],
    ['an attribute that nobody has', forbid('resource.colour == "red"'), /colour/],
    ['half a rule', 'forbid (principal', /unexpected|expected/],
  ])('%s', (_, rules, found) => {
    if (found === null) expect(findings(rules)).toEqual([]);
    else expect(findings(rules).join('\n')).toMatch(found);
  });
});
