package coffer

import (
	"coffer/consent"
	"coffer/consent/business"
)

// Template is one version of what you ask many shoppers in the same words; Registered
// says what a new version means for the grants that stand; Behind is a grant that the
// latest version asks materially more of, and Again a shopper who was asked for it.
type (
	Template        = consent.Template
	TemplateVersion = business.TemplateVersion
	Registered      = business.Registered
	Behind          = business.Behind
	Again           = business.Again
)

// Difference is one thing that two versions say differently.
type Difference = consent.Difference

// Replaces names grants of one shopper that a request is to take the place of.
type Replaces = consent.Replaces

// What becomes of grants that are replaced.
const (
	ReplaceMerge = consent.ReplaceMerge // what is given takes the place of the grants of its name; the others stay
	ReplaceAll   = consent.ReplaceAll   // nothing but what is given now is left
)

// ErrSameTemplate says that the latest version says the same already.
var ErrSameTemplate = business.ErrSameTemplate
