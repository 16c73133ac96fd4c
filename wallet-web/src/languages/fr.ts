/** The screen in French: every text, loaded when somebody wants it. */
import activity from '../views/activity/texts.fr';
import asking from '../views/request/partnerTexts.fr';
import change from '../views/grant/changeTexts.fr';
import changes from '../views/request/changeTexts.fr';
import complaint from '../views/rights/complaintTexts.fr';
import components from '../components/texts.fr';
import condition from '../views/condition/texts.fr';
import grant from '../views/grant/texts.fr';
import grants from '../views/grants/texts.fr';
import home from '../views/home/texts.fr';
import inbox from '../views/inbox/texts.fr';
import life from '../views/grant/lifeTexts.fr';
import loop from '../views/grant/loopTexts.fr';
import moving from '../views/moving/texts.fr';
import opening from '../views/opening/texts.fr';
import partners from '../views/grant/partnerTexts.fr';
import pairing from '../views/pairing/texts.fr';
import passkeys from '../views/passkeys/texts.fr';
import record from '../views/record/texts.fr';
import recover from '../views/recover/texts.fr';
import request from '../views/request/texts.fr';
import rights from '../views/rights/texts.fr';
import rotation from '../views/rotation/texts.fr';
import settings from '../views/settings/texts.fr';
import unlock from '../views/unlock/texts.fr';
import welcome from '../views/welcome/texts.fr';

export const texts = { activity, asking, change, changes, complaint, components, condition, grant, grants, home, inbox, life, loop, moving, opening, pairing, partners, passkeys, record, recover, request, rights, rotation, settings, unlock, welcome };
