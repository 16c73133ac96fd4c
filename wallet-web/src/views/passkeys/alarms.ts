/** What a shopper is to be warned of after unlocking, until they say that it is fine. */
import type { Way } from '../../core/plaintext';
import type { PasskeyState } from '../../store/wallet.svelte';

export interface Alarm {
  id: string;
  warning: 'cloned' | 'backup';
}

export function alarmsOf(passkeys: readonly PasskeyState[], ways: readonly Way[]): Alarm[] {
  const known = new Map(ways.map((w) => [w.credential, w.known ?? []]));
  return passkeys.flatMap(({ id, cloned, backup_changed }) => {
    const alarms: Alarm[] = [];
    if (cloned) alarms.push({ id, warning: 'cloned' });
    if (backup_changed) alarms.push({ id, warning: 'backup' });
    return alarms.filter(({ warning }) => !known.get(id)?.includes(warning));
  });
}
