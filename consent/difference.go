package consent

import (
	"maps"
	"slices"
	"strings"
)

// DifferenceKind says what differs between two requests, or two versions of a template.
// The set is closed; FORMAT.md says of each whether it is material.
type DifferenceKind string

const (
	DifferentController    DifferenceKind = "controller-changed" // its key or its name
	DifferentContact       DifferenceKind = "contact-changed"    // how to reach it, and where its notice stands
	DifferentLanguage      DifferenceKind = "language-changed"   // of the text that rules
	DifferentNoticeVersion DifferenceKind = "notice-version-changed"
	JurisdictionAdded      DifferenceKind = "jurisdiction-added"
	JurisdictionRemoved    DifferenceKind = "jurisdiction-removed"

	PurposeAdded      DifferenceKind = "purpose-added"
	PurposeRemoved    DifferenceKind = "purpose-removed"
	DifferentPurpose  DifferenceKind = "purpose-changed"
	DifferentBasis    DifferenceKind = "basis-changed"
	TextAdded         DifferenceKind = "text-added" // in another language
	TextRemoved       DifferenceKind = "text-removed"
	DifferentText     DifferenceKind = "text-changed"
	AttributeAdded    DifferenceKind = "attribute-added"
	AttributeRequired DifferenceKind = "attribute-required" // was optional
	AttributeOptional DifferenceKind = "attribute-optional" // was required
	AttributeRemoved  DifferenceKind = "attribute-removed"
	DaysLonger        DifferenceKind = "days-longer"
	DaysShorter       DifferenceKind = "days-shorter"
	RetentionLonger   DifferenceKind = "retention-longer"   // or not certainly shorter
	RetentionShorter  DifferenceKind = "retention-shorter"  // certainly
	RetentionRespelt  DifferenceKind = "retention-respelt"  // P12M instead of P1Y
	RecipientAdded    DifferenceKind = "recipient-added"    // a name in a country
	RecipientRemoved  DifferenceKind = "recipient-removed"  //
	CountryAdded      DifferenceKind = "country-added"      // in which no recipient was
	CountryRemoved    DifferenceKind = "country-removed"    // in which none is any more
	ChannelAdded      DifferenceKind = "channel-added"      //
	ChannelRemoved    DifferenceKind = "channel-removed"    //
	CapRaised         DifferenceKind = "weekly-cap-raised"  //
	CapLowered        DifferenceKind = "weekly-cap-lowered" //

	PartnerAdded            DifferenceKind = "partner-added"
	PartnerRemoved          DifferenceKind = "partner-removed"
	DifferentPartner        DifferenceKind = "partner-changed" // its name, its country, its role
	PartnerAttributeAdded   DifferenceKind = "partner-attribute-added"
	PartnerAttributeRemoved DifferenceKind = "partner-attribute-removed"
	ConditionAdded          DifferenceKind = "condition-added"    //
	ConditionDropped        DifferenceKind = "condition-dropped"  //
	ConditionLooser         DifferenceKind = "condition-looser"   // or not certainly stricter
	ConditionStricter       DifferenceKind = "condition-stricter" // a later date, fewer uses
)

// material are the kinds by which a business may do more than before, or somebody else
// may. What stands under the older terms does not cover them: the shopper is asked.
var material = []DifferenceKind{
	DifferentController, JurisdictionAdded, PurposeAdded, DifferentPurpose, DifferentBasis, AttributeAdded, AttributeRequired,
	DaysLonger, RetentionLonger, RecipientAdded, CountryAdded, ChannelAdded, CapRaised,
	PartnerAdded, DifferentPartner, PartnerAttributeAdded,
	ConditionDropped, ConditionLooser,
}

// Material reports whether such a difference needs the shopper's consent anew.
func (k DifferenceKind) Material() bool { return slices.Contains(material, k) }

// Difference is one thing that two requests say differently. At is its place:
// controller.name, or purposes.<id>.<key>. Before is empty for what was added, After for
// what was removed.
type Difference struct {
	Kind     DifferenceKind `json:"kind"`
	At       string         `json:"at"`
	Before   string         `json:"before"`
	After    string         `json:"after"`
	Material bool           `json:"material"`
}

// Purpose is the request's name for the purpose that differs; "" for what is said once
// for all of them.
func (d Difference) Purpose() string {
	if rest, ok := strings.CutPrefix(d.At, "purposes."); ok {
		name, _, _ := strings.Cut(rest, ".")
		return name
	}
	return ""
}

// IsMaterial reports whether any of the differences is.
func IsMaterial(all []Difference) bool {
	return slices.ContainsFunc(all, func(d Difference) bool { return d.Material })
}

// Only is the request with that one purpose: what a grant of it stands under. Without a
// purpose of that name none is left.
func (q Request) Only(purpose string) Request {
	q.Purposes = slices.DeleteFunc(slices.Clone(q.Purposes), func(a Asked) bool { return a.ID != purpose })
	return q
}

// Differences are what next says differently from old: about who asks, and about each
// purpose by its name. Order within lists is no difference, nor is what belongs to one
// request alone (its id, times, keys and addresses). None means the same terms; if none
// is material, next gives no right that old does not, for no longer, to nobody else.
func Differences(old, next Request) []Difference {
	d := differences{}
	d.word("iss", DifferentController, string(old.Iss), string(next.Iss))
	a, b := old.Controller, next.Controller
	d.word("controller.name", DifferentController, a.Name, b.Name)
	d.word("controller.address", DifferentContact, a.Address, b.Address)
	d.word("controller.contact", DifferentContact, a.Contact, b.Contact)
	d.word("controller.dpo", DifferentContact, a.DPO, b.DPO)
	d.word("controller.authority", DifferentContact, a.Authority, b.Authority)
	d.word("controller.privacy_notice", DifferentContact, a.PrivacyNotice, b.PrivacyNotice)
	d.word("controller.url", DifferentContact, a.URL, b.URL)
	d.set("jurisdictions", JurisdictionAdded, JurisdictionRemoved, old.Jurisdictions, next.Jurisdictions)
	d.word("language", DifferentLanguage, old.Language, next.Language)
	d.word("notice_version", DifferentNoticeVersion, old.NoticeVersion, next.NoticeVersion)
	for _, p := range next.Purposes {
		if before, ok := old.Purpose(p.ID); ok {
			d.purpose("purposes."+p.ID, before, p)
		} else {
			d.add("purposes."+p.ID, PurposeAdded, "", p.Purpose)
		}
	}
	for _, p := range old.Purposes {
		if _, ok := next.Purpose(p.ID); !ok {
			d.add("purposes."+p.ID, PurposeRemoved, p.Purpose, "")
		}
	}
	return d
}

type differences []Difference

func (d *differences) add(at string, k DifferenceKind, before, after string) {
	*d = append(*d, Difference{Kind: k, At: at, Before: before, After: after, Material: k.Material()})
}

func (d *differences) word(at string, k DifferenceKind, before, after string) {
	if before != after {
		d.add(at, k, before, after)
	}
}

func (d *differences) set(at string, added, removed DifferenceKind, before, after []string) {
	for i, s := range after {
		if !slices.Contains(before, s) && !slices.Contains(after[:i], s) {
			d.add(at, added, "", s)
		}
	}
	for i, s := range before {
		if !slices.Contains(after, s) && !slices.Contains(before[:i], s) {
			d.add(at, removed, s, "")
		}
	}
}

func (d *differences) texts(at string, before, after map[string]string) {
	for _, l := range slices.Sorted(maps.Keys(after)) {
		if was, ok := before[l]; !ok {
			d.add(at+"."+l, TextAdded, "", after[l])
		} else {
			d.word(at+"."+l, DifferentText, was, after[l])
		}
	}
	for _, l := range slices.Sorted(maps.Keys(before)) {
		if _, ok := after[l]; !ok {
			d.add(at+"."+l, TextRemoved, before[l], "")
		}
	}
}
