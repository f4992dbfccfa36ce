package command

import "kadmium/sim/attack"

// attacks are the values of --attack, which may be repeated, as one list.
type attacks struct{ text *string }

func (a attacks) String() string {
	if a.text == nil {
		return ""
	}
	return *a.text
}

func (a attacks) Set(text string) error {
	*a.text = attack.Append(*a.text, text)
	return nil
}

func (a attacks) Type() string { return "string" }
