// Reads the part of the operator's contract that pages speak to (JSON, from standard
// input) and writes its TypeScript types. Run by `npm run contract`, which checks and
// stores what comes out (../contract_test.go).
import { text } from 'node:stream/consumers';
import openapiTS, { astToString } from 'openapi-typescript';

const document = JSON.parse(await text(process.stdin));
process.stdout.write(astToString(await openapiTS(document, { alphabetize: true })));
