/** Deciding: grants prepared whole, confirmed by a passkey over the decision's hash, stored in one transaction. */
import { decide, startDecision, type Ends, type Give, type Outcome } from '../../api/decision';
import { isProblem } from '../../api/http';
import { b64u } from '../../core/bytes';
import { decisionChallenge, decisionText, newDecision } from '../../core/decision';
import { endReceipt, prepareGrants, withdrawEntry, type Choice, type PreparedGrant } from '../../core/grant';
import { systemRandom } from '../../core/random';
import type { Request } from '../../core/request';
import type { Share } from '../../core/share';
import type { Change } from '../../core/vault';
import { nowSeconds } from '../../components/dates';
import { confirmWithPasskey } from '../../passkey/ceremony';
import type { OpenVault } from '../../store/vault.svelte';
import { wallet } from '../../store/wallet.svelte';
import { catalogue } from '../catalogue';
import { documentsOf } from '../documents';
import { endsUnder } from '../grant/withdraw';
import { chainFor } from '../ledger';
import { presentationsOf, sharesOf, type Shown } from '../record/show';
import type { Replaced } from './replaced';

/** Why nothing was given, beyond what the operator or the passkey say. */
export class NotGiven extends Error {
  override name = 'NotGiven';
  constructor(readonly why: 'challenge' | 'ledger-changed' | 'conflict') {
    super(`nothing was given: ${why}`);
  }
}

/** What the shopper decided about a request. */
export interface Decided {
  choices: Choice[];
  /** Ids of refused purposes. */
  refused: string[];
  minor: boolean;
  /** Records that are shown, by purpose and attribute. */
  shown: Readonly<Record<string, Readonly<Record<string, Shown>>>>;
  /** Grants that end by it. */
  ended: Replaced[];
}

/** Refuses every purpose. No passkey: refusing is never harder than giving. */
export async function refuseAll(request: Request, minor: boolean): Promise<Outcome> {
  const decision = newDecision(request, { give: [], refuse: request.purposes.map((p) => p.id), minor }, nowSeconds(), systemRandom);
  return decide(decisionText(decision), null, [], []);
}

/** Gives what was chosen. When this returns the operator has stored all of it; anchoring may still be under way. */
export async function give(vault: OpenVault, request: Request, decided: Decided): Promise<Outcome> {
  const chain = await chainFor(vault);
  if (wallet.ledgerChange) throw new NotGiven('ledger-changed');
  const now = nowSeconds();
  const giver = { vaultKey: vault.key, identitySeed: vault.seed, chain, catalogue, documents: documentsOf(vault, decided.choices.flatMap((c) => c.attributes)) };
  const shown = await presentationsOf(vault, request, decided.shown, now);
  const later = (choice: Choice) => Object.keys(decided.shown[choice.purposeId] ?? {});
  const prepared = (await Promise.all(decided.choices.map((choice) => prepareGrants(request, choice, { ...giver, later: later(choice) }, now, systemRandom)))).flat();

  const answer = { give: prepared.map((p) => p.given), refuse: decided.refused, minor: decided.minor };
  const text = decisionText(newDecision(request, answer, now, systemRandom));
  const ends = await Promise.all(
    decided.ended.map(async ({ own, pause }): Promise<Ends> => {
      const partners = pause ? [] : await endsUnder(vault, own.grant, chain, now);
      return {
        grant: own.grant,
        entry: pause ? '' : withdrawEntry(own, vault.seed, chain, now),
        receipt: endReceipt(own, 'withdrawn', vault.seed, now, systemRandom, pause),
        ...(partners.length > 0 && { partners }),
      };
    }),
  );
  const confirmed = await confirm(text);
  try {
    return await vault.write(
      (): Change[] => [
        ...prepared.map((p): Change => ({ kind: 'put', id: vault.newDocument(), version: 1, plaintext: p.plaintext })),
        ...shown.map((s): Change => ({ kind: 'put', version: 1, ...s })),
      ],
      async (batch) => {
        const all = await Promise.all(prepared.map(async (p) => wireOf(p, await sharesOf(vault, p.plaintext, shown, batch))));
        return decide(text, confirmed, all, batch.puts, ends);
      },
    );
  } catch (error) {
    if (!isProblem(error, 'conflict')) throw error;
    await vault.reload();
    throw new NotGiven('conflict');
  }
}

/** A passkey's assertion over exactly this decision: the operator's challenge must be the decision's hash. */
async function confirm(text: string): Promise<{ ceremony: string; credential: unknown }> {
  const { public_key, ceremony } = await startDecision(text);
  if (public_key['challenge'] !== b64u(decisionChallenge(text))) throw new NotGiven('challenge');
  return { ceremony, credential: await confirmWithPasskey(public_key) };
}

function wireOf({ give: { grant, receipt, letter, shares, withdraw } }: PreparedGrant, more: readonly Share[]): Give {
  return {
    grant,
    receipt,
    letter,
    // The grant stands outside; its shares name it no second time.
    shares: [...shares, ...more].map(({ document, version, attribute, encrypted_key }) => ({ document, version, attribute, encrypted_key })),
    withdraw,
  };
}
