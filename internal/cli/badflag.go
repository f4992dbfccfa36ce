package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"kadmium/store"
)

// badFlag says what was wrong with a flag.
func badFlag(err error) string {
	var bad *pflag.InvalidValueError
	if !errors.As(err, &bad) {
		return err.Error()
	}
	return fmt.Sprintf("--%s %q: %s", bad.GetFlag().Name, bad.GetValue(), wanted(bad.GetFlag(), bad.Unwrap()))
}

// wanted says what a flag's value looks like; err is why another was refused.
func wanted(f *pflag.Flag, err error) string {
	switch f.Value.Type() {
	case "bool":
		return "want true or false"
	case "int":
		return "want a whole number"
	case "uint64":
		return fmt.Sprintf("want a whole number from 0 to %d", uint64(store.MaxSequence))
	case "float64":
		return "want a number like 0.25"
	case "stringSlice":
		return "want values separated by commas; one with a comma or a quotation mark stands in quotation marks"
	case "duration":
		return "want a time like 90s or 2h30m"
	}
	return err.Error()
}
