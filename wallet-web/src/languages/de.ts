/** The screen in German: every text, loaded when somebody wants it. */
import activity from '../views/activity/texts.de';
import asking from '../views/request/partnerTexts.de';
import change from '../views/grant/changeTexts.de';
import changes from '../views/request/changeTexts.de';
import complaint from '../views/rights/complaintTexts.de';
import components from '../components/texts.de';
import condition from '../views/condition/texts.de';
import grant from '../views/grant/texts.de';
import grants from '../views/grants/texts.de';
import home from '../views/home/texts.de';
import inbox from '../views/inbox/texts.de';
import life from '../views/grant/lifeTexts.de';
import loop from '../views/grant/loopTexts.de';
import moving from '../views/moving/texts.de';
import opening from '../views/opening/texts.de';
import partners from '../views/grant/partnerTexts.de';
import pairing from '../views/pairing/texts.de';
import passkeys from '../views/passkeys/texts.de';
import record from '../views/record/texts.de';
import recover from '../views/recover/texts.de';
import request from '../views/request/texts.de';
import rights from '../views/rights/texts.de';
import rotation from '../views/rotation/texts.de';
import settings from '../views/settings/texts.de';
import unlock from '../views/unlock/texts.de';
import welcome from '../views/welcome/texts.de';

export const texts = { activity, asking, change, changes, complaint, components, condition, grant, grants, home, inbox, life, loop, moving, opening, pairing, partners, passkeys, record, recover, request, rights, rotation, settings, unlock, welcome };
