package behaviour

import "slices"

// valueCases are about records and provider entries.
func valueCases() []Case {
	return slices.Concat(storeCases(), limitCases(), holderCases(), providerCases())
}
